import { transformSync } from 'esbuild'
import ts from 'typescript'
import { type Fault, type FaultRow, injected, inventedFrom, inventedPackage, misspelt, type Place } from './faults'

type Random = () => number
/** Texts of other files of the project, for what an import leads to; undefined when there is none. */
export type Neighbours = (path: string) => string | undefined

/** Every fault that can be put into a TypeScript or JavaScript file, by row. */
export function typeScriptFaults(
  path: string,
  text: string,
  random: Random,
  neighbours: Neighbours,
): Map<FaultRow, () => Fault | undefined> {
  const tree = parse(path, text)
  const isTypeScript = /\.[mc]?tsx?$/.test(path)
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  const one = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)]
  const chosen = (row: FaultRow, gate: Fault['gate'], places: readonly (Place & { kind: string })[]) => {
    const place = one(places)
    return place && { row, gate, kind: place.kind, place }
  }
  const faults = new Map<FaultRow, () => Fault | undefined>([
    [
      'syntax',
      () => {
        const kinds = [brackets, strayBrackets, quotes, keywords, truncations]
        for (let tries = 0; tries < 8; tries++) {
          const place = one(one(kinds)!(tree, nodes, text))
          // Another compiler says whether it is a fault at all.
          if (place && !isValid(path, injected(text, place)))
            return { row: 'syntax', gate: 'syntax', kind: place.kind, place }
        }
        return undefined
      },
    ],
    ['invented package', () => chosen('invented package', 'imports', packages(tree, text, random))],
    ['invented path', () => chosen('invented path', 'imports', relativePaths(tree))],
    ['invented named import', () => chosen('invented named import', 'imports', namedImports(tree, random))],
    ['invented function', () => chosen('invented function', 'calls', freeCalls(nodes, text, random))],
    ['wrong arity', () => chosen('wrong arity', 'calls', arities(tree, nodes, text, neighbours, random))],
    ['misspelt method', () => chosen('misspelt method', 'calls', methods(tree, nodes, text, random))],
  ])
  // JavaScript leaves out and adds arguments at will, and takes what a module has not got for `undefined`.
  if (!isTypeScript) for (const row of ['invented named import', 'wrong arity'] as const) faults.delete(row)
  return faults
}

function parse(path: string, text: string): ts.SourceFile {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : /ts$/.test(path) ? ts.ScriptKind.TS : ts.ScriptKind.JSX
  return ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true, kind)
}

type Places = (Place & { kind: string })[]

function isValid(path: string, text: string): boolean {
  const loader = path.endsWith('x') ? 'tsx' : /ts$/.test(path) ? 'ts' : 'jsx'
  try {
    transformSync(text, { loader, logLevel: 'silent', jsx: 'preserve' })
    return true
  } catch {
    return false
  }
}

/** Tokens of the tree, so that what is inside strings, comments and regular expressions is never taken for code. */
function tokens(tree: ts.SourceFile, nodes: readonly ts.Node[]): { kind: ts.SyntaxKind; start: number; end: number }[] {
  const found = new Map<number, { kind: ts.SyntaxKind; start: number; end: number }>()
  for (const node of nodes) {
    for (const child of node.getChildren(tree)) {
      if (ts.isToken(child) && child.end > child.getStart(tree)) {
        const start = child.getStart(tree)
        found.set(start, { kind: child.kind, start, end: child.end })
      }
    }
  }
  return [...found.values()]
}

const BRACKETS = new Set([
  ts.SyntaxKind.OpenBraceToken,
  ts.SyntaxKind.CloseBraceToken,
  ts.SyntaxKind.OpenParenToken,
  ts.SyntaxKind.CloseParenToken,
  ts.SyntaxKind.OpenBracketToken,
  ts.SyntaxKind.CloseBracketToken,
])

function brackets(tree: ts.SourceFile, nodes: readonly ts.Node[]): Places {
  return tokens(tree, nodes).flatMap(({ kind, start, end }) =>
    BRACKETS.has(kind) ? [{ start, end, text: '', kind: 'a bracket is missing' }] : [],
  )
}

function strayBrackets(tree: ts.SourceFile, nodes: readonly ts.Node[], text: string): Places {
  return tokens(tree, nodes).flatMap(({ kind, end }) =>
    BRACKETS.has(kind) && /[)}\]]/.test(text[end - 1]!)
      ? [{ start: end, end, text: text[end - 1]!, kind: 'a bracket too many' }]
      : [],
  )
}

