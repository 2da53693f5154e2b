import { join } from 'node:path'
import { decodeText } from '#shared/edits/text-file'
import type { FileSystem } from '#shared/host/host'

/** A file shown to the model as context. */
export interface ContextFile {
  path: string
  text: string
}

export interface RelevanceSource {
  root: string
  files: FileSystem
  /** Project files that ignore rules leave, relative paths. */
  listFiles(): Promise<readonly string[]>
  /** How often each file has one of these words; only files with at least one. */
  countWords(words: readonly string[]): Promise<ReadonlyMap<string, number>>
}

/** Characters per token, roughly, for source code. */
const CHARS_PER_TOKEN = 3.5
const MAX_WORDS = 20
const MAX_FILE_CHARS = 60_000

/**
 * The files a task is most likely about: those it names, then those whose paths and texts share its words, best first,
 * as many as fit into the budget. Named files are always included.
 *
 * @param budgetTokens estimated at 3.5 characters a token
 */
export async function relevantFiles(
  task: string,
  budgetTokens: number,
  source: RelevanceSource,
): Promise<ContextFile[]> {
  const all = await source.listFiles()
  const named = namedFiles(task, all)
  const words = searchWords(task)
  const counts = words.length === 0 ? new Map<string, number>() : await source.countWords(words)
  const ranked = rank(all, words, counts).filter(path => !named.includes(path))

  const chosen: ContextFile[] = []
  let leftChars = budgetTokens * CHARS_PER_TOKEN
  for (const path of [...named, ...ranked]) {
    const isNamed = named.includes(path)
    if (leftChars <= 0 && !isNamed) break
    const text = await readText(join(source.root, path), source.files)
    if (text === undefined || (!isNamed && text.length > leftChars)) continue
    chosen.push({ path, text })
    leftChars -= text.length
  }
  return chosen
}

/** Paths in the task that are files of the project, by full path or by a unique end of it. */
function namedFiles(task: string, all: readonly string[]): string[] {
  const tokens = task.split(/[\s"'`()<>,;]+/).map(token => token.replace(/^\.\//, '').replace(/[.:!?]+$/, ''))
  const found = tokens.flatMap(token => {
    if (!/[./]/.test(token)) return []
    if (all.includes(token)) return [token]
    const ends = all.filter(path => path.endsWith(`/${token}`))
    return ends.length === 1 ? ends : []
  })
  return [...new Set(found)]
}

/** Identifiers and content words; longer and rarer-looking ones first. */
function searchWords(task: string): string[] {
  const words = task.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu) ?? []
  const content = [...new Set(words)].filter(word => !COMMON_WORDS.has(word.toLowerCase()))
  const weight = (word: string) => word.length + (/[a-z][A-Z]|_|\d/.test(word) ? 10 : 0)
  return content.sort((a, b) => weight(b) - weight(a)).slice(0, MAX_WORDS)
}

function rank(all: readonly string[], words: readonly string[], counts: ReadonlyMap<string, number>): string[] {
  const lowered = words.map(word => word.toLowerCase())
  const scoreOf = (path: string) => {
    const inPath = lowered.filter(word => path.toLowerCase().includes(word)).length
    return inPath * 3 + Math.log2(1 + (counts.get(path) ?? 0))
  }
  return all
    .map(path => ({ path, score: scoreOf(path) }))
    .filter(entry => entry.score > 0)
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .map(entry => entry.path)
}

async function readText(path: string, files: FileSystem): Promise<string | undefined> {
  const bytes = await files.read(path, MAX_FILE_CHARS)
  if (!bytes.ok) return undefined
  return decodeText(bytes.value)?.text
}

const COMMON_WORDS = new Set(
  `the and for with from that this into when then than have has add make use all any not but its are was new old file
files code function functions method class should must can will please change update fix bug error test tests import
return value name create write read remove delete also like such only each some more most out our your you get set let
var const instead existing where which while about after before between`.split(/\s+/),
)
