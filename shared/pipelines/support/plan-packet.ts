import { countTokens } from '#shared/base/tokens'
import type { PlannedFile, PlannedSymbol, SymbolKind } from './plan-files'
import { fileId, type GraphEdge } from './plan-graph'
import { partsOf, stemOf } from './task-words'

/** What `kode plan --packet` prints, and what generate, run and loop show the model. Source: spec/kode.md §14.5. */
export interface ContextPacket {
  schema_version: 1
  task: string
  max_tokens: number
  /** Of this packet as compact JSON. */
  total_tokens: number
  files: PacketEntry[]
  edges: GraphEdge[]
}

/** A file, or a declaration of it; best first, declarations after their file. */
export interface PacketEntry {
  path: string
  kind: 'file' | SymbolKind
  /** With its container: `Reader.next`; absent for a file. */
  name?: string
  /** Of a file: the declarations whose text is not here, one line each. */
  signature?: string
  /** Text of the project, exactly; of a file: all of it. */
  content?: string
  /** From 1, both included. */
  start_line?: number
  end_line?: number
  /** Of a file: why it is here. */
  reasons?: string[]
}

/** Shares of the budget: the files the task is about, those close to them, links; the rest goes to outlines. */
const ENTRY_SHARE = 0.4
const CLOSE_SHARE = 0.07
const CLOSE_FILES = 5
const EDGE_SHARE = 0.05
/** For a file further down the list: what it declares, by name. */
const OUTLINE_TOKENS = 70
const CLOSE_OUTLINE_TOKENS = 200
const ENTRY_OUTLINE_TOKENS = 500
const JSON_OVERHEAD_TOKENS = 40
const LEAST_OUTLINE_TOKENS = 20

/** As much as fits into the budget, best first; what does not fit is left out, never an error. */
export function packetOf(
  task: string,
  files: readonly PlannedFile[],
  links: readonly GraphEdge[],
  stems: readonly string[],
  maxTokens: number,
): ContextPacket {
  const budget = Math.max(0, maxTokens - JSON_OVERHEAD_TOKENS - countTokens(task))
  const edgeBudget = Math.floor(budget * EDGE_SHARE)
  const entryCount = Math.max(1, files.filter(file => file.isEntry).length)
  const usedByEntries = files.filter(file => file.isEntry).map(namesUsedIn)
  const chosen: PacketEntry[] = []
  let left = budget - edgeBudget
  let carried = 0
  files.forEach((file, at) => {
    const share = file.isEntry
      ? (budget * ENTRY_SHARE) / entryCount
      : at < entryCount + CLOSE_FILES
        ? budget * CLOSE_SHARE
        : OUTLINE_TOKENS
    const quota = Math.min(left, Math.floor(share) + carried)
    if (quota < LEAST_OUTLINE_TOKENS) return
    const { entries, cost } = excerptsOf(file, stems, usedByEntries, quota)
    if (cost > left) return
    chosen.push(...entries)
    left -= cost
    // What a file leaves of its share goes to the next close one, not to the long tail.
    carried = at < entryCount + CLOSE_FILES - 1 ? Math.max(0, quota - cost) : 0
  })
  const edges = edgesWithin(chosen, links, edgeBudget)
  const packet = { schema_version: 1 as const, task, max_tokens: maxTokens, total_tokens: 0, files: chosen, edges }
  return { ...packet, total_tokens: countTokens(JSON.stringify(packet)) }
}

/** A packet as a model reads it. */
export function packetText({ files }: ContextPacket): string {
  if (files.length === 0) return 'The project has no files that match the task.'
  const blocks: string[] = []
  for (const file of files.filter(entry => entry.kind === 'file')) {
    const parts = files.filter(entry => entry.kind !== 'file' && entry.path === file.path)
    if (file.content !== undefined) {
      blocks.push(`<file path="${file.path}">\n${file.content}\n</file>`)
      continue
    }
    const excerpts = parts.map(
      part => `[lines ${part.start_line} to ${part.end_line}]\n${part.content ?? part.signature}`,
    )
    const outline = file.signature ? [`[also declares]\n${file.signature}`] : []
    blocks.push(`<file path="${file.path}" shown="in part">\n${[...excerpts, ...outline].join('\n\n')}\n</file>`)
  }
  return blocks.join('\n\n')
}

interface Excerpts {
  entries: PacketEntry[]
  /** In tokens. */
  cost: number
}