function quotes(_: ts.SourceFile, nodes: readonly ts.Node[]): Places {
  return nodes.flatMap(node =>
    ts.isStringLiteral(node) ? [{ start: node.end - 1, end: node.end, text: '', kind: 'a quote is missing' }] : [],
  )
}

function keywords(tree: ts.SourceFile, nodes: readonly ts.Node[], text: string): Places {
  return tokens(tree, nodes).flatMap(({ kind, start, end }) => {
    if (kind < ts.SyntaxKind.FirstReservedWord || kind > ts.SyntaxKind.LastKeyword || end - start < 4) return []
    const word = text.slice(start, end)
    return [{ start, end, text: word[0]! + word[2]! + word[1]! + word.slice(3), kind: 'a keyword is misspelt' }]
  })
}

function truncations(tree: ts.SourceFile, nodes: readonly ts.Node[], text: string): Places {
  return nodes.flatMap(node =>
    ts.isBlock(node) && node.statements.length > 0
      ? [{ start: node.statements.at(-1)!.getStart(tree), end: text.length, text: '', kind: 'the end is missing' }]
      : [],
  )
}

function importSpecifiers(tree: ts.SourceFile): ts.StringLiteral[] {
  return tree.statements.flatMap(each =>
    (ts.isImportDeclaration(each) || ts.isExportDeclaration(each)) &&
    each.moduleSpecifier &&
    ts.isStringLiteral(each.moduleSpecifier)
      ? [each.moduleSpecifier]
      : [],
  )
}

function packages(tree: ts.SourceFile, text: string, random: Random): Places {
  const found = importSpecifiers(tree).filter(each => /^[a-z@][^:]*$/i.test(each.text))
  const near = found[Math.floor(random() * found.length)]
  const name = () => {
    const made = inventedPackage(near?.text.split('/')[0], random).replaceAll('_', '-')
    return random() < 0.15 ? `@acme/${made}` : random() < 0.1 ? `${made}/client` : made
  }
  const inserted: Places =
    ts.isExternalModule(tree) && !/^#!|^['"]use /.test(text)
      ? [{ start: 0, end: 0, text: `import { connect as zqConnect } from '${name()}'\n`, kind: 'an import is added' }]
      : []
  return [
    ...inserted,
    ...found.map(each => ({
      start: each.getStart(tree) + 1,
      end: each.end - 1,
      text: name(),
      kind: 'a package is renamed',
    })),
    ...requires(tree)
      .filter(each => /^[a-z@][^:]*$/i.test(each.text))
      .map(each => ({
        start: each.getStart(tree) + 1,
        end: each.end - 1,
        text: name(),
        kind: 'a required package is renamed',
      })),
  ]
}

/** `const x = require('x')` at the top of the file. */
function requires(tree: ts.SourceFile): ts.StringLiteral[] {
  return tree.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) =>
    declarationList.declarations.flatMap(({ initializer }) => {
      if (!initializer || !ts.isCallExpression(initializer)) return []
      const [argument] = initializer.arguments
      const isRequire = ts.isIdentifier(initializer.expression) && initializer.expression.text === 'require'
      return isRequire && argument && ts.isStringLiteral(argument) ? [argument] : []
    }),
  )
}

