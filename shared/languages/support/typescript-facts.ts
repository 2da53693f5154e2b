import type ts from 'typescript'
import type { CallFact, DeclarationFact, FileFacts, ImportFact } from '../language'
import { isNamedDeclaration, type ModuleShape, moduleShapeOf } from './typescript-modules'
import type { TypeScript } from './typescript-parser'
import { scopesOf } from './typescript-scopes'

const known = new WeakMap<ts.SourceFile, FileFacts>()

/** What a file declares and uses, for index and blast radius; once per tree. */
export function typeScriptFacts(compiler: TypeScript, tree: ts.SourceFile): FileFacts {
  const facts = known.get(tree) ?? readFacts(compiler, tree)
  known.set(tree, facts)
  return facts
}

function readFacts(compiler: TypeScript, tree: ts.SourceFile): FileFacts {
  const shape = moduleShapeOf(compiler, tree)
  const scopes = scopesOf(compiler, tree)
  const exportedAs = new Map<string, string[]>()
  for (const [name, found] of shape.exports) {
    if (found.kind === 'local') exportedAs.set(found.local, [...(exportedAs.get(found.local) ?? []), name])
  }

  const declarations: DeclarationFact[] = []
  for (const [name, nodes] of shape.declarations) {
    const others = exportedAs.get(name)?.filter(each => each !== name) ?? []
    // A script's names are everybody's.
    const isExported = exportedAs.has(name) || !shape.isModule
    for (const node of nodes) {
      const more = others.length > 0 ? { exportedAs: others } : {}
      declarations.push(new LazyDeclaration(compiler, tree, node, { name, isExported, ...more }))
      declarations.push(...membersOf(compiler, tree, node, name, isExported))
    }
  }

  const imports: ImportFact[] = [
    ...shape.imports.map(each => ({
      imported: each.specifier,
      names: each.names.map(({ name, local, exported }) => ({ name, local: exported ?? local })),
      isTypeOnly: each.isTypeOnly,
      isReExport: each.kind === 'export',
      start: each.start,
      end: each.end,
    })),
    ...givenOn(shape),
    ...scopes.loads.map(load => ({
      imported: load.specifier,
      names: [{ name: '*' }],
      isTypeOnly: load.kind === 'import-type',
      isReExport: false,
      start: load.start,
      end: load.end,
    })),
  ]
  let calls: readonly CallFact[] | undefined
  let topLevelUses: ReadonlySet<string> | undefined
  return {
    kind: 'facts',
    imports,
    declarations,
    hasDynamicAccess: scopes.hasDynamicAccess,
    get calls() {
      calls ??= scopes.calls.map(({ node }) => callFact(compiler, tree, node)).filter(call => call !== undefined)
      return calls
    },
    get topLevelUses() {
      topLevelUses ??= topLevelUsesOf(compiler, tree)
      return topLevelUses
    },
  }
}

/** What is imported by one statement and exported by another. */
function givenOn({ imports, exports }: ModuleShape): ImportFact[] {
  return imports.flatMap(({ specifier, names, kind, isTypeOnly, start, end }) => {
    if (kind === 'export') return []
    const given = names.flatMap(({ name, local }) =>
      [...exports].flatMap(([exported, found]) => {
        const isFrom = found.kind === 'from' && found.specifier === specifier && found.name === name
        const isWhole = found.kind === 'value' && found.local === local
        return isFrom || isWhole ? [{ name, local: exported }] : []
      }),
    )
    return given.length > 0 ? [{ imported: specifier, names: given, isTypeOnly, isReExport: true, start, end }] : []
  })
}

function topLevelUsesOf(compiler: TypeScript, tree: ts.SourceFile): Set<string> {
  const uses = new Set<string>()
  for (const statement of tree.statements) {
    const isDeclaration =
      compiler.isImportDeclaration(statement) ||
      compiler.isExportDeclaration(statement) ||
      compiler.isVariableStatement(statement) ||
      isNamedDeclaration(compiler, statement)
    if (!isDeclaration) collectNames(compiler, statement, uses)
  }
  return uses
}

/** Whether users of the old declaration can use the new one as they did: nothing changed, or only optional parameters came last. */
export function isCompatibleShape(before: string, after: string): boolean {
  if (before === after) return true
  const [old, next] = [splitParameters(before), splitParameters(after)]
  if (!old || !next || old.head !== next.head || old.tail !== next.tail) return false
  const added = next.parameters.slice(old.parameters.length)
  const isPrefix = old.parameters.every((parameter, index) => parameter === next.parameters[index])
  return isPrefix && added.every(parameter => /^\.\.\.|^[\w$]+ \?|^[^=]* = /.test(parameter))
}

/** Parameters stand on lines of their own in a shape. */
function splitParameters(shape: string): { head: string; parameters: string[]; tail: string } | undefined {
  const lines = shape.split('\n')
  if (lines.length < 2) return undefined
  return { head: lines[0]!, parameters: lines.slice(1, -1), tail: lines.at(-1)! }
}

