import type { CodeIndex } from '#shared/code-index/code-index'
import type { ImportGraph } from '#shared/code-index/import-graph'
import { partsOf, stemOf } from './task-words'

/** How often a file has each stem. */
export type WordCounts = ReadonlyMap<string, ReadonlyMap<string, number>>

/** What one commit changed, newest first in a list. */
export interface PastChange {
  subject: string
  files: readonly string[]
}

export interface RankingInput {
  /** Every file that may be chosen. */
  paths: readonly string[]
  stems: readonly string[]
  counts: WordCounts
  /** Files the task names. */
  named: readonly string[]
  history: readonly PastChange[]
  index: CodeIndex
  graph: ImportGraph
}

export interface RankedFile {
  path: string
  score: number
  /** Best first, for people. */
  reasons: string[]
  isEntry: boolean
}

/** Files that stand for the task where it names none. */
const ASSUMED_ENTRIES = 2
/** A commit with more files says little about any two of them. */
const MOST_FILES_IN_CHANGE = 60
/** Files with more importers are used everywhere: an edit of theirs rarely follows. */
const USUAL_IMPORTERS = 6

/** How much each kind of evidence counts. Chosen by `npm run bench:plan`. */
const WEIGHTS = {
  words: 1,
  imports: 0.7,
  importedBy: 0.7,
  changedTogether: 1.6,
  similarTasks: 0.7,
  namesake: 0.9,
  sharedNames: 0.8,
  sameFolder: 0.25,
} as const

type Evidence = keyof typeof WEIGHTS

/** Which files a task is most likely about, best first; files with nothing in their favour are left out. */
export async function rankFiles(input: RankingInput): Promise<RankedFile[]> {
  const board = new ScoreBoard(input.paths)
  const words = wordScores(input)
  const entries =
    input.named.length > 0 ? input.named : best(words, ASSUMED_ENTRIES).filter(path => (words.get(path) ?? 0) > 0)
  board.add('words', words, () => 'has words of the task')
  board.add('similarTasks', similarTasks(input), () => 'changed in commits of similar subjects')
  for (const entry of entries) {
    const strength = input.named.length > 0 ? 1 : 0.5
    const by = (text: string) => () => `${text} ${entry}`
    board.add('imports', evenly(await input.graph.importsOf(entry), strength), by('imported by'))
    board.add('importedBy', evenly(await input.graph.importersOf(entry), strength), by('imports'))
    board.add('changedTogether', scaled(changedTogether(entry, input.history), strength), by('often changed with'))
    board.add('namesake', scaled(namesakes(entry, input.paths), strength), by('is named like'))
    board.add('sharedNames', scaled(sharedNames(entry, input), strength), by('shares rare names with'))
    board.add('sameFolder', scaled(neighbours(entry, input.paths), strength), by('is beside'))
  }
  return board.ranked(input.named, entries)
}

/** Adds up evidence, each kind scaled so that its strongest case is 1. */
class ScoreBoard {
  readonly #paths: ReadonlySet<string>
  readonly #byFile = new Map<string, { score: number; reasons: Map<string, number> }>()

  constructor(paths: readonly string[]) {
    this.#paths = new Set(paths)
  }

