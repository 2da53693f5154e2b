import type { AssetLoader, Judgement, Language, SourceFile } from './language'
import { findUnbalancedGo } from './support/delimiters'
import { checkGoCalls } from './support/go-calls'
import { goFacts, goFilesOf, goSiblings, scanGoImports } from './support/go-facts'
import { checkGoImports } from './support/go-imports'
import { parseGo } from './support/gofmt'
import { strayWord } from './support/stray-word'
import { invalid, unknown, VALID } from './support/syntax-verdict'
import { type SyntaxNode, type SyntaxTree, treeOf } from './support/tree-sitter'

/** Go; parsers are loaded when the first file asks for them. */
export function createGo(loadAsset: AssetLoader): Language {
  return {
    id: 'go',
    name: 'Go',
    checkSyntax: source => checkSyntax(source, loadAsset),
    code: {
      scanImports: source => scanGoImports(source.text),
      resolveToFiles: goFilesOf,
      visibleWithoutImport: goSiblings,
      isManifest: path => /(?:^|\/)(?:go\.(?:mod|sum|work)|vendor\/modules\.txt)$/.test(path),
      factsOf: source => goFacts(source, loadAsset),
      checkImports: (source, project) => checkGoImports(source, project, loadAsset),
      checkCalls: (source, project) => checkGoCalls(source, project, loadAsset),
    },
  }
}

/**
 * Rejected only when the grammar and Go's own parser both reject: the first reports what is valid but unusual, the second
 * traps on what is deeply nested.
 */
async function checkSyntax({ text }: SourceFile, loadAsset: AssetLoader): Promise<Judgement> {
  const parsed = await treeOf('go', text, loadAsset)
  if (!parsed.ok) return parsed.error
  const tree = parsed.value
  const start = missingPackageClause(tree)
  // Go's formatter accepts fragments of files; the compiler does not.
  if (start !== undefined) return invalid("Expected 'package' and a name at the top of the file", start, start)
  if (tree.broken.length === 0 && tree.root.children.every(isTopLevel)) return VALID
  const parse = await parseGo(text, loadAsset)
  if (parse.kind === 'accepted') return VALID
  if (parse.kind === 'unknown') {
    // It traps on many a broken file; delimiters must balance in any version of Go.
    const unbalanced = findUnbalancedGo(text)
    if (unbalanced) return invalid(unbalanced.message, unbalanced.offset, unbalanced.offset + 1)
    // What would be a type behind a name elsewhere is nothing between statements, or inside of an expression.
    const between = tree.broken.filter(({ parent }) => HOLDS_NO_TYPE.test(parent?.type ?? ''))
    const stray = strayWord(between, text, KEYWORDS)
    if (stray) return invalid(stray, between[0]!.start, between[0]!.end)
    return unknown("Go's own parser gave up on this file")
  }
  if (NEWER_THAN_PARSERS.test(parse.message)) return unknown(`newer Go than the parser knows: ${parse.message}`)
  const offset = offsetOf(text, parse.line, parse.byteColumn)
  return invalid(parse.message.charAt(0).toUpperCase() + parse.message.slice(1), offset, offset)
}

const HOLDS_NO_TYPE = /^(?:statement_list|expression_statement|(?:selector|call|binary|index)_expression)$/

const KEYWORDS = new Set(
  'break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var'.split(
    ' ',
  ),
)

/** Go 1.27 allows what this message forbids. */
const NEWER_THAN_PARSERS = /method must have no type parameters|requires go1\./

/** The grammar takes statements outside of functions too. */
function isTopLevel({ type, isNamed }: SyntaxNode): boolean {
  return !isNamed || /^(?:comment|package_clause|(?:import|const|var|type|function|method)_declaration)$/.test(type)
}

function missingPackageClause(tree: SyntaxTree): number | undefined {
  const first = tree.root.children.find(child => child.type !== 'comment')
  if (!first) return tree.text.length
  return first.isBroken || first.type === 'package_clause' ? undefined : first.start
}

function offsetOf(text: string, line: number, byteColumn: number): number {
  let start = 0
  for (let at = 1; at < line; at++) {
    const end = text.indexOf('\n', start)
    if (end < 0) return text.length
    start = end + 1
  }
  const end = text.indexOf('\n', start)
  const bytes = new TextEncoder().encode(text.slice(start, end < 0 ? text.length : end))
  return start + new TextDecoder().decode(bytes.subarray(0, byteColumn - 1)).length
}