/** A gate asks most declarations for their shape, if anything: the rest is found when it is asked for. */
class LazyDeclaration implements DeclarationFact {
  readonly name: string
  readonly kind: DeclarationFact['kind']
  readonly isExported: boolean
  readonly exportedAs?: readonly string[]
  readonly container?: string
  readonly start: number
  readonly end: number
  readonly #ts: TypeScript
  readonly #tree: ts.SourceFile
  readonly #node: ts.Node
  #shape: string | undefined
  #signature: string | undefined
  #uses: ReadonlySet<string> | undefined

  constructor(
    compiler: TypeScript,
    tree: ts.SourceFile,
    node: ts.Node,
    known: Pick<DeclarationFact, 'name' | 'isExported' | 'exportedAs' | 'container'>,
  ) {
    this.#ts = compiler
    this.#tree = tree
    this.#node = node
    this.name = known.name
    this.isExported = known.isExported
    if (known.exportedAs) this.exportedAs = known.exportedAs
    if (known.container !== undefined) this.container = known.container
    this.kind = kindOf(compiler, node)
    this.start = node.getStart(tree)
    this.end = node.end
  }

  get shape(): string {
    this.#shape ??= shapeOf(this.#ts, this.#tree, this.#node)
    return this.#shape
  }

  get signature(): string {
    this.#signature ??= signatureOf(this.#ts, this.#tree, this.#node, this.name)
    return this.#signature
  }