function relativePaths(tree: ts.SourceFile): Places {
  return [...importSpecifiers(tree), ...requires(tree)]
    .filter(each => /^[.#]/.test(each.text) && /\w$/.test(each.text))
    .map(each => {
      const extension = /\.\w+$/.exec(each.text)?.[0] ?? ''
      const place = each.end - 1 - extension.length
      return { start: place, end: place, text: '-helpers', kind: 'a path is renamed' }
    })
}

function namedImports(tree: ts.SourceFile, random: Random): Places {
  return tree.statements.filter(ts.isImportDeclaration).flatMap(({ importClause, moduleSpecifier }) => {
    const bindings = importClause?.namedBindings
    // Names of packages that are not installed cannot be known.
    const isVisible = ts.isStringLiteral(moduleSpecifier) && /^[.#]|^node:/.test(moduleSpecifier.text)
    if (!isVisible || !bindings || !ts.isNamedImports(bindings)) return []
    return bindings.elements.flatMap(({ name, propertyName }) => {
      const imported = propertyName ?? name
      if (imported.text.length < 3) return []
      const wrong = random() < 0.5 ? misspelt(imported.text, random) : inventedFrom(imported.text, random)
      if (wrong === imported.text) return []
      return [
        {
          start: imported.getStart(tree),
          end: imported.end,
          text: propertyName ? wrong : `${wrong} as ${name.text}`,
          kind: 'an imported name is made up',
        },
      ]
    })
  })
}

function freeCalls(nodes: readonly ts.Node[], text: string, random: Random): Places {
  return nodes.flatMap(node => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return []
    const { expression } = node
    const name = inventedFrom(expression.text, random)
    if (['require', 'import', 'super'].includes(expression.text) || new RegExp(`\\b${name}\\b`).test(text)) return []
    return [{ start: expression.getStart(), end: expression.end, text: name, kind: 'a called function is made up' }]
  })
}

interface Takes {
  required: number
  most: number
}

/** Calls of plain functions of this file or of a file it imports by a relative path. */
function arities(
  tree: ts.SourceFile,
  nodes: readonly ts.Node[],
  text: string,
  neighbours: Neighbours,
  random: Random,
): Places {
  const known = functionsOf(tree)
  for (const statement of tree.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    const bindings = statement.importClause?.namedBindings
    if (!statement.moduleSpecifier.text.startsWith('.') || !bindings || !ts.isNamedImports(bindings)) continue
    const target = neighbours(statement.moduleSpecifier.text)
    const theirs = target === undefined ? new Map<string, Takes>() : functionsOf(parse('a.ts', target))
    for (const { name, propertyName } of bindings.elements) {
      const takes = theirs.get((propertyName ?? name).text)
      if (takes) known.set(name.text, takes)
    }
  }
  return nodes.flatMap(node => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || node.arguments.some(ts.isSpreadElement))
      return []
    const takes = known.get(node.expression.text)
    // The name must mean that function everywhere in the file.
    const declared = text.match(
      new RegExp(`(?:const|let|var|function\\*?|class)\\s+${node.expression.text.replaceAll('$', '\\$')}\\b`, 'g'),
    )
    if (!takes || (declared?.length ?? 0) > 1 || isBoundInside(nodes, node.expression.text)) return []
    const open = node.arguments.pos
    if (takes.required > 0 && random() < 0.5)
      return [{ start: open, end: node.end - 1, text: '', kind: 'arguments are missing' }]
    const extra = Array.from({ length: takes.most - node.arguments.length + 1 }, () => 'undefined').join(', ')
    const comma = node.arguments.length > 0 && !node.arguments.hasTrailingComma ? ', ' : ''
    return [{ start: node.end - 1, end: node.end - 1, text: comma + extra, kind: 'an argument too many' }]
  })
}

function isBoundInside(nodes: readonly ts.Node[], name: string): boolean {
  return nodes.some(
    node =>
      (ts.isParameter(node) || ts.isBindingElement(node)) && ts.isIdentifier(node.name) && node.name.text === name,
  )
}

function functionsOf(tree: ts.SourceFile): Map<string, Takes> {
  const found = new Map<string, Takes>()
  const seen = new Set<string>()
  for (const statement of tree.statements) {
    if (!ts.isFunctionDeclaration(statement) || !statement.name) continue
    const name = statement.name.text
    const isOverloaded = seen.has(name) || !statement.body
    seen.add(name)
    const { parameters } = statement
    const isPlain =
      !isOverloaded &&
      !statement.typeParameters &&
      !parameters.some(
        each =>
          each.dotDotDotToken ||
          /^this$/.test(each.name.getText(tree)) ||
          /void|any|unknown/.test(each.type?.getText(tree) ?? ''),
      )
    if (!isPlain) found.delete(name)
    else
      found.set(name, {
        required: parameters.filter(each => !each.questionToken && !each.initializer).length,
        most: parameters.length,
      })
  }
  return found
}

const BUILT_IN = new Set(
  'Math JSON Object Array Number String Promise Date Reflect Symbol console process Buffer Map Set'.split(' '),
)

/**
 * Methods whose receiver says in this file what it is: a literal, `this` of a class, `new X()`, a variable or parameter that is
 * made by one of those or has its type written down as a class or interface of the project or as a built-in one, a namespace that
 * was imported whole, and the built-in objects.
 */
