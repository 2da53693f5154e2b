import type ts from 'typescript'
import type { SourceFile } from '../language'
import type { Kinds } from './typescript-kinds'
import type { TypeScript } from './typescript-parser'

/** The tokens of a file, without a tree: what stands where, and which bracket ends with which. */
export interface Tokens {
  readonly list: readonly ts.SyntaxKind[]
  /** What identifiers, words and strings say; undefined for signs. */
  readonly texts: readonly (string | undefined)[]
  /** Whether a token is the first of its line. */
  readonly isOnNewLine: readonly boolean[]
  /** By an opening bracket: where its closing one is. */
  readonly closes: ReadonlyMap<number, number>
}

/** @returns undefined where only a parser can tell the tokens: elements of JSX, some regular expressions, what is broken */
export function readTokens(compiler: TypeScript, kinds: Kinds, { path, text }: SourceFile): Tokens | undefined {
  const mayHoldElements = !/\.[mc]?ts$/.test(path)
  let isBroken = false
  const scanner = compiler.createScanner(
    compiler.ScriptTarget.ESNext,
    true,
    compiler.LanguageVariant.Standard,
    text,
    () => {
      isBroken = true
    },
  )
  const list: ts.SyntaxKind[] = []
  const texts: (string | undefined)[] = []
  const isOnNewLine: boolean[] = []
  const closes = new Map<number, number>()
  const open: number[] = []
  /** Where the bracket began that ended last. */
  let lastOpened = 0
  const tokens = { list, texts, isOnNewLine, closes }

  for (let kind = scanner.scan(); kind !== kinds.EndOfFileToken && !isBroken; kind = scanner.scan()) {
    const at = list.length
    if (kind === kinds.SlashToken || kind === kinds.SlashEqualsToken) {
      if (list[at - 1] === kinds.CloseBraceToken || isAfterCondition(at)) return undefined
      if (!endsExpression(kinds, tokens, at - 1)) kind = scanner.reScanSlashToken()
    } else if (kind === kinds.LessThanToken) {
      if (mayHoldElements && !endsExpression(kinds, tokens, at - 1)) return undefined
    } else if (kind === kinds.CloseBraceToken && list[open.at(-1) ?? -1] === kinds.TemplateHead) {
      kind = scanner.reScanTemplateToken(false)
      if (kind === kinds.TemplateTail) closes.set(open.pop() ?? -1, at)
    } else if (isClosing(kind)) {
      const start = open.pop()
      if (start === undefined || list[start] !== openingOf(kind)) return undefined
      closes.set(start, at)
      lastOpened = start
    }
    if (isOpening(kind)) open.push(at)
    list.push(kind)
    texts.push(saysSomething(kind) ? scanner.getTokenValue() : undefined)
    isOnNewLine.push(scanner.hasPrecedingLineBreak())
  }
  return isBroken || open.length > 0 ? undefined : tokens

  /** In `if (x) /y/` the slash begins an expression, in `(x) / y` it divides. */
  function isAfterCondition(at: number): boolean {
    if (list[at - 1] !== kinds.CloseParenToken) return false
    const before = list[lastOpened - 1]
    return before === kinds.IfKeyword || before === kinds.WhileKeyword || before === kinds.ForKeyword
  }

  function isOpening(kind: ts.SyntaxKind): boolean {
    return (
      kind === kinds.OpenBraceToken ||
      kind === kinds.OpenParenToken ||
      kind === kinds.OpenBracketToken ||
      kind === kinds.TemplateHead
    )
  }

  function isClosing(kind: ts.SyntaxKind): boolean {
    return kind === kinds.CloseBraceToken || kind === kinds.CloseParenToken || kind === kinds.CloseBracketToken
  }

  function openingOf(closing: ts.SyntaxKind): ts.SyntaxKind {
    if (closing === kinds.CloseBraceToken) return kinds.OpenBraceToken
    return closing === kinds.CloseParenToken ? kinds.OpenParenToken : kinds.OpenBracketToken
  }

  function saysSomething(kind: ts.SyntaxKind): boolean {
    return kind >= kinds.Identifier || kind === kinds.StringLiteral || kind === kinds.NoSubstitutionTemplateLiteral
  }
}

/** Whether an expression or a type can end with a token. */
export function endsExpression(kinds: Kinds, { list }: Pick<Tokens, 'list'>, at: number): boolean {
  const kind = list[at]
  if (kind === undefined) return false
  if (isName(kinds, kind)) return true
  // A word that means something elsewhere is a name behind a point: `x.default`.
  if (kind >= kinds.FirstReservedWord && kind <= kinds.LastReservedWord) {
    const before = list[at - 1]
    if (before === kinds.DotToken || before === kinds.QuestionDotToken) return true
  }
  switch (kind) {
    case kinds.ThisKeyword:
    case kinds.SuperKeyword:
    case kinds.NullKeyword:
    case kinds.TrueKeyword:
    case kinds.FalseKeyword:
    case kinds.VoidKeyword:
    case kinds.NumericLiteral:
    case kinds.BigIntLiteral:
    case kinds.StringLiteral:
    case kinds.RegularExpressionLiteral:
    case kinds.NoSubstitutionTemplateLiteral:
    case kinds.TemplateTail:
    case kinds.CloseBraceToken:
    case kinds.CloseParenToken:
    case kinds.CloseBracketToken:
    case kinds.PlusPlusToken:
    case kinds.MinusMinusToken:
      return true
    // `x as const`, `x!`
    case kinds.ConstKeyword:
      return list[at - 1] === kinds.AsKeyword
    case kinds.ExclamationToken:
      return endsExpression(kinds, { list }, at - 1)
    default:
      return false
  }
}

/** Identifiers, and words that are names wherever they mean nothing else: `type`, `of`, `get`. */
export function isName(kinds: Kinds, kind: ts.SyntaxKind | undefined): boolean {
  return (
    kind === kinds.Identifier ||
    kind === kinds.PrivateIdentifier ||
    (kind !== undefined && kind > kinds.LastReservedWord && kind <= kinds.LastKeyword)
  )
}