  get uses(): ReadonlySet<string> {
    if (!this.#uses) {
      const uses = new Set<string>()
      collectNames(this.#ts, this.#node, uses)
      uses.delete(this.name)
      this.#uses = uses
    }
    return this.#uses
  }
}

function membersOf(
  compiler: TypeScript,
  tree: ts.SourceFile,
  node: ts.Node,
  container: string,
  isExported: boolean,
): DeclarationFact[] {
  const members: readonly ts.Node[] =
    compiler.isClassLike(node) || compiler.isInterfaceDeclaration(node) || compiler.isEnumDeclaration(node)
      ? node.members
      : []
  return members.flatMap(member => {
    if (!isNamedMember(compiler, member)) return []
    const known = { name: member.name.text, isExported: isExported && !isPrivate(compiler, member), container }
    return [new LazyDeclaration(compiler, tree, member, known)]
  })
}

function isNamedMember(
  compiler: TypeScript,
  node: ts.Node,
): node is (ts.ClassElement | ts.TypeElement | ts.EnumMember) & { name: ts.Identifier | ts.PrivateIdentifier } {
  const isMember = compiler.isClassElement(node) || compiler.isTypeElement(node) || compiler.isEnumMember(node)
  return (
    isMember && node.name !== undefined && (compiler.isIdentifier(node.name) || compiler.isPrivateIdentifier(node.name))
  )
}

function isPrivate(compiler: TypeScript, node: ts.ClassElement | ts.TypeElement | ts.EnumMember): boolean {
  if (node.name && compiler.isPrivateIdentifier(node.name)) return true
  const modifiers = compiler.canHaveModifiers(node) ? compiler.getModifiers(node) : undefined
  return modifiers?.some(each => each.kind === compiler.SyntaxKind.PrivateKeyword) ?? false
}

function kindOf(compiler: TypeScript, node: ts.Node): DeclarationFact['kind'] {
  if (compiler.isFunctionDeclaration(node)) return 'function'
  if (compiler.isClassLike(node)) return 'class'
  if (compiler.isInterfaceDeclaration(node)) return 'interface'
  if (compiler.isTypeAliasDeclaration(node)) return 'type'
  if (compiler.isEnumDeclaration(node)) return 'enum'
  if (compiler.isModuleDeclaration(node)) return 'module'
  if (compiler.isMethodDeclaration(node) || compiler.isMethodSignature(node)) return 'method'
  if (compiler.isVariableDeclaration(node))
    return node.initializer && functionIn(compiler, node.initializer) ? 'function' : 'variable'
  return compiler.isClassElement(node) || compiler.isTypeElement(node) || compiler.isEnumMember(node)
    ? 'field'
    : 'variable'
}

/** First line: what it is; then one line per parameter; last line: what it gives. Others: one line. */
function shapeOf(compiler: TypeScript, tree: ts.SourceFile, node: ts.Node): string {
  const text = (part: ts.Node | undefined) => (part ? tokensOf(compiler, part.getText(tree)) : '')
  const list = (parts: readonly ts.Node[] | undefined) => parts?.map(text).join(',') ?? ''
  const signature = (of: ts.SignatureDeclaration, head: string) =>
    [`${head}<${list(of.typeParameters)}>`, ...of.parameters.map(text), text(of.type)].join('\n')

  if (compiler.isVariableDeclaration(node) || compiler.isPropertyDeclaration(node)) {
    const inner = node.initializer && functionIn(compiler, node.initializer)
    if (node.type) return `value ${text(node.type)}`
    return inner
      ? signature(inner, 'function')
      : `value ${node.initializer ? valueShape(compiler, tree, node.initializer) : ''}`
  }
  if (compiler.isClassLike(node)) {
    const constructors = node.members.filter(member => compiler.isConstructorDeclaration(member))
    const built = constructors.map(each => each.parameters.map(text).join(',')).join('|')
    return `class<${list(node.typeParameters)}> ${list(node.heritageClauses)} (${built})`
  }
  if (compiler.isInterfaceDeclaration(node)) {
    // A new required member breaks whoever implements it; an optional one nobody.
    const required = node.members.filter(member => !member.questionToken).map(text)
    return `interface<${list(node.typeParameters)}> ${list(node.heritageClauses)} {${required.join(';')}}`
  }
  if (compiler.isEnumDeclaration(node)) return 'enum'
  if (compiler.isModuleDeclaration(node)) return `module ${text(node.body)}`
  if (compiler.isFunctionLike(node)) return signature(node, 'function')
  return text(node)
}

/** What can be told of a value from how it is made: kinds of literals, names of properties, not the bodies of functions. */
function valueShape(compiler: TypeScript, tree: ts.SourceFile, value: ts.Expression): string {
  if (compiler.isObjectLiteralExpression(value)) {
    const parts = value.properties.map(property => {
      const name = property.name?.getText(tree) ?? '...'
      if (compiler.isPropertyAssignment(property)) return `${name}:${valueShape(compiler, tree, property.initializer)}`
      if (compiler.isMethodDeclaration(property)) return `${name}:${shapeOf(compiler, tree, property)}`
      return name
    })
    return `{${parts.join(',')}}`
  }
  const inner = functionIn(compiler, value)
  if (inner) return shapeOf(compiler, tree, inner)
  if (compiler.isStringLiteralLike(value)) return 'string'
  if (compiler.isNumericLiteral(value)) return 'number'
  if (compiler.isArrayLiteralExpression(value)) return '[]'
  if (compiler.isAsExpression(value) || compiler.isSatisfiesExpression(value)) {
    return `${valueShape(compiler, tree, value.expression)} as ${tokensOf(compiler, value.type.getText(tree))}`
  }
  return compiler.isCallExpression(value) ? `${value.expression.getText(tree)}()` : 'value'
}

function functionIn(compiler: TypeScript, value: ts.Expression): ts.FunctionExpression | ts.ArrowFunction | undefined {
  const inner = compiler.isParenthesizedExpression(value) ? value.expression : value
  return compiler.isArrowFunction(inner) || compiler.isFunctionExpression(inner) ? inner : undefined
}

function signatureOf(compiler: TypeScript, tree: ts.SourceFile, node: ts.Node, name: string): string {
  const body = bodyOf(compiler, node)
  const text = body ? tree.text.slice(node.getStart(tree), body.getStart(tree)) : node.getText(tree)
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const shown = compiler.isVariableDeclaration(node) ? `const ${line}` : line
  return shown.length > 200 ? `${shown.slice(0, 199)}…` : shown || name
}

function bodyOf(compiler: TypeScript, node: ts.Node): ts.Node | undefined {
  if (compiler.isVariableDeclaration(node)) {
    return node.initializer && (functionIn(compiler, node.initializer)?.body ?? undefined)
  }
  return 'body' in node && node.body !== undefined && compiler.isFunctionLike(node)
    ? findBlock(compiler, node)
    : undefined
}

function findBlock(compiler: TypeScript, node: ts.Node): ts.Node | undefined {
  return compiler.forEachChild(node, child => (compiler.isBlock(child) ? child : undefined))
}

let scanner: ts.Scanner | undefined

/** Tokens with single blanks between them, so that formatting and comments do not count. */
function tokensOf(compiler: TypeScript, text: string): string {
  scanner ??= compiler.createScanner(compiler.ScriptTarget.ESNext, true, compiler.LanguageVariant.Standard)
  scanner.setText(text)
  const tokens: string[] = []
  while (scanner.scan() !== compiler.SyntaxKind.EndOfFileToken) tokens.push(scanner.getTokenText())
  return tokens.join(' ')
}

function collectNames(compiler: TypeScript, node: ts.Node, names: Set<string>): void {
  const visit = (each: ts.Node): void => {
    if (compiler.isIdentifier(each) || compiler.isPrivateIdentifier(each)) names.add(each.text)
    else compiler.forEachChild(each, visit)
  }
  visit(node)
}

function callFact(
  compiler: TypeScript,
  tree: ts.SourceFile,
  node: ts.CallExpression | ts.NewExpression,
): CallFact | undefined {
  const callee = node.expression
  const place = { start: node.getStart(tree), end: node.end }
  const isSpread = node.arguments?.some(argument => compiler.isSpreadElement(argument)) ?? false
  const count = isSpread ? {} : { argumentCount: node.arguments?.length ?? 0 }
  if (compiler.isIdentifier(callee)) return { name: callee.text, ...count, ...place }
  if (!compiler.isPropertyAccessExpression(callee)) return undefined
  return { name: callee.name.text, receiver: callee.expression.getText(tree), ...count, ...place }
}