function excerptsOf(
  file: PlannedFile,
  stems: readonly string[],
  usedByEntries: readonly ReadonlySet<string>[],
  quota: number,
): Excerpts {
  const head: PacketEntry = { path: file.path, kind: 'file', reasons: file.reasons.slice(0, file.isEntry ? 3 : 1) }
  const whole: PacketEntry = { ...head, content: file.text }
  const wholeCost = mayFit(file.text, quota) ? tokensOf(whole) : Number.POSITIVE_INFINITY
  if (wholeCost <= quota) return { entries: [whole], cost: wholeCost }
  if (file.symbols.length === 0) {
    const top = withLines(head, file, stems, quota)
    return { entries: [top], cost: tokensOf(top) }
  }

  const ranked = file.symbols
    .map(symbol => ({ symbol, score: relevance(symbol, stems, file.isEntry ? [] : usedByEntries) }))
    .sort((a, b) => b.score - a.score || a.symbol.startLine - b.symbol.startLine)
    .map(({ symbol }) => symbol)
  const outlineMost = file.isEntry
    ? ENTRY_OUTLINE_TOKENS
    : quota > OUTLINE_TOKENS
      ? CLOSE_OUTLINE_TOKENS
      : OUTLINE_TOKENS
  const outlineQuota = Math.min(outlineMost, quota)
  const shown: PlannedSymbol[] = []
  let cost = 0
  const room = quota - tokensOf(head) - outlineQuota
  for (const symbol of ranked) {
    if (!mayFit(symbol.text, room - cost) || shown.some(other => overlap(other, symbol))) continue
    const more = tokensOf(symbolEntry(symbol))
    if (more > room - cost) continue
    shown.push(symbol)
    cost += more
  }
  const hidden = ranked.filter(
    symbol => !shown.some(other => overlap(other, symbol) && other !== symbol) && !shown.includes(symbol),
  )
  const outline = outlineOf(hidden, outlineQuota - tokensOf(head))
  const top = outline === '' ? head : { ...head, signature: outline }
  const parts = shown.sort((a, b) => a.startLine - b.startLine).map(symbolEntry)
  return { entries: [top, ...parts], cost: cost + tokensOf(top) }
}

/** Longer texts are not worth the counting. */
function mayFit(text: string, tokens: number): boolean {
  return text.length < tokens * 6
}

/** A text without declarations, such as a document: its lines around the words of the task, else its beginning. */
function withLines(head: PacketEntry, file: PlannedFile, stems: readonly string[], quota: number): PacketEntry {
  const lines = file.text.split(/\r?\n/)
  const hit = lines.findIndex(line => stems.some(stem => line.toLowerCase().includes(stem)))
  const first = Math.max(0, hit - 2)
  const budget = quota - tokensOf(head) - 5
  const kept: string[] = []
  let used = 0
  for (const line of lines.slice(first)) {
    used += countTokens(line) + 1
    if (used > budget) break
    kept.push(line)
  }
  return kept.length === 0 ? head : { ...head, signature: kept.join('\n') }
}

function namesUsedIn(file: PlannedFile): ReadonlySet<string> {
  return new Set(file.symbols.flatMap(symbol => [...symbol.uses]))
}

/** How much a declaration has to do with the task: its name, its text, and how many of the task's files use it. */
function relevance(
  symbol: PlannedSymbol,
  stems: readonly string[],
  usedByEntries: readonly ReadonlySet<string>[],
): number {
  const nameStems = new Set(partsOf(symbol.name).map(stemOf))
  const text = symbol.text.toLowerCase()
  const byWords = stems.reduce(
    (sum, stem, at) => sum + ((nameStems.has(stem) ? 4 : 0) + (text.includes(stem) ? 1 : 0)) / (1 + at / 4),
    0,
  )
  const name = symbol.name.slice(symbol.name.lastIndexOf('.') + 1)
  return byWords + usedByEntries.filter(names => names.has(name)).length * 3
}

function outlineOf(symbols: readonly PlannedSymbol[], quota: number): string {
  const lines: string[] = []
  let used = 0
  for (const symbol of symbols) {
    const line = symbol.signature.length > 160 ? `${symbol.signature.slice(0, 157)}...` : symbol.signature
    used += countTokens(line) + 1
    if (used > quota) break
    lines.push(line)
  }
  return lines.join('\n')
}

function symbolEntry({ path, kind, name, signature, text, startLine, endLine }: PlannedSymbol): PacketEntry {
  return { path, kind, name, signature, content: text, start_line: startLine, end_line: endLine }
}

/** A method inside its class is the same text. */
function overlap(a: PlannedSymbol, b: PlannedSymbol): boolean {
  return a.startLine <= b.endLine && b.startLine <= a.endLine
}

function edgesWithin(entries: readonly PacketEntry[], links: readonly GraphEdge[], budget: number): GraphEdge[] {
  const ids = new Set(
    entries.map(({ path, kind, name }) => (kind === 'file' ? fileId(path) : `${path}:${kind}:${name}`)),
  )
  const edges: GraphEdge[] = []
  let left = budget
  for (const edge of links) {
    if (!ids.has(edge.source) || !ids.has(edge.target)) continue
    left -= countTokens(JSON.stringify(edge))
    if (left < 0) break
    edges.push(edge)
  }
  return edges
}

function tokensOf(entry: PacketEntry): number {
  return countTokens(JSON.stringify(entry)) + 1
}
