import type { AssetLoader, Judgement, Language, SourceFile } from './language'
import { findUnbalanced, rustCode } from './support/delimiters'
import { checkRustCalls } from './support/rust-calls'
import { rustFacts } from './support/rust-facts'
import { checkRustImports } from './support/rust-imports'
import { resolveRustImport, scanRustImports } from './support/rust-resolve'
import { strayWord } from './support/stray-word'
import { invalid, unknown, VALID } from './support/syntax-verdict'
import { type SyntaxNode, treeOf } from './support/tree-sitter'

/** Rust; parsers are loaded when the first file asks for them. */
export function createRust(loadAsset: AssetLoader): Language {
  return {
    id: 'rust',
    name: 'Rust',
    checkSyntax: source => checkSyntax(source, loadAsset),
    code: {
      scanImports: source => scanRustImports(source.text),
      resolveToFiles: resolveRustImport,
      isManifest: path => /(?:^|\/)Cargo\.(?:toml|lock)$/.test(path),
      factsOf: source => rustFacts(source, loadAsset),
      checkImports: (source, project) => checkRustImports(source, project, loadAsset),
      checkCalls: (source, project) => checkRustCalls(source, project, loadAsset),
    },
  }
}

/**
 * Rejected only when two independent parsers reject, or when one does and delimiters do not balance. Neither parser
 * knows everything that is valid, and they err in different places.
 */
async function checkSyntax({ text }: SourceFile, loadAsset: AssetLoader): Promise<Judgement> {
  const parsed = await treeOf('rust', text, loadAsset)
  if (!parsed.ok) return parsed.error
  const tree = parsed.value
  const first = tree.broken[0]
  if (!first) return VALID
  const unbalanced = findUnbalanced(text)
  if (unbalanced) return invalid(unbalanced.message, unbalanced.offset, unbalanced.offset + 1)
  const message = tree.broken.every(isMissingSemicolon)
    ? 'Expected `;`'
    : ((await secondOpinion(text)) ?? strayWord(tree.broken, text, KEYWORDS))
  if (message === undefined) return VALID
  if (NEWER_THAN_PARSERS.test(rustCode(text))) return unknown('it uses Rust newer than the parsers know')
  return invalid(message, first.start, endOfLine(text, first))
}

function isMissingSemicolon(node: SyntaxNode): boolean {
  return node.type === ';'
}

/** All of the language, those that are reserved, and those that are keywords at some places only. */
const KEYWORDS = new Set(
  (
    'as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return ' +
    'self Self static struct super trait true type unsafe use where while abstract become box do final gen macro override priv try typeof ' +
    'unsized virtual yield auto builtin default macro_rules pin raw reuse safe union yeet'
  ).split(' '),
)

/** Stable and unstable syntax that both parsers reject; with any of it in the file, their verdict counts for nothing. */
const NEWER_THAN_PARSERS = new RegExp(
  [
    /#!\[feature\(/,
    /\bunsafe extern\b/,
    /\bsafe (?:fn|static)\b/,
    /\[const\]|\bimpl const\b|\bconst (?:impl|trait|unsafe trait)\b|~const\b/,
    /\bdo yeet\b|\bbuiltin ?#/,
    /\buse<|&raw (?:const|mut)\b/,
    /\bc"|\bcr#*"/,
    /\basync (?:move )?\||\bAsyncFn/,
    /^---/m,
  ]
    .map(part => part.source)
    .join('|'),
  'm',
)

/** The second parser's objection, if it has one. It is recursive and forgiving; running out of stack is no objection. */
async function secondOpinion(text: string): Promise<string | undefined> {
  const { rs } = await import('jinx-rust')
  try {
    rs.parseFile(text)
    return undefined
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RangeError || /Assertion failed/.test(error.message))
      return undefined
    return error.message.replace(/\x1b\[\d+m/g, '')
  }
}

function endOfLine(text: string, node: SyntaxNode): number {
  const end = text.indexOf('\n', node.start)
  return Math.min(node.end, end < 0 ? text.length : end)
}
