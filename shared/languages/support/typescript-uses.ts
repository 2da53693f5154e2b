import type ts from 'typescript'
import type { DeclarationUses, FileUses, ImportUse, SourceFile } from '../language'
import { type Kinds, kindsOf } from './typescript-kinds'
import type { TypeScript } from './typescript-parser'
import { endsExpression, isName, readTokens, type Tokens } from './typescript-tokens'

/**
 * What a file takes from others and gives on, read from its tokens alone: a fifth of a parser's time, for the many files that a change
 * may concern. It says the same as the facts of the tree, or nothing: wherever the tokens leave a doubt it is `undefined`.
 */
export function typeScriptUses(compiler: TypeScript, source: SourceFile): FileUses | undefined {
  if (/\.d\.[mc]?ts$/.test(source.path)) return undefined
  kinds ??= kindsOf(compiler)
  const tokens = readTokens(compiler, kinds, source)
  return tokens && new StatementReader(kinds, tokens).read()
}

let kinds: Kinds | undefined

interface FoundDeclaration {
  name: string
  isExported: boolean
  uses: ReadonlySet<string>
}

/** Reads the statements at the top of a file one after the other. */
class StatementReader {
  readonly #kinds: Kinds
  readonly #tokens: Tokens
  readonly #imports: ImportUse[] = []
  readonly #declared: FoundDeclaration[] = []
  /** By the name here: the names under which it is exported. */
  readonly #exportedAs = new Map<string, string[]>()
  readonly #topLevelUses = new Set<string>()
  #isModule = false
  #isUnclear = false
  #at = 0

  constructor(kinds: Kinds, tokens: Tokens) {
    this.#kinds = kinds
    this.#tokens = tokens
  }

