import { countTokens } from '#shared/base/tokens'
import type { PlannedFile, PlannedSymbol, SymbolKind } from './plan-files'

/** What `kode plan --graph` prints. Source: spec/kode.md §14.4. */
export interface PlanGraph {
  schema_version: 1
  task: string
  project_root: string
  total_tokens: number
  nodes: Record<string, GraphNode>
  edges: readonly GraphEdge[]
}

export interface GraphNode {
  id: string
  file_path: string
  kind: 'file' | 'import' | SymbolKind
  name: string
  signature: string
  content?: string
  token_cost: number
  /** From 1; 0 where there is no place. */
  start_line: number
  end_line: number
  /** Why the file is here; files only. */
  reasons?: string[]
}

export interface GraphEdge {
  source: string
  target: string
  kind: 'defines' | 'imports' | 'calls' | 'implements'
  /** `resolved`: by the imports of the file; `ambiguous`: by name alone, or out of the project. */
  confidence: 'certain' | 'resolved' | 'ambiguous'
}

/** Files, what they declare, and how that hangs together. */
export function graphOf(
  task: string,
  root: string,
  files: readonly PlannedFile[],
  edges: readonly GraphEdge[],
): PlanGraph {
  const nodes: Record<string, GraphNode> = {}
  for (const file of files) {
    const id = fileId(file.path)
    nodes[id] = {
      ...place(file.path, 'file', file.path),
      id,
      end_line: file.text.split('\n').length,
      reasons: file.reasons,
    }
    for (const symbol of file.symbols) nodes[symbol.id] = symbolNode(symbol)
    for (const name of file.externals) {
      const target = importId(name)
      nodes[target] ??= { ...place(file.path, 'import', name), id: target }
    }
  }
  const total = Object.values(nodes).reduce((sum, node) => sum + node.token_cost, 0)
  return { schema_version: 1, task, project_root: root, total_tokens: total, nodes, edges }
}

/** What each file declares, and what it needs from outside. */
export function ownLinks(files: readonly PlannedFile[]): GraphEdge[] {
  return files.flatMap(({ path, symbols, externals }): GraphEdge[] => {
    const source = fileId(path)
    return [
      ...symbols.map(({ id }) => ({ source, target: id, kind: 'defines', confidence: 'certain' }) as const),
      ...externals.map(name => ({ source, target: importId(name), kind: 'imports', confidence: 'ambiguous' }) as const),
    ]
  })
}

/** Imports between the files, and calls between what they declare. */
export function linksBetween(files: readonly PlannedFile[]): GraphEdge[] {
  const chosen = new Set(files.map(file => file.path))
  const edges: GraphEdge[] = []
  const byName = new Map<string, PlannedSymbol[]>()
  for (const file of files) for (const symbol of file.symbols) push(byName, shortName(symbol), symbol)
  for (const file of files) {
    const imported = new Set(file.imports.map(each => each.path))
    for (const path of imported) {
      if (!chosen.has(path)) continue
      edges.push({ source: fileId(file.path), target: fileId(path), kind: 'imports', confidence: 'resolved' })
    }
    for (const symbol of file.symbols) edges.push(...usesOf(symbol, imported, byName))
  }
  return edges
}

function usesOf(
  symbol: PlannedSymbol,
  imported: ReadonlySet<string>,
  byName: ReadonlyMap<string, readonly PlannedSymbol[]>,
): GraphEdge[] {
  const edges: GraphEdge[] = []
  for (const name of symbol.uses) {
    for (const target of byName.get(name) ?? []) {
      if (target.id === symbol.id || target.name.startsWith(`${symbol.name}.`)) continue
      const isHere = target.path === symbol.path
      if (!isHere && !imported.has(target.path)) continue
      const isMethod = target.container !== undefined
      const confidence = isMethod ? 'ambiguous' : isHere ? 'certain' : 'resolved'
      const base = { source: symbol.id, target: target.id, confidence } as const
      if (symbol.calls.has(name)) edges.push({ ...base, kind: 'calls' })
      else if (isImplemented(symbol, target)) edges.push({ ...base, kind: 'implements' })
    }
  }
  return edges
}

/** A class that names an interface in its head. */
function isImplemented(symbol: PlannedSymbol, target: PlannedSymbol): boolean {
  if (target.kind !== 'interface' || symbol.kind !== 'struct') return false
  return symbol.declaredAs === 'class' && new RegExp(`\\b${target.name}\\b`).test(symbol.signature)
}

function symbolNode({ id, path, kind, name, signature, text, startLine, endLine }: PlannedSymbol): GraphNode {
  const cost = countTokens(text)
  return { id, file_path: path, kind, name, signature, token_cost: cost, start_line: startLine, end_line: endLine }
}

function place(path: string, kind: 'file' | 'import', name: string): Omit<GraphNode, 'id'> {
  const isFile = kind === 'file'
  return {
    file_path: path,
    kind,
    name,
    signature: name,
    token_cost: Math.max(1, countTokens(name)),
    start_line: isFile ? 1 : 0,
    end_line: isFile ? 1 : 0,
  }
}

export function fileId(path: string): string {
  return `file:${path}`
}

function importId(name: string): string {
  return `import:${name}`
}

function shortName(symbol: PlannedSymbol): string {
  return symbol.container === undefined ? symbol.name : symbol.name.slice(symbol.container.length + 1)
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
