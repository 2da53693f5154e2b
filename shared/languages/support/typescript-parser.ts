import type ts from 'typescript'
import type { SourceFile, Unknown } from '../language'
import { unparsable } from './source-limits'
import type { typescript } from './typescript-library'

/** The compiler's parser; 20 ms to load, so only when a file asks for it. */
export type TypeScript = typeof typescript

let loading: Promise<TypeScript> | undefined

/** Loads the bundled compiler once. */
export function loadTypeScript(): Promise<TypeScript> {
  loading ??= import('./typescript-library').then(module => module.typescript)
  return loading
}

/** Parses, or says why not. Trees of recent texts are kept: the same file is judged by several gates, before and after. */
export async function parseTypeScript(source: SourceFile): Promise<ts.SourceFile | Unknown> {
  const reason = unparsable(source.text)
  if (reason) return { kind: 'unknown', reason }
  const compiler = await loadTypeScript()
  const scriptKind = scriptKindOf(compiler, source.path)
  const known = takeRecent(scriptKind, source.text)
  if (known) return known
  try {
    const tree = compiler.createSourceFile(
      source.path,
      knownSyntax(source.text),
      // Nothing here reads what comments say of types.
      { languageVersion: compiler.ScriptTarget.ESNext, jsDocParsingMode: compiler.JSDocParsingMode.ParseNone },
      false,
      scriptKind,
    )
    keepRecent(scriptKind, source.text, tree)
    return tree
  } catch (error) {
    // The parser is recursive: some ten thousand nested brackets exhaust its stack.
    if (error instanceof RangeError) return { kind: 'unknown', reason: 'the file is nested too deeply to be parsed' }
    throw error
  }
}

/** `import source x from 'x.wasm'` is newer than the compiler: to it, it is an import like others. Every offset stays. */
function knownSyntax(text: string): string {
  return text.includes('import source ') ? text.replaceAll(SOURCE_PHASE, '$1      ') : text
}

const SOURCE_PHASE = /^(\s*import )source(?= +[\w$]+ +from +['"])/gm

/** What the parser itself complained about; the public API offers it only through a whole program. */
export function parseErrorsOf(tree: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  return hasParseErrors(tree) ? tree.parseDiagnostics : []
}

function hasParseErrors(
  tree: ts.SourceFile,
): tree is ts.SourceFile & { parseDiagnostics: readonly ts.DiagnosticWithLocation[] } {
  return 'parseDiagnostics' in tree && Array.isArray(tree.parseDiagnostics)
}

function scriptKindOf(compiler: TypeScript, path: string): ts.ScriptKind {
  const extension = path.slice(path.lastIndexOf('.')).toLowerCase()
  switch (extension) {
    case '.tsx':
      return compiler.ScriptKind.TSX
    case '.jsx':
      return compiler.ScriptKind.JSX
    case '.js':
    case '.mjs':
    case '.cjs':
      return compiler.ScriptKind.JS
    default:
      return compiler.ScriptKind.TS
  }
}

/** Trees take some ten times their text; this keeps the cache below about 100 MB. */
const KEPT_CHARS = 10_000_000

// In order of use, oldest first. The key is the text itself: its hash is computed once, and equal texts are mostly identical strings.
const recent = new Map<string, Map<ts.ScriptKind, ts.SourceFile>>()
let recentChars = 0

function takeRecent(scriptKind: ts.ScriptKind, text: string): ts.SourceFile | undefined {
  const trees = recent.get(text)
  if (!trees) return undefined
  recent.delete(text)
  recent.set(text, trees)
  return trees.get(scriptKind)
}

function keepRecent(scriptKind: ts.ScriptKind, text: string, tree: ts.SourceFile): void {
  const trees = recent.get(text)
  if (trees) {
    trees.set(scriptKind, tree)
    return
  }
  recent.set(text, new Map([[scriptKind, tree]]))
  recentChars += text.length
  for (const oldest of recent.keys()) {
    if (recentChars <= KEPT_CHARS || oldest === text) break
    recent.delete(oldest)
    recentChars -= oldest.length
  }
}
