import type ts from 'typescript'
import type { TypeScript } from './typescript-parser'

/** What a file offers to others and takes from them, read from its top level alone. */
export interface ModuleShape {
  /** Has an import or export, so its names are its own. */
  isModule: boolean
  imports: readonly ModuleImport[]
  exports: ReadonlyMap<string, ModuleExport>
  /** Specifiers of `export * from`. */
  stars: readonly string[]
  /** It may offer more than can be seen: CommonJS, `export =`. */
  isOpen: boolean
  declarations: ReadonlyMap<string, readonly ts.Node[]>
  /** Modules it declares for others: `declare module 'x'`. */
  ambientModules: readonly string[]
}

export interface ModuleImport {
  specifier: string
  kind: 'import' | 'export' | 'import-equals'
  isTypeOnly: boolean
  /** undefined for a bare `import 'x'`, `export *` and the like. */
  names: readonly ModuleImportName[]
  /** Of the specifier, without its quotes. */
  start: number
  end: number
}

export interface ModuleImportName {
  /** `default` and `*` included. */
  name: string
  /** Empty where nothing is bound. */
  local: string
  /** The name under which `export … from` gives it on. */
  exported?: string
  isTypeOnly: boolean
  start: number
  end: number
}

export type ModuleExport =
  | { kind: 'local'; local: string }
  | { kind: 'from'; specifier: string; name: string }
  /** An expression, or all of another module, known here as `local`. */
  | { kind: 'value'; local?: string }

const shapes = new WeakMap<ts.SourceFile, ModuleShape>()

/** Reads the top level of a file; once per tree. */
export function moduleShapeOf(compiler: TypeScript, tree: ts.SourceFile): ModuleShape {
  const known = shapes.get(tree)
  if (known) return known
  const shape = readShape(compiler, tree)
  shapes.set(tree, shape)
  return shape
}

function readShape(compiler: TypeScript, tree: ts.SourceFile): ModuleShape {
  const imports: ModuleImport[] = []
  const exports = new Map<string, ModuleExport>()
  const stars: string[] = []
  const declarations = new Map<string, ts.Node[]>()
  const ambientModules: string[] = []
  let isModule = false
  let isOpen = false

  const declare = (name: string, node: ts.Node, isExported: boolean, isDefault: boolean) => {
    declarations.set(name, [...(declarations.get(name) ?? []), node])
    if (isDefault) exports.set('default', { kind: 'local', local: name })
    else if (isExported) exports.set(name, { kind: 'local', local: name })
  }

  for (const statement of tree.statements) {
    const { isExported, isDefault } = exportModifiers(compiler, statement)
    if (isExported) isModule = true
    if (compiler.isImportDeclaration(statement) && compiler.isStringLiteral(statement.moduleSpecifier)) {
      isModule = true
      imports.push(importOf(compiler, tree, statement, statement.moduleSpecifier))
    } else if (compiler.isImportEqualsDeclaration(statement)) {
      declare(statement.name.text, statement, isExported, false)
      const reference = statement.moduleReference
      if (compiler.isExternalModuleReference(reference) && compiler.isStringLiteral(reference.expression)) {
        isModule = true
        imports.push({
          ...specifierPlace(tree, reference.expression),
          kind: 'import-equals',
          isTypeOnly: statement.isTypeOnly,
          names: [nameOf(tree, statement.name, 'export=', statement.isTypeOnly)],
        })
      }
    } else if (compiler.isExportDeclaration(statement)) {
      isModule = true
      readExportDeclaration(compiler, tree, statement, imports, exports, stars)
    } else if (compiler.isExportAssignment(statement)) {
      isModule = true
      if (statement.isExportEquals) isOpen = true
      else if (compiler.isIdentifier(statement.expression)) {
        exports.set('default', { kind: 'local', local: statement.expression.text })
      } else exports.set('default', { kind: 'value' })
    } else if (compiler.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        eachBoundName(compiler, declaration.name, name => declare(name.text, declaration, isExported, false))
      }
    } else if (compiler.isModuleDeclaration(statement)) {
      if (compiler.isStringLiteral(statement.name)) ambientModules.push(statement.name.text)
      else declare(statement.name.text, statement, isExported, isDefault)
    } else if (isNamedDeclaration(compiler, statement)) {
      if (statement.name) declare(statement.name.text, statement, isExported, isDefault)
      else if (isDefault) exports.set('default', { kind: 'value' })
    }
  }
  // Without an explicit list, every declaration at the top of a declaration file is exported.
  if (tree.isDeclarationFile && isModule) {
    for (const name of declarations.keys()) if (!exports.has(name)) exports.set(name, { kind: 'local', local: name })
  }
  const reexported = new Map(
    imports.flatMap(each => each.names.map(name => [name.local, { from: each, name }] as const)),
  )
  for (const [name, found] of exports) {
    const origin = found.kind === 'local' && !declarations.has(found.local) ? reexported.get(found.local) : undefined
    if (!origin) continue
    const isWhole = origin.name.name === '*' || origin.name.name === 'export='
    exports.set(
      name,
      isWhole
        ? { kind: 'value', local: origin.name.local }
        : { kind: 'from', specifier: origin.from.specifier, name: origin.name.name },
    )
  }
  return { isModule, imports, exports, stars, isOpen: isOpen || !isModule, declarations, ambientModules }
}

