import type { Language as Grammar, Parser, Tree } from 'web-tree-sitter'
import { fail, ok, type Result } from '#shared/base/result'
import { startTreeSitter } from '#shared/host/tree-sitter-runtime'
import type { AssetLoader, Unknown } from '../language'
import { BoundedMap } from './bounded-map'
import { unparsable } from './source-limits'
import { unknown } from './syntax-verdict'

export type GrammarName = 'go' | 'python' | 'rust'

/**
 * One node of a syntax tree, as a plain object: the parser's own nodes live in wasm memory, must be freed by hand,
 * and cost a crossing per question asked. Copying a file of 2,600 lines takes about 6 ms.
 */
export class SyntaxNode {
  readonly type: string
  /** UTF-16 offsets into the text; half-open. */
  readonly start: number
  readonly end: number
  /** The role it plays in its parent, such as `name`; undefined for most punctuation. */
  readonly field: string | undefined
  readonly isNamed: boolean
  /** Text the grammar could not place, or a token it had to invent. */
  readonly isBroken: boolean
  readonly parent: SyntaxNode | undefined
  readonly children: SyntaxNode[] = []

  constructor(
    type: string,
    start: number,
    end: number,
    field: string | undefined,
    isNamed: boolean,
    isBroken: boolean,
    parent: SyntaxNode | undefined,
  ) {
    this.type = type
    this.start = start
    this.end = end
    this.field = field
    this.isNamed = isNamed
    this.isBroken = isBroken
    this.parent = parent
  }

  /** The first child in this role. */
  child(field: string): SyntaxNode | undefined {
    return this.children.find(child => child.field === field)
  }

  /** All children in this role. */
  inField(field: string): SyntaxNode[] {
    return this.children.filter(child => child.field === field)
  }

  /** All children of this type. */
  ofType(type: string): SyntaxNode[] {
    return this.children.filter(child => child.type === type)
  }

  /** The children that mean something: no punctuation, no comments. */
  named(): SyntaxNode[] {
    return this.children.filter(child => child.isNamed && !EXTRAS.has(child.type))
  }
}

/** What may stand anywhere, in one of the grammars. */
const EXTRAS = new Set(['comment', 'line_comment', 'block_comment', 'line_continuation'])

/** A parsed file. Comments are in the tree, as nodes of type `comment` and the like. */
export interface SyntaxTree {
  readonly root: SyntaxNode
  readonly text: string
  /** Outermost regions that the grammar could not place, in order. Nothing inside them is to be trusted. */
  readonly broken: readonly SyntaxNode[]
}

/** A hundred times what a person writes; a parse of this size takes about a second. */
const MAX_CHARS = 4_000_000
/** Of the processor's time, so that a busy machine changes no verdict. */
const MAX_PARSE_CPU_MS = 5_000
/** Beyond this, only a program wrote it, and walking it would need care everywhere. */
const MAX_DEPTH = 2_000

const parsers = new Map<GrammarName, Promise<Parser>>()
/** What threw is in no state to be freed, and would be once nobody held it. */
const abandoned: Parser[] = []

/**
 * Parses with one of the grammars, which are loaded on first use.
 *
 * @returns undefined when the text is too large or too deeply nested, or the parser took too long
 */
export async function parseTree(
  name: GrammarName,
  text: string,
  loadAsset: AssetLoader,
): Promise<SyntaxTree | undefined> {
  if (text.length > MAX_CHARS || opensTooMuch(text)) return undefined
  return recent.remember(`${name}\n${text}`, () => parseAnew(name, text, loadAsset))
}

/** The same for a judge; without a tree, the verdict that says so. */
export async function treeOf(
  name: GrammarName,
  text: string,
  loadAsset: AssetLoader,
): Promise<Result<SyntaxTree, Unknown>> {
  const reason = unparsable(text)
  const tree = reason === undefined ? await parseTree(name, text, loadAsset) : undefined
  return tree ? ok(tree) : fail(unknown(reason ?? 'nested too deeply to parse, or too slow'))
}

