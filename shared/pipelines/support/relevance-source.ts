import type { RelevanceSource } from '#shared/context/relevant-files'
import type { FileSystem, Processes } from '#shared/host/host'
import { listProjectFiles, ripgrep } from '#shared/tools/support/ripgrep'

/** Counts a word at most this often in one file; more says nothing more. */
const MAX_COUNT = 20

/** Project files and word counts by ripgrep. Where it is missing there is no ranking, only files that the task names. */
export function relevanceSource(context: {
  root: string
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}): RelevanceSource {
  const { root, files, signal } = context
  return {
    root,
    files,
    async listFiles() {
      const listed = await listProjectFiles(root, ['!.git'], context, signal)
      return listed.ok ? listed.value : []
    },
    async countWords(words) {
      const counts = new Map<string, number>()
      const patterns = words.flatMap(word => ['--regexp', word])
      const args = [
        '--count-matches',
        '--null',
        '--with-filename',
        '--fixed-strings',
        '--ignore-case',
        '--no-require-git',
      ]
      const output = await ripgrep([...args, ...patterns, './'], root, context, signal)
      if (!output.ok) return counts
      for (const line of output.value.split('\n')) {
        const [path, count] = line.split('\0')
        if (path && count) counts.set(path.replace(/^\.\//, ''), Math.min(MAX_COUNT, Number(count)))
      }
      return counts
    },
  }
}