  add(kind: Evidence, scores: ReadonlyMap<string, number>, reasonFor: (path: string) => string): void {
    const most = kind === 'words' || kind === 'similarTasks' ? Math.max(0, ...scores.values()) : 1
    if (most === 0) return
    for (const [path, score] of scores) {
      if (score <= 0 || !this.#paths.has(path)) continue
      const worth = (WEIGHTS[kind] * score) / most
      const known = this.#byFile.get(path) ?? { score: 0, reasons: new Map() }
      known.score += worth
      known.reasons.set(reasonFor(path), worth)
      this.#byFile.set(path, known)
    }
  }

  ranked(named: readonly string[], entries: readonly string[]): RankedFile[] {
    const others = [...this.#byFile]
      .filter(([path]) => !named.includes(path))
      .map(([path, { score, reasons }]): RankedFile => {
        const sorted = [...reasons].sort((a, b) => b[1] - a[1]).map(([reason]) => reason)
        return { path, score: rounded(score), reasons: sorted.slice(0, 3), isEntry: entries.includes(path) }
      })
      .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    const top = (others[0]?.score ?? 0) + 1
    const first = named.map(path => ({ path, score: rounded(top), reasons: ['named in the task'], isEntry: true }))
    return [...first, ...others]
  }
}

/** BM25 over stems in the text, and stems in the path. */
function wordScores({ paths, stems, counts }: RankingInput): Map<string, number> {
  const inPath = new Map(paths.map(path => [path, stems.filter(stem => path.toLowerCase().includes(stem))]))
  const scores = new Map<string, number>()
  const known = new Set(paths)
  for (const stem of stems) {
    const inText = [...counts].filter(([path, found]) => known.has(path) && found.has(stem))
    const rarityInText = rarity(inText.length, paths.length)
    for (const [path, found] of inText) {
      const count = found.get(stem) ?? 0
      scores.set(path, (scores.get(path) ?? 0) + (rarityInText * count) / (count + 2))
    }
    const withPath = paths.filter(path => inPath.get(path)?.includes(stem))
    const rarityInPath = rarity(withPath.length, paths.length)
    for (const path of withPath) scores.set(path, (scores.get(path) ?? 0) + rarityInPath)
  }
  return scores
}

/** Files of commits whose subjects share rare words with the task; what changes all the time counts little. */
function similarTasks({ stems, history }: RankingInput): Map<string, number> {
  const subjects = history.map(change => new Set(partsOf(change.subject).map(stemOf)))
  const rarityOf = new Map(
    stems.map(stem => [stem, rarity(subjects.filter(words => words.has(stem)).length, subjects.length)]),
  )
  const scores = new Map<string, number>()
  history.forEach((change, at) => {
    if (change.files.length > MOST_FILES_IN_CHANGE) return
    const likeness = stems.reduce((sum, stem) => sum + (subjects[at]?.has(stem) ? (rarityOf.get(stem) ?? 0) : 0), 0)
    if (likeness === 0) return
    for (const path of change.files) {
      scores.set(path, (scores.get(path) ?? 0) + likeness / Math.sqrt(change.files.length))
    }
  })
  return scores
}

/** How often a file changed when the entry did; small commits count more. */
function changedTogether(entry: string, history: readonly PastChange[]): Map<string, number> {
  const scores = new Map<string, number>()
  let all = 0
  for (const { files } of history) {
    if (files.length > MOST_FILES_IN_CHANGE || !files.includes(entry)) continue
    const weight = 1 / Math.log2(2 + files.length)
    all += weight
    for (const path of files) if (path !== entry) scores.set(path, (scores.get(path) ?? 0) + weight)
  }
  // One commit together is a hint, three are a habit.
  return new Map([...scores].map(([path, score]) => [path, score / (all + 0.5)]))
}

/** Tests, types and documents of a file: `a/read.ts`, `test/a/read.test.ts`, `docs/read.md`. */
function namesakes(entry: string, paths: readonly string[]): Map<string, number> {
  const wanted = stemName(entry)
  const scores = new Map<string, number>()
  if (wanted.length < 3 || PLAIN_NAMES.has(wanted)) return scores
  for (const path of paths) {
    if (path === entry) continue
    const name = stemName(path)
    if (name === wanted) scores.set(path, 1)
    else if (name.startsWith(wanted) || wanted.startsWith(name)) scores.set(path, name.length >= 4 ? 0.4 : 0)
  }
  return scores
}

/** A file's name without its ending and without what says that it is a test. */
function stemName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  return name.replace(/\..*$/, '').replace(/^test[_-]|[_-](?:test|spec)s?$/g, '')
}

const PLAIN_NAMES = new Set(['index', 'main', 'mod', 'lib', 'types', 'util', 'utils', '__init__', 'readme', 'setup'])

/** Files that use names which few files use. */
function sharedNames(entry: string, { index, paths }: RankingInput): Map<string, number> {
  const own = index.file(entry)?.names
  const scores = new Map<string, number>()
  if (!own) return scores
  const placeOf = placesOf(own)
  const users = Array.from(own, (): string[] => [])
  for (const path of paths) {
    const names = path === entry ? undefined : index.file(path)?.names
    if (!names) continue
    for (const place of commonPlaces(placeOf, own, names)) {
      if (users[place]!.length <= MOST_USERS_OF_RARE_NAME) users[place]!.push(path)
    }
  }
  for (const each of users) {
    if (each.length > MOST_USERS_OF_RARE_NAME) continue
    for (const path of each) scores.set(path, (scores.get(path) ?? 0) + 1 / each.length)
  }
  const most = Math.max(0, ...scores.values())
  return most === 0 ? new Map() : new Map([...scores].map(([path, score]) => [path, score / Math.max(most, 2)]))
}

const MOST_USERS_OF_RARE_NAME = 12

/** A table of places by value; one is found by going on from where its last bits lead. 0 is no place: they count from 1. */
function placesOf(values: Uint32Array): Uint32Array {
  const table = new Uint32Array(2 ** Math.ceil(Math.log2(values.length + 1) + 3))
  values.forEach((value, place) => {
    let at = value & (table.length - 1)
    while (table[at] !== 0) at = (at + 1) & (table.length - 1)
    table[at] = place + 1
  })
  return table
}

/** Places in the first of two lists whose values are in the second too. */
function commonPlaces(placeOf: Uint32Array, own: Uint32Array, other: Uint32Array): number[] {
  const mask = placeOf.length - 1
  const places: number[] = []
  for (let index = 0; index < other.length; index++) {
    const value = other[index]!
    for (let at = value & mask; placeOf[at] !== 0; at = (at + 1) & mask) {
      const place = placeOf[at]! - 1
      if (own[place] !== value) continue
      places.push(place)
      break
    }
  }
  return places
}

function neighbours(entry: string, paths: readonly string[]): Map<string, number> {
  const folder = entry.slice(0, entry.lastIndexOf('/') + 1)
  const beside = paths.filter(
    path => path !== entry && path.startsWith(folder) && !path.slice(folder.length).includes('/'),
  )
  return new Map(beside.map(path => [path, 1 / (1 + Math.log2(1 + beside.length / 8))]))
}

function evenly(paths: readonly string[], strength: number): Map<string, number> {
  const each = strength / (1 + Math.log2(1 + paths.length / USUAL_IMPORTERS))
  return new Map(paths.map(path => [path, each]))
}

function scaled(scores: ReadonlyMap<string, number>, strength: number): Map<string, number> {
  return new Map([...scores].map(([path, score]) => [path, score * strength]))
}

function best(scores: ReadonlyMap<string, number>, count: number): string[] {
  return [...scores]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, count)
    .map(([path]) => path)
}

function rarity(having: number, all: number): number {
  return Math.log(1 + (all - having + 0.5) / (having + 0.5))
}

function rounded(score: number): number {
  return Math.round(score * 1000) / 1000
}