/** Several gates ask for the same text, before and after; more than these are not asked for again soon. */
const recent = new BoundedMap<Promise<SyntaxTree | undefined>>(24)

async function parseAnew(name: GrammarName, text: string, loadAsset: AssetLoader): Promise<SyntaxTree | undefined> {
  const parser = await loadParser(name, loadAsset)
  const start = process.cpuUsage()
  const isTooSlow = () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000 > MAX_PARSE_CPU_MS
  }
  let tree: Tree | null
  try {
    tree = parser.parse(text, null, { progressCallback: isTooSlow })
  } catch {
    // Its recursion ran out of stack; the next file gets a parser of its own.
    abandoned.push(parser)
    parsers.delete(name)
    const runtime = await startTreeSitter(() => loadAsset('web-tree-sitter.wasm'))
    runtime.recover()
    return undefined
  }
  if (!tree) {
    parser.reset()
    return undefined
  }
  try {
    return copyTree(tree.walk(), text)
  } finally {
    tree.delete()
  }
}

/** Brackets that stay open by the thousand exhaust the stack of whoever looks for their ends. */
const MAX_OPEN = 5_000

function opensTooMuch(text: string): boolean {
  let open = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // ( [ {
    if (code === 40 || code === 91 || code === 123) {
      if (++open > MAX_OPEN) return true
      // ) ] }
    } else if (code === 41 || code === 93 || code === 125) open--
  }
  return false
}

function loadParser(name: GrammarName, loadAsset: AssetLoader): Promise<Parser> {
  let loading = parsers.get(name)
  if (!loading) {
    loading = createParser(name, loadAsset)
    parsers.set(name, loading)
    // A failed load must not be remembered: the next file may try again.
    loading.catch(() => parsers.delete(name))
  }
  return loading
}

async function createParser(name: GrammarName, loadAsset: AssetLoader): Promise<Parser> {
  const [runtime, bytes] = await Promise.all([
    startTreeSitter(() => loadAsset('web-tree-sitter.wasm')),
    loadAsset(`tree-sitter-${name}.wasm`),
  ])
  const grammar: Grammar = await runtime.library.Language.load(new Uint8Array(bytes))
  return new runtime.library.Parser().setLanguage(grammar)
}

function copyTree(cursor: import('web-tree-sitter').TreeCursor, text: string): SyntaxTree | undefined {
  const broken: SyntaxNode[] = []
  const copy = (parent: SyntaxNode | undefined): SyntaxNode => {
    const isBroken = cursor.nodeType === 'ERROR' || cursor.nodeIsMissing
    const node = new SyntaxNode(
      cursor.nodeType,
      cursor.startIndex,
      cursor.endIndex,
      cursor.currentFieldName ?? undefined,
      cursor.nodeIsNamed,
      isBroken,
      parent,
    )
    parent?.children.push(node)
    const last = broken.at(-1)
    if (isBroken && !(last && last.end >= node.end && last.start <= node.start)) broken.push(node)
    return node
  }
  try {
    const root = copy(undefined)
    let at: SyntaxNode = root
    for (let depth = 0; ; ) {
      if (cursor.gotoFirstChild()) {
        if (++depth > MAX_DEPTH) return undefined
        at = copy(at)
        continue
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return { root, text, broken }
        depth--
        at = at.parent ?? root
      }
      at = copy(at.parent)
    }
  } finally {
    cursor.delete()
  }
}

/** Visits a node and all below it, parents first. The visitor says whether to go on into the children. */
export function visitTree(node: SyntaxNode, visitor: (node: SyntaxNode) => boolean): void {
  const waiting: SyntaxNode[] = [node]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!visitor(next)) continue
    for (let place = next.children.length - 1; place >= 0; place--) waiting.push(next.children[place]!)
  }
}