  read(): FileUses | undefined {
    while (this.#at < this.#tokens.list.length && !this.#isUnclear) this.#statement()
    const loads = this.#loads()
    if (this.#isUnclear || !loads) return undefined
    return {
      kind: 'facts',
      imports: [...this.#imports, ...this.#givenOn(), ...loads],
      declarations: this.#declared.map(each => this.#declaration(each)),
      topLevelUses: this.#topLevelUses,
      hasDynamicAccess: this.#hasDynamicAccess(),
    }
  }

  #declaration({ name, isExported, uses }: FoundDeclaration): DeclarationUses {
    const names = this.#exportedAs.get(name)
    const others = names?.filter(each => each !== name) ?? []
    return {
      name,
      // A script's names are everybody's.
      isExported: isExported || names !== undefined || !this.#isModule,
      ...(others.length > 0 && { exportedAs: others }),
      uses,
    }
  }

  /** What is imported by one statement and exported by another. */
  #givenOn(): ImportUse[] {
    const declared = new Set(this.#declared.map(each => each.name))
    return this.#imports.flatMap(each => {
      if (each.isReExport) return []
      const names = each.names.flatMap(({ name, local }) =>
        local === undefined || declared.has(local)
          ? []
          : (this.#exportedAs.get(local) ?? []).map(exported => ({ name, local: exported })),
      )
      return names.length > 0 ? [{ imported: each.imported, names, isReExport: true }] : []
    })
  }

  #statement(): void {
    const kinds = this.#kinds
    const start = this.#at
    if (this.#is(kinds.SemicolonToken)) {
      this.#at++
      return
    }
    this.#decorators()
    if (this.#is(kinds.ImportKeyword) && !this.#isAt(1, kinds.OpenParenToken, kinds.DotToken)) this.#import()
    else if (this.#is(kinds.ExportKeyword)) this.#export(start)
    else if (!this.#declarationAt(start, false)) this.#other(start)
  }

  #export(start: number): void {
    const kinds = this.#kinds
    this.#isModule = true
    this.#at++
    if (this.#is(kinds.TypeKeyword) && this.#isAt(1, kinds.OpenBraceToken, kinds.AsteriskToken)) this.#at++
    const isDefault = this.#is(kinds.DefaultKeyword)
    if (isDefault) this.#at++
    this.#decorators()
    if (isDefault) this.#exportDefault(start)
    else if (this.#is(kinds.OpenBraceToken)) this.#exportList()
    else if (this.#is(kinds.AsteriskToken)) this.#exportAll()
    else if (this.#is(kinds.EqualsToken)) this.#other(start)
    else if (!this.#declarationAt(start, true)) this.#isUnclear = true
  }

  #exportDefault(start: number): void {
    const kinds = this.#kinds
    const isFunction =
      this.#is(kinds.FunctionKeyword) || (this.#is(kinds.AsyncKeyword) && this.#isAt(1, kinds.FunctionKeyword))
    const at = this.#at
    if (isFunction || this.#is(kinds.ClassKeyword) || this.#isDeclarationWord(kinds.AbstractKeyword)) {
      const count = this.#declared.length
      if (!this.#declarationAt(start, false)) this.#isUnclear = true
      const made = this.#declared[count]
      if (made) this.#exportAs(made.name, 'default')
    } else if (this.#is(kinds.InterfaceKeyword)) this.#isUnclear = true
    else {
      this.#other(start)
      // One name, and perhaps a semicolon.
      if (isName(kinds, this.#kind(at)) && this.#at <= at + 2) this.#exportAs(this.#text(at), 'default')
    }
  }

  #exportList(): void {
    const kinds = this.#kinds
    const elements = this.#elements()
    const from = this.#from()
    for (const { name, local } of elements) {
      if (from === undefined) this.#exportAs(name, local)
    }
    if (from !== undefined) {
      this.#imports.push({ imported: from, names: elements, isReExport: true })
      this.#attributes()
    } else if (this.#is(kinds.FromKeyword)) this.#isUnclear = true
  }

  #exportAll(): void {
    const kinds = this.#kinds
    this.#at++
    let names: ImportUse['names'] = []
    if (this.#is(kinds.AsKeyword)) {
      names = [{ name: '*', local: this.#text(this.#at + 1) }]
      this.#at += 2
    }
    const from = this.#from()
    if (from === undefined) this.#isUnclear = true
    else this.#imports.push({ imported: from, names, isReExport: true })
    this.#attributes()
  }

  #import(): void {
    const kinds = this.#kinds
    this.#isModule = true
    this.#at++
    const names: { name: string; local: string }[] = []
    const isTypeOnly = this.#is(kinds.TypeKeyword) && !this.#isAt(1, kinds.FromKeyword, kinds.CommaToken)
    if (isTypeOnly) this.#at++
    if (!this.#is(kinds.StringLiteral)) {
      if (isName(this.#kinds, this.#kind(this.#at))) {
        names.push({ name: 'default', local: this.#text(this.#at++) })
        if (this.#is(kinds.CommaToken)) this.#at++
      }
      if (this.#is(kinds.AsteriskToken)) {
        names.push({ name: '*', local: this.#text(this.#at + 2) })
        this.#at += 3
      } else if (this.#is(kinds.OpenBraceToken)) names.push(...this.#elements())
      if (!this.#is(kinds.FromKeyword)) this.#isUnclear = true
      this.#at++
    }
    if (this.#is(kinds.StringLiteral)) {
      this.#imports.push({ imported: this.#text(this.#at), names, isReExport: false })
      this.#at++
      this.#attributes()
    } else this.#isUnclear = true
  }

  /** `{ a, b as c, type D }`; `local` is what stands behind `as`. */
  #elements(): { name: string; local: string }[] {
    const kinds = this.#kinds
    const end = this.#closeOf(this.#at)
    const elements: { name: string; local: string }[] = []
    for (let at = this.#at + 1; at < end; at++) {
      let next = at
      while (next < end && this.#kind(next) !== kinds.CommaToken) next++
      const isTypeOnly = this.#kind(at) === kinds.TypeKeyword && (next - at === 2 || next - at === 4)
      const first = isTypeOnly ? at + 1 : at
      if ((next - first !== 1 && next - first !== 3) || this.#kind(first) === kinds.StringLiteral)
        this.#isUnclear = true
      elements.push({ name: this.#text(first), local: this.#text(next - 1) })
      at = next
    }
    this.#at = end + 1
    return elements
  }

  #from(): string | undefined {
    const kinds = this.#kinds
    if (!this.#is(kinds.FromKeyword) || !this.#isAt(1, kinds.StringLiteral)) return undefined
    this.#at += 2
    return this.#text(this.#at - 1)
  }

  /** `with { type: 'json' }` */
  #attributes(): void {
    const kinds = this.#kinds
    if (this.#is(kinds.WithKeyword) && this.#isAt(1, kinds.OpenBraceToken)) this.#at = this.#closeOf(this.#at + 1) + 1
  }

  /** Takes a declaration, if there is one; `start` is where its decorators and modifiers begin. */
  #declarationAt(start: number, isExported: boolean): boolean {
    const kinds = this.#kinds
    if (this.#isDeclarationWord(kinds.DeclareKeyword, kinds.AbstractKeyword)) this.#at++
    if (this.#isDeclarationWord(kinds.DeclareKeyword, kinds.AbstractKeyword)) this.#at++
    const kind = this.#kind(this.#at)
    if (kind === kinds.AsyncKeyword && this.#isAt(1, kinds.FunctionKeyword)) this.#at++
    if (this.#is(kinds.ConstKeyword) && this.#isAt(1, kinds.EnumKeyword)) this.#at++
    switch (this.#kind(this.#at)) {
      case kinds.FunctionKeyword:
        this.#named(start, isExported, this.#isAt(1, kinds.AsteriskToken) ? 2 : 1)
        return true
      case kinds.ClassKeyword:
      case kinds.EnumKeyword:
        this.#named(start, isExported, 1)
        return true
      case kinds.InterfaceKeyword:
        if (!this.#isNameOnLine(1)) return false
        this.#named(start, isExported, 1)
        return true
      case kinds.TypeKeyword:
        if (!this.#isNameOnLine(1)) return false
        this.#typeAlias(start, isExported)
        return true
      case kinds.ConstKeyword:
      case kinds.VarKeyword:
      case kinds.LetKeyword:
        this.#at++
        this.#variables(isExported)
        return true
      default:
        // Namespaces, ambient modules, what is declared for all the world, resources: rare, and full of cases.
        if (this.#isNameOnLine(1) || this.#kind(this.#at - 1) === kinds.DeclareKeyword) this.#isUnclear = true
        return false
    }
  }

  /** Functions, classes, interfaces, enums: a name, and what ends with a block. */
  #named(start: number, isExported: boolean, offset: number): void {
    const kinds = this.#kinds
    const at = this.#at + offset
    const name = isName(this.#kinds, this.#kind(at)) ? this.#text(at) : undefined
    this.#at = name === undefined ? at : at + 1
    for (; this.#at < this.#tokens.list.length; this.#at++) {
      if (this.#is(kinds.SemicolonToken)) break
      const isBlock = this.#is(kinds.OpenBraceToken)
      // An overload has neither a body nor, sometimes, a semicolon.
      if (this.#at > at && !isBlock && this.#beginsStatement(this.#at, true)) {
        this.#at--
        break
      }
      const close = this.#tokens.closes.get(this.#at)
      if (close === undefined) continue
      // `function f(): { a: number } {` has two; only the second stands behind something that is whole.
      const isBody = isBlock && (this.#at === at || this.#endsHead(this.#at - 1))
      this.#at = close
      if (isBody) break
    }
    this.#at++
    if (name !== undefined) this.#declare(name, isExported, start, this.#at)
  }

  #typeAlias(start: number, isExported: boolean): void {
    const name = this.#text(this.#at + 1)
    this.#at += 2
    this.#toEnd()
    this.#declare(name, isExported, start, this.#at)
  }

  #variables(isExported: boolean): void {
    const kinds = this.#kinds
    for (let isMore = true; isMore && !this.#isUnclear; ) {
      const start = this.#at
      const names = this.#boundNames()
      this.#toEnd(kinds.CommaToken)
      for (const name of names) this.#declare(name, isExported, start, this.#at)
      isMore = this.#is(kinds.CommaToken)
      if (isMore) this.#at++
    }
  }

  /** A name, or the names of a flat pattern; others are left to the parser. */
  #boundNames(): string[] {
    const kinds = this.#kinds
    if (isName(this.#kinds, this.#kind(this.#at))) return [this.#text(this.#at++)]
    if (!this.#is(kinds.OpenBraceToken)) {
      this.#isUnclear = true
      return []
    }
    const end = this.#closeOf(this.#at)
    const names: string[] = []
    for (let at = this.#at + 1; at < end; at++) {
      let next = at
      while (next < end && this.#kind(next) !== kinds.CommaToken) next++
      const isRenamed = next - at === 3 && this.#kind(at + 1) === kinds.ColonToken
      if ((next - at !== 1 && !isRenamed) || !isName(this.#kinds, this.#kind(next - 1))) this.#isUnclear = true
      names.push(this.#text(next - 1))
      at = next
    }
    this.#at = end + 1
    return names
  }

  #other(start: number): void {
    this.#at = this.#closeOf(this.#at) + 1
    this.#toEnd()
    this.#collect(start, this.#at, this.#topLevelUses)
  }

  /** Goes to where the statement ends: behind its semicolon, before the next statement, or before `separator`. */
  #toEnd(separator?: ts.SyntaxKind): void {
    const kinds = this.#kinds
    let angles = 0
    let isInAngles = false
    for (; this.#at < this.#tokens.list.length; this.#at++) {
      const kind = this.#kind(this.#at)
      if (kind === kinds.SemicolonToken || (kind === separator && angles === 0)) break
      if (kind === separator) isInAngles = true
      if (this.#beginsStatement(this.#at, angles >= 0)) {
        if (kind === kinds.OpenBraceToken && separator !== undefined) this.#isUnclear = true
        break
      }
      if (kind === kinds.LessThanToken) angles++
      else if (kind === kinds.GreaterThanToken) angles--
      this.#at = this.#tokens.closes.get(this.#at) ?? this.#at
    }
    // In `f<A, B>(x)` it separates types; `a < b` looks the same for a while.
    if (isInAngles && angles !== 0) this.#isUnclear = true
    if (this.#is(kinds.SemicolonToken)) this.#at++
  }

  /**
   * Whether a token begins a statement: it is the first of its line (or a word behind a block), what stands before it is an end, and
   * it cannot go on from there.
   *
   * @param closesTypes whether a `>` before it is the end of a list of types, not a comparison that goes on
   */
  #beginsStatement(at: number, closesTypes: boolean): boolean {
    const kinds = this.#kinds
    const kind = this.#kind(at)
    const before = this.#kind(at - 1)
    if (kind === undefined) return true
    const isBehindBlock = before === kinds.CloseBraceToken && this.#isReserved(kind)
    if (!this.#tokens.isOnNewLine[at] && !isBehindBlock) return false
    const isEnd = before === kinds.GreaterThanToken ? closesTypes : endsExpression(this.#kinds, this.#tokens, at - 1)
    if (!isEnd) return false
    switch (kind) {
      case kinds.InKeyword:
      case kinds.InstanceOfKeyword:
      case kinds.ElseKeyword:
      case kinds.CatchKeyword:
      case kinds.FinallyKeyword:
      case kinds.ExtendsKeyword:
      case kinds.ImplementsKeyword:
        return false
      case kinds.OpenBraceToken:
      case kinds.AtToken:
      case kinds.ExclamationToken:
      case kinds.TildeToken:
      case kinds.PlusPlusToken:
      case kinds.MinusMinusToken:
      case kinds.StringLiteral:
      case kinds.NumericLiteral:
        return true
      default:
        return isName(this.#kinds, kind) || this.#isReserved(kind)
    }
  }

  #isReserved(kind: ts.SyntaxKind): boolean {
    const kinds = this.#kinds
    return kind >= kinds.FirstReservedWord && kind <= kinds.LastReservedWord
  }

  #endsHead(at: number): boolean {
    // `value is { a: number } {`
    if (this.#kind(at) === this.#kinds.IsKeyword) return false
    return endsExpression(this.#kinds, this.#tokens, at) || this.#kind(at) === this.#kinds.GreaterThanToken
  }

  #decorators(): void {
    const kinds = this.#kinds
    while (this.#is(kinds.AtToken)) {
      this.#at++
      while (isName(this.#kinds, this.#kind(this.#at))) this.#at += this.#isAt(1, kinds.DotToken) ? 2 : 1
      if (this.#is(kinds.OpenParenToken)) this.#at = this.#closeOf(this.#at) + 1
    }
  }

  #declare(name: string, isExported: boolean, start: number, end: number): void {
    const uses = new Set<string>()
    this.#collect(start, end, uses)
    uses.delete(name)
    this.#declared.push({ name, isExported, uses })
  }

  #exportAs(name: string, exported: string): void {
    this.#exportedAs.set(name, [...(this.#exportedAs.get(name) ?? []), exported])
  }

  #collect(start: number, end: number, names: Set<string>): void {
    const kinds = this.#kinds
    for (let at = start; at < end; at++) {
      const kind = this.#kind(at)
      const before = this.#kind(at - 1)
      const isMember = before === kinds.DotToken || before === kinds.QuestionDotToken
      if (isName(this.#kinds, kind) || (isMember && kind !== undefined && this.#isReserved(kind)))
        names.add(this.#text(at))
    }
  }

  /**
   * `require('x')`, `import('x')`, also in types.
   *
   * @returns undefined where `require` may be a name of the file's own
   */
  #loads(): ImportUse[] | undefined {
    const kinds = this.#kinds
    const { list, texts } = this.#tokens
    const loads: ImportUse[] = []
    let [hasRequired, isNamed] = [false, false]
    for (let at = 0; at < list.length; at++) {
      const isRequire = list[at] === kinds.RequireKeyword
      if (list[at] !== kinds.ImportKeyword && !isRequire) continue
      const isCalled = list[at + 1] === kinds.OpenParenToken
      if (isRequire && !isCalled && list[at - 1] !== kinds.DotToken) isNamed = true
      const argument = list[at + 2]
      const isText = argument === kinds.StringLiteral || argument === kinds.NoSubstitutionTemplateLiteral
      if (!isCalled || !isText) continue
      hasRequired ||= isRequire
      loads.push({ imported: texts[at + 2] ?? '', names: [{ name: '*' }], isReExport: false })
    }
    return hasRequired && isNamed ? undefined : loads
  }

  #hasDynamicAccess(): boolean {
    const kinds = this.#kinds
    const { list } = this.#tokens
    for (let at = 0; at < list.length; at++) {
      if (list[at] !== kinds.OpenBracketToken) continue
      const isAccess = list[at - 1] === kinds.QuestionDotToken || endsExpression(this.#kinds, this.#tokens, at - 1)
      const inner = list[at + 1]
      const isWritten = inner === kinds.StringLiteral || inner === kinds.NumericLiteral
      if (isAccess && !isWritten && inner !== kinds.CloseBracketToken) return true
    }
    return false
  }

  #kind(at: number): ts.SyntaxKind | undefined {
    return this.#tokens.list[at]
  }

  #text(at: number): string {
    return this.#tokens.texts[at] ?? ''
  }

  #is(kind: ts.SyntaxKind): boolean {
    return this.#kind(this.#at) === kind
  }

  #isAt(offset: number, ...kinds: ts.SyntaxKind[]): boolean {
    return kinds.some(kind => this.#kind(this.#at + offset) === kind)
  }

  #isNameOnLine(offset: number): boolean {
    const at = this.#at + offset
    return (
      isName(this.#kinds, this.#kind(this.#at)) &&
      isName(this.#kinds, this.#kind(at)) &&
      this.#tokens.isOnNewLine[at] === false
    )
  }

  /** A modifier: a word with more of the declaration behind it on its line. */
  #isDeclarationWord(...kinds: ts.SyntaxKind[]): boolean {
    const next = this.#kind(this.#at + 1)
    if (next === undefined || !this.#isAt(0, ...kinds) || this.#tokens.isOnNewLine[this.#at + 1]) return false
    return isName(this.#kinds, next) || this.#isReserved(next)
  }

  #closeOf(at: number): number {
    return this.#tokens.closes.get(at) ?? at
  }
}