function methods(tree: ts.SourceFile, nodes: readonly ts.Node[], text: string, random: Random): Places {
  const namespaces = new Set<string>()
  const local = new Set<string>()
  const known = new Map<string, boolean[]>()
  for (const node of nodes) {
    if (ts.isNamespaceImport(node)) namespaces.add(node.name.text)
    if (ts.isImportClause(node) && node.name && /^['"]node:/.test(moduleOf(node)?.getText(tree) ?? ''))
      namespaces.add(node.name.text)
    if ((ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) && node.name) local.add(node.name.text)
    if (ts.isImportSpecifier(node) && /^['"][.#]/.test(moduleOf(node.parent.parent)?.getText(tree) ?? ''))
      local.add(node.name.text)
  }
  for (const node of nodes) {
    if (!ts.isVariableDeclaration(node) && !ts.isParameter(node) && !ts.isBindingElement(node)) continue
    if (!ts.isIdentifier(node.name)) continue
    const isSeen = !ts.isBindingElement(node) && isVisibleType(node, local)
    known.set(node.name.text, [...(known.get(node.name.text) ?? []), isSeen])
  }
  return nodes.flatMap(node => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return []
    const { name, expression: object, questionDotToken } = node.expression
    if (questionDotToken || name.text.length < 4 || !ts.isIdentifier(name)) return []
    const kind = receiverKind(object, namespaces, known)
    const wrong = misspelt(name.text, random)
    if (!kind || wrong === name.text || new RegExp(`\\b${wrong}\\b`).test(text)) return []
    return [{ start: name.getStart(tree), end: name.end, text: wrong, kind }]
  })
}

function moduleOf(clause: ts.ImportClause): ts.Expression | undefined {
  return ts.isImportDeclaration(clause.parent) ? clause.parent.moduleSpecifier : undefined
}

function receiverKind(
  object: ts.Expression,
  namespaces: ReadonlySet<string>,
  known: ReadonlyMap<string, boolean[]>,
): string | undefined {
  if (object.kind === ts.SyntaxKind.ThisKeyword) return isInClass(object) ? 'of `this`' : undefined
  if (
    ts.isStringLiteralLike(object) ||
    ts.isTemplateExpression(object) ||
    ts.isArrayLiteralExpression(object) ||
    ts.isRegularExpressionLiteral(object)
  )
    return 'of a literal'
  if (ts.isParenthesizedExpression(object) || ts.isNewExpression(object)) {
    const inner = ts.isParenthesizedExpression(object) ? object.expression : object
    return ts.isNewExpression(inner) && ts.isIdentifier(inner.expression) ? 'of `new X()`' : undefined
  }
  if (!ts.isIdentifier(object)) return undefined
  const bound = known.get(object.text)
  if (bound) return bound.every(Boolean) ? 'of a variable' : undefined
  if (namespaces.has(object.text)) return 'of a namespace'
  return BUILT_IN.has(object.text) ? 'of a built-in object' : undefined
}

function isInClass(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node.parent; at; at = at.parent) {
    if (ts.isFunctionExpression(at) || ts.isFunctionDeclaration(at) || ts.isObjectLiteralExpression(at)) return false
    if (ts.isClassLike(at)) return true
  }
  return false
}

const BUILT_IN_TYPES = new Set(
  'Map Set WeakMap WeakSet Date RegExp Promise Error URL Array ReadonlyArray ReadonlyMap ReadonlySet AbortController Uint8Array'.split(
    ' ',
  ),
)

function isVisibleType(node: ts.VariableDeclaration | ts.ParameterDeclaration, local: ReadonlySet<string>): boolean {
  if (node.type) {
    const { type } = node
    if (type.kind === ts.SyntaxKind.StringKeyword || ts.isArrayTypeNode(type)) return true
    return (
      ts.isTypeReferenceNode(type) &&
      ts.isIdentifier(type.typeName) &&
      (local.has(type.typeName.text) || BUILT_IN_TYPES.has(type.typeName.text))
    )
  }
  const value = node.initializer
  if (!value || ts.isParameter(node)) return false
  if (ts.isNewExpression(value))
    return (
      ts.isIdentifier(value.expression) &&
      (local.has(value.expression.text) || BUILT_IN_TYPES.has(value.expression.text))
    )
  return ts.isStringLiteralLike(value) || ts.isTemplateExpression(value) || ts.isArrayLiteralExpression(value)
}
