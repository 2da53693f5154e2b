import type { FileSystem, Processes } from '#shared/host/host'
import { SAFE_GIT } from '#shared/host/safe-git'
import { listProjectFiles, ripgrep } from '#shared/tools/support/ripgrep'
import type { PlanProject, PlanSource } from '../plan'
import type { PastChange, WordCounts } from './plan-ranking'

/** Counts a word at most in so many lines of one file; more says nothing more. */
const MAX_LINES = 30
const HISTORY_COMMITS = 500
const GIT_TIMEOUT_MS = 10_000

export interface PlanSurroundings {
  root: string
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}

/** Words by ripgrep, history by git, the rest by the code index. Where a program is missing, its evidence is. */
export function planSource(around: PlanSurroundings, open: () => Promise<PlanProject>): PlanSource {
  const { root, signal } = around
  return {
    root,
    open,
    async listFiles() {
      const listed = await listProjectFiles(root, ['!.git'], around, signal)
      return listed.ok ? listed.value : [...(await open()).index.paths]
    },
    countWords: words => countWords(words, around),
    history: () => readHistory(around),
  }
}

async function countWords(stems: readonly string[], around: PlanSurroundings): Promise<WordCounts> {
  const counts = new Map<string, Map<string, number>>()
  if (stems.length === 0) return counts
  const options = '--only-matching --no-line-number --heading --null --fixed-strings --ignore-case --no-require-git'
  const args = [...options.split(' '), '--max-count', String(MAX_LINES), ...stems.flatMap(stem => ['--regexp', stem])]
  const output = await ripgrep([...args, './'], around.root, around, around.signal)
  if (!output.ok) return counts
  for (const ofFile of output.value.split('\n\n')) {
    const end = ofFile.indexOf('\0')
    if (end === -1) continue
    const found = new Map<string, number>()
    const words = ofFile.slice(end + 1).toLowerCase()
    for (const word of words.trimEnd().split('\n')) found.set(word, (found.get(word) ?? 0) + 1)
    counts.set(ofFile.slice(ofFile.startsWith('./') ? 2 : 0, end), found)
  }
  return counts
}

async function readHistory({ root, processes, env, signal }: PlanSurroundings): Promise<PastChange[]> {
  const args = ['log', '--no-merges', '--no-renames', '--name-only', '--relative', '-n', String(HISTORY_COMMITS)]
  const ended = await processes.run({
    program: 'git',
    args: [...SAFE_GIT, ...args, '--format=%x01%s', '-z'],
    cwd: root,
    env: { PATH: env.PATH ?? '', LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1' },
    timeoutMs: GIT_TIMEOUT_MS,
    maxOutputBytes: 16_000_000,
    signal,
  })
  if (!ended.ok || ended.value.exitCode !== 0) return []
  return ended.value.stdout
    .split('\x01')
    .slice(1)
    .map(entry => {
      const [subject = '', ...files] = entry.split('\0').map(field => field.replace(/^\n/, ''))
      return { subject, files: files.filter(path => path !== '') }
    })
}