function readExportDeclaration(
  compiler: TypeScript,
  tree: ts.SourceFile,
  statement: ts.ExportDeclaration,
  imports: ModuleImport[],
  exports: Map<string, ModuleExport>,
  stars: string[],
): void {
  const { moduleSpecifier: from, exportClause: clause, isTypeOnly } = statement
  const specifier = from && compiler.isStringLiteral(from) ? from : undefined
  const names: ModuleImportName[] = []
  if (!clause) {
    if (specifier) stars.push(specifier.text)
  } else if (compiler.isNamespaceExport(clause)) {
    exports.set(clause.name.text, { kind: 'value' })
    names.push({ ...nameOf(tree, clause.name, '*', isTypeOnly), local: '', exported: clause.name.text })
  } else {
    for (const element of clause.elements) {
      const inner = element.propertyName ?? element.name
      exports.set(
        element.name.text,
        specifier
          ? { kind: 'from', specifier: specifier.text, name: inner.text }
          : { kind: 'local', local: inner.text },
      )
      const isElementTypeOnly = isTypeOnly || element.isTypeOnly
      names.push({
        ...nameOf(tree, inner, inner.text, isElementTypeOnly),
        local: '',
        exported: element.name.text,
      })
    }
  }
  if (specifier) imports.push({ ...specifierPlace(tree, specifier), kind: 'export', isTypeOnly, names })
}

function importOf(
  compiler: TypeScript,
  tree: ts.SourceFile,
  statement: ts.ImportDeclaration,
  specifier: ts.StringLiteral,
): ModuleImport {
  const clause = statement.importClause
  const isTypeOnly = clause?.phaseModifier === compiler.SyntaxKind.TypeKeyword
  const names: ModuleImportName[] = []
  if (clause?.name) names.push(nameOf(tree, clause.name, 'default', isTypeOnly))
  const bindings = clause?.namedBindings
  if (bindings && compiler.isNamespaceImport(bindings)) names.push(nameOf(tree, bindings.name, '*', isTypeOnly))
  else if (bindings) {
    for (const element of bindings.elements) {
      const inner = element.propertyName ?? element.name
      names.push({
        ...nameOf(tree, inner, inner.text, isTypeOnly || element.isTypeOnly),
        local: element.name.text,
      })
    }
  }
  return { ...specifierPlace(tree, specifier), kind: 'import', isTypeOnly, names }
}

function nameOf(tree: ts.SourceFile, node: ts.ModuleExportName, name: string, isTypeOnly: boolean): ModuleImportName {
  return { name, local: node.text, isTypeOnly, start: node.getStart(tree), end: node.end }
}

function specifierPlace(tree: ts.SourceFile, literal: ts.StringLiteral) {
  return { specifier: literal.text, start: literal.getStart(tree) + 1, end: literal.end - 1 }
}

function exportModifiers(compiler: TypeScript, statement: ts.Statement): { isExported: boolean; isDefault: boolean } {
  const modifiers = compiler.canHaveModifiers(statement) ? compiler.getModifiers(statement) : undefined
  return {
    isExported: modifiers?.some(each => each.kind === compiler.SyntaxKind.ExportKeyword) ?? false,
    isDefault: modifiers?.some(each => each.kind === compiler.SyntaxKind.DefaultKeyword) ?? false,
  }
}

type NamedDeclaration =
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration
  | ts.EnumDeclaration

/** Functions, classes, interfaces, type aliases and enums. */
export function isNamedDeclaration(compiler: TypeScript, node: ts.Node): node is NamedDeclaration {
  return (
    compiler.isFunctionDeclaration(node) ||
    compiler.isClassDeclaration(node) ||
    compiler.isInterfaceDeclaration(node) ||
    compiler.isTypeAliasDeclaration(node) ||
    compiler.isEnumDeclaration(node)
  )
}

/** The names a declaration binds: one, or those of a pattern. */
export function eachBoundName(compiler: TypeScript, name: ts.BindingName, visit: (name: ts.Identifier) => void): void {
  if (compiler.isIdentifier(name)) visit(name)
  else {
    for (const element of name.elements) {
      if (compiler.isBindingElement(element)) eachBoundName(compiler, element.name, visit)
    }
  }
}
