import type { ImportGraph } from '#shared/code-index/import-graph'
import type { CallFact, DeclarationFact, FileFacts } from '#shared/languages/language'
import type { ProjectView } from '#shared/languages/project-view'
import type { RankedFile } from './plan-ranking'

/** What a packet or graph calls a declaration. Source: spec/kode.md, appendix A.5. */
export type SymbolKind = 'function' | 'method' | 'struct' | 'interface'

/** A chosen file as it is, with what it declares. */
export interface PlannedFile extends RankedFile {
  text: string
  symbols: readonly PlannedSymbol[]
  /** What it imports: the project's files, and the names of what lies outside. */
  imports: readonly { path: string }[]
  externals: readonly string[]
}

export interface PlannedSymbol {
  id: string
  path: string
  kind: SymbolKind
  /** As its language has it, such as `enum`. */
  declaredAs: DeclarationFact['kind']
  /** With its container: `Reader.next`. */
  name: string
  signature: string
  /** From 1, both included. */
  startLine: number
  endLine: number
  /** Whole lines. */
  text: string
  uses: ReadonlySet<string>
  /** Names of the functions it calls. */
  calls: ReadonlySet<string>
  container?: string
}

const KINDS: Readonly<Record<DeclarationFact['kind'], SymbolKind>> = {
  function: 'function',
  method: 'method',
  interface: 'interface',
  class: 'struct',
  type: 'struct',
  enum: 'struct',
  variable: 'struct',
  module: 'struct',
  field: 'struct',
}

/** Reads a ranked file; undefined when it is no text. */
export async function readPlannedFile(
  ranked: RankedFile,
  project: ProjectView,
  graph: ImportGraph,
): Promise<PlannedFile | undefined> {
  const text = await project.read(ranked.path)
  if (text === undefined) return undefined
  const source = await graph.read(ranked.path)
  const facts = source && (await source.code.factsOf(source.source))
  if (facts?.kind !== 'facts') return { ...ranked, text, symbols: [], imports: [], externals: [] }
  const imports = new Set<string>()
  const externals = new Set<string>()
  for (const { imported } of facts.imports) {
    const targets = await graph.targetsOf(imported, ranked.path)
    if (targets.length === 0) externals.add(imported)
    for (const target of targets) if (target !== ranked.path) imports.add(target)
  }
  return {
    ...ranked,
    text,
    symbols: symbolsOf(ranked.path, text, facts),
    imports: [...imports].map(path => ({ path })),
    externals: [...externals],
  }
}

function symbolsOf(path: string, text: string, facts: FileFacts): PlannedSymbol[] {
  const lines = new LineTable(text)
  const ids = new Set<string>()
  // Fields are part of their class.
  return facts.declarations.flatMap(declaration => {
    if (declaration.kind === 'field') return []
    const { name, kind, container, signature, uses, start, end } = declaration
    const fullName = container === undefined ? name : `${container}.${name}`
    const id = `${path}:${KINDS[kind]}:${fullName}`
    // Overloads and declarations in several cases have one name.
    if (ids.has(id)) return []
    ids.add(id)
    let calls: ReadonlySet<string> | undefined
    const [startLine, endLine] = [lines.lineAt(start), lines.lineAt(Math.max(start, end - 1))]
    return {
      id,
      path,
      kind: KINDS[kind],
      declaredAs: kind,
      name: fullName,
      signature,
      startLine,
      endLine,
      text: lines.text(startLine, endLine),
      uses,
      // Few declarations are asked.
      get calls() {
        calls ??= callsIn(facts.calls, start, end)
        return calls
      },
      ...(container !== undefined && { container }),
    }
  })
}

function callsIn(calls: readonly CallFact[], start: number, end: number): Set<string> {
  return new Set(calls.filter(call => call.start >= start && call.end <= end).map(call => call.name))
}

/** Lines of a text by number, from 1. */
class LineTable {
  readonly #text: string
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.#text = text
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
  }

  lineAt(offset: number): number {
    let low = 0
    let high = this.#starts.length
    while (low + 1 < high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low + 1
  }

  text(first: number, last: number): string {
    const end = this.#starts[last] ?? this.#text.length
    return this.#text.slice(this.#starts[first - 1], end).replace(/\r?\n$/, '')
  }
}
