import type ts from 'typescript'
import { escaped } from '#shared/base/escaped'
import type { Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { ancestorsOf, folderOf, joinPath } from './ancestors'
import { didYouMean } from './nearest-name'
import { callRanges, constructorRanges, describeRanges, headOf } from './typescript-arity'
import { loadTypeScriptBuiltins, type TypeScriptBuiltins } from './typescript-builtins'
import { moduleExportsOf } from './typescript-exports'
import { DeclarationFinder, type Declared } from './typescript-members'
import { moduleShapeOf } from './typescript-modules'
import { loadTypeScript, parseErrorsOf, parseTypeScript, type TypeScript } from './typescript-parser'
import { isProvidedEverywhere, isProvidedHere } from './typescript-provided'
import { typeScriptResolverOf } from './typescript-resolver'
import { type Binding, type CallSite, lookUp, type Scope, scopesOf } from './typescript-scopes'

/** The newest Node the tables know; see scripts/make-typescript-tables.mjs. */
const KNOWN_NODE_MAJOR = 24

/**
 * Calls of what does not exist, and with arguments it cannot take: `unknown-function`, `unknown-component`, `unknown-member`,
 * `wrong-arity`. Only what can be seen for certain: no types are inferred beyond what is written down.
 */
export async function checkTypeScriptCalls(
  source: SourceFile,
  project: ProjectView,
  before?: SourceFile,
): Promise<Judgement> {
  const tree = await parseTypeScript(source)
  if (tree.kind === 'unknown') return tree
  if (parseErrorsOf(tree).length > 0) return { kind: 'unknown', reason: 'it does not parse' }
  const compiler = await loadTypeScript()
  const treeBefore = before && (await parseTypeScript(before))
  const isKnown = treeBefore && treeBefore.kind !== 'unknown' && parseErrorsOf(treeBefore).length === 0
  const known = isKnown ? knownCalls(compiler, treeBefore, tree) : new Set<string>()
  const check = new CallCheck(compiler, await loadTypeScriptBuiltins(), source, tree, project, known)
  return { kind: 'judged', problems: await check.run() }
}

/** Calls that mean after the change what they meant before: everything that was declared then still is, and takes what it took. */
function knownCalls(compiler: TypeScript, before: ts.SourceFile, after: ts.SourceFile): Set<string> {
  const scopes = scopesOf(compiler, before)
  const later = scopesOf(compiler, after).declared
  for (const declared of scopes.declared) if (!later.has(declared)) return new Set()
  return new Set([
    ...scopes.calls.map(call => callKey(before, call)),
    ...scopes.elements.map(({ name }) => `<${name.text}`),
  ])
}

function callKey(tree: ts.SourceFile, { node, isGuarded }: CallSite): string {
  return `${node.kind} ${node.expression.getText(tree)} ${node.arguments?.length} ${isGuarded}`
}

class CallCheck {
  readonly #ts: TypeScript
  readonly #builtins: TypeScriptBuiltins
  readonly #source: SourceFile
  readonly #tree: ts.SourceFile
  readonly #project: ProjectView
  readonly #finder: DeclarationFinder
  readonly #isTypeScript: boolean
  /** Calls that need not be judged again; see `callKey`. */
  readonly #known: ReadonlySet<string>
  readonly #problems: Problem[] = []
  /** Called, and neither declared here nor part of the language; something else may provide them. */
  readonly #foreignNames = new Set<string>()

  constructor(
    compiler: TypeScript,
    builtins: TypeScriptBuiltins,
    source: SourceFile,
    tree: ts.SourceFile,
    project: ProjectView,
    known: ReadonlySet<string>,
  ) {
    this.#ts = compiler
    this.#builtins = builtins
    this.#source = source
    this.#tree = tree
    this.#project = project
    this.#known = known
    this.#finder = new DeclarationFinder(compiler, project)
    this.#isTypeScript = /\.[mc]?tsx?$/.test(source.path)
  }

  async run(): Promise<Problem[]> {
    // A declaration file calls nothing; `@ts-nocheck` asks for peace.
    if (this.#tree.isDeclarationFile || /^\s*\/\/\s*@ts-nocheck/m.test(this.#source.text)) return []
    const scopes = scopesOf(this.#ts, this.#tree)
    const canNameBeForeign = scopes.isOpaque || !this.#hasOwnScope()
    for (const call of scopes.calls) {
      if (this.#known.size > 0 && this.#known.has(callKey(this.#tree, call))) continue
      const callee = call.node.expression
      if (this.#ts.isIdentifier(callee)) {
        const binding = lookUp(call.scope, callee.text)
        if (binding) await this.#arity(call, callee, binding)
        else if (!canNameBeForeign) await this.#undeclared(callee, call.scope, 'unknown-function')
      } else if (this.#ts.isPropertyAccessExpression(callee) && !callee.questionDotToken)
        await this.#member(call, callee)
    }
    for (const { name, scope } of scopes.elements) {
      if (this.#known.has(`<${name.text}`)) continue
      if (!canNameBeForeign && !lookUp(scope, name.text)) await this.#undeclared(name, scope, 'unknown-component')
    }
    return this.#withoutDialects(this.#problems.filter(problem => !this.#isExpected(problem)))
  }

  /** A JavaScript file that calls many unknown names is written for a host that provides them, such as a grammar generator. */
  #withoutDialects(problems: Problem[]): Problem[] {
    if (this.#isTypeScript || this.#foreignNames.size < DIALECT_NAMES) return problems
    return problems.map(each => (each.kind === 'unknown-function' ? { ...each, certainty: 'likely' } : each))
  }

  /** Whether the file's names are its own: an ES or CommonJS module. */
  #hasOwnScope(): boolean {
    return (
      moduleShapeOf(this.#ts, this.#tree).isModule ||
      /\brequire\(|\bmodule\.exports\b|\bexports\.\w/.test(this.#source.text)
    )
  }

  async #undeclared(name: ts.Identifier, scope: Scope, kind: 'unknown-function' | 'unknown-component'): Promise<void> {
    const text = name.text
    if (
      isProvidedEverywhere(text) ||
      this.#builtins.isGlobal(text) ||
      scopesOf(this.#ts, this.#tree).probedNames.has(text)
    )
      return
    this.#foreignNames.add(text)
    if (await isProvidedHere(text, this.#source, this.#project)) return
    this.#report({
      kind,
      node: name,
      key: text,
      message: `\`${text}\` is neither declared nor imported in this file`,
      suggestion:
        didYouMean(text, [...visibleNames(scope), ...this.#builtins.globals]) ??
        `declare \`${text}\`, or import it from where it is`,
      isCertain: true,
    })
  }

  async #arity(call: CallSite, callee: ts.Identifier, binding: Binding): Promise<void> {
    if (
      !this.#isTypeScript ||
      binding.isReassigned ||
      call.node.arguments?.some(each => this.#ts.isSpreadElement(each))
    )
      return
    const declared = await this.#finder.declarationOf(binding, this.#source.path, this.#tree)
    if (!declared || /\.[mc]?jsx?$/.test(declared.path)) return
    const ranges = this.#ts.isNewExpression(call.node)
      ? constructorRanges(this.#ts, declared)
      : callRanges(this.#ts, declared)
    const count = call.node.arguments?.length ?? 0
    if (!ranges || ranges.length === 0 || ranges.some(({ min, max }) => count >= min && count <= max)) return
    this.#report({
      kind: 'wrong-arity',
      node: callee,
      key: `${callee.text} ${count}`,
      message: `\`${callee.text}\` takes ${describeRanges(ranges)}, not ${count}`,
      suggestion: `it is declared as \`${headOf(declared)}\``,
      isCertain: true,
    })
  }

  async #member(call: CallSite, callee: ts.PropertyAccessExpression): Promise<void> {
    const compiler = this.#ts
    const object = callee.expression
    const name = callee.name.text
    if (compiler.isPrivateIdentifier(callee.name)) return
    if (object.kind === compiler.SyntaxKind.ThisKeyword) {
      if (!call.thisClass || call.thisClass.members.length === 0) return
      const owner = call.thisClass.name ? (lookUp(call.scope, call.thisClass.name.text)?.nodes ?? []) : []
      // An interface of the same name adds members to the class.
      const nodes = owner.includes(call.thisClass) ? owner : [call.thisClass]
      return this.#memberOf({ path: this.#source.path, tree: this.#tree, nodes }, callee, 'this', call)
    }
    const receiver = compiler.isParenthesizedExpression(object) ? object.expression : object
    const literal = this.#typeOfLiteral(receiver)
    if (literal) return this.#builtinMember(literal, callee, call)
    if (compiler.isNewExpression(receiver)) return this.#builtMember(receiver, callee, call, 'the new object')
    if (!compiler.isIdentifier(object)) return
    const binding = lookUp(call.scope, object.text)
    if (!binding) {
      const statics = this.#builtins.staticsOf(object.text)
      if (statics && !statics.includes(name)) await this.#unknownBuiltin(callee, object.text, statics)
      return
    }
    // A type and a value may share a name: what the one has says nothing of the other.
    if (binding.nodes.length > 1 && binding.nodes.some(each => compiler.isImportSpecifier(each))) return
    const [node] = binding.nodes
    const isVariable = node && (compiler.isVariableDeclaration(node) || compiler.isParameter(node))
    // In TypeScript, what is assigned to a variable has the type that is written at it.
    if (!node || (binding.isReassigned && !(this.#isTypeScript && isVariable && node.type))) return
    const module = this.#finder.moduleOf(binding, this.#tree)
    if (module) return this.#moduleMember(module, callee)
    if (isVariable) {
      const reported = this.#problems.length
      await this.#variableMember(node, callee, call)
      // Looking for a check costs a search through the file, so only for what would be reported.
      if (this.#problems.length > reported && this.#mayBeNarrowed(object.text)) this.#problems.length = reported
      return
    }
    if (!this.#isTypeScript) return
    const declared = await this.#finder.declarationOf(binding, this.#source.path, this.#tree)
    if (declared?.nodes.every(each => !this.#ts.isVariableDeclaration(each) || isConstant(this.#ts, each))) {
      await this.#memberOf(declared, callee, object.text, call)
    }
  }

  async #variableMember(
    node: ts.VariableDeclaration | ts.ParameterDeclaration,
    callee: ts.PropertyAccessExpression,
    call: CallSite,
  ): Promise<void> {
    const compiler = this.#ts
    if (!compiler.isIdentifier(node.name)) return
    if (node.type) {
      const type = await this.#finder.typeNamed(node.type, call.scope, this.#source.path, this.#tree)
      if (!type) return
      return 'builtin' in type
        ? this.#builtinMember(type.builtin, callee, call)
        : this.#memberOf(type, callee, node.name.text, call)
    }
    const value = node.initializer
    if (!value || !compiler.isVariableDeclaration(node)) return
    const literal = this.#typeOfLiteral(value)
    if (literal) return this.#builtinMember(literal, callee, call)
    if (compiler.isNewExpression(value)) return this.#builtMember(value, callee, call, node.name.text)
    if (this.#isTypeScript && compiler.isObjectLiteralExpression(value)) {
      await this.#memberOf({ path: this.#source.path, tree: this.#tree, nodes: [node] }, callee, node.name.text, call)
    }
  }

  /** The built-in type of a literal. */
  #typeOfLiteral(value: ts.Expression): string | undefined {
    const compiler = this.#ts
    if (compiler.isStringLiteralLike(value) || compiler.isTemplateExpression(value)) return 'String'
    if (compiler.isArrayLiteralExpression(value)) return 'Array'
    return compiler.isRegularExpressionLiteral(value) ? 'RegExp' : undefined
  }

  /** A member of what `new X()` makes. */
  async #builtMember(
    value: ts.NewExpression,
    callee: ts.PropertyAccessExpression,
    call: CallSite,
    receiver: string,
  ): Promise<void> {
    if (!this.#ts.isIdentifier(value.expression)) return
    const built = lookUp(call.scope, value.expression.text)
    if (!built) return this.#builtinMember(value.expression.text, callee, call)
    const declared = await this.#finder.declarationOf(built, this.#source.path, this.#tree)
    if (declared && (this.#isTypeScript || declared.nodes.every(each => this.#ts.isClassLike(each))))
      await this.#memberOf(declared, callee, receiver, call)
  }

  /** Whether a check in the file may tell the compiler more about a variable than its declaration does. */
  #mayBeNarrowed(name: string): boolean {
    const word = escaped(name)
    const text = this.#source.text
    return (
      new RegExp(`(?<![\\w$.])${word}\\s+instanceof\\b|\\bin\\s+${word}(?![\\w$])`).test(text) ||
      new RegExp(
        `(?:is|has|assert|expect|invariant|check|ensure|guard|match|test|assign|extend|mixin)\\w*(?:<[^>]*>)?\\(\\s*${word}\\s*[,)]`,
        'i',
      ).test(text)
    )
  }

  async #memberOf(
    declared: Declared,
    callee: ts.PropertyAccessExpression,
    receiver: string,
    call: CallSite,
  ): Promise<void> {
    const name = callee.name.text
    const members = await this.#finder.membersOf(declared)
    if (!members || members.has(name) || this.#isAssignedHere(receiver, name)) return
    const [node] = declared.nodes
    const owner = node && 'name' in node && node.name && this.#isNamed(node.name) ? node.name.text : receiver
    if (await this.#isAugmented(owner, name)) return
    const suggestion = didYouMean(name, members)
    // In JavaScript a subclass, a mixin or another file may bring it.
    if (!this.#isTypeScript && suggestion === undefined) return
    this.#report({
      kind: 'unknown-member',
      node: callee.name,
      key: `${receiver}.${name}`,
      message: `\`${owner}\` has no \`${name}\``,
      suggestion: suggestion ?? `it has ${listOf(members)}`,
      isCertain: this.#isTypeScript && !(call.isGuarded && this.#mayBeAsked(receiver, name)),
    })
  }

  #isNamed(node: unknown): node is ts.Identifier {
    return typeof node === 'object' && node !== null && 'text' in node && typeof node.text === 'string'
  }

  async #builtinMember(type: string, callee: ts.PropertyAccessExpression, call: CallSite): Promise<void> {
    const members = this.#builtins.instanceMembersOf(type)
    const name = callee.name.text
    if (!members || members.includes(name)) return
    if (call.isGuarded && this.#mayBeAsked(callee.expression.getText(this.#tree), name)) return
    await this.#unknownBuiltin(callee, type, members)
  }

  /** Whether a condition in the file may have asked for a member: by naming it, or by handing its owner to a function. */
  #mayBeAsked(receiver: string, name: string): boolean {
    const [owner, member] = [escaped(receiver), escaped(name)]
    const text = this.#source.text
    if (new RegExp(`\\.${member}(?![\\w$(])|['"\`]${member}['"\`]`).test(text)) return true
    // Only what has a name can be handed over and still be the same.
    if (!/^[\w$]+$/.test(receiver)) return false
    return new RegExp(`[\\w$>]\\((?:[^()]*,)?\\s*${owner}\\s*[,)]|\\bin\\s+${owner}(?![\\w$])`).test(text)
  }

  async #moduleMember(
    module: { specifier: string; isNamespace: boolean },
    callee: ts.PropertyAccessExpression,
  ): Promise<void> {
    const name = callee.name.text
    const target = await typeScriptResolverOf(this.#project).resolve(module.specifier, this.#source.path)
    if (target.kind === 'builtin') {
      const names = this.#builtins.exportsOfNodeModule(target.name)
      if (names && !names.includes(name) && !FUNCTION_NAMES.has(name))
        await this.#unknownBuiltin(callee, target.name, names)
      return
    }
    if (!module.isNamespace || target.kind !== 'file' || !this.#isTypeScript) return
    const found = await moduleExportsOf(this.#project).find(target.path, name)
    if (found.kind !== 'absent' || (!target.isProject && (await this.#isAugmented(module.specifier, name)))) return
    this.#report({
      kind: 'unknown-member',
      node: callee.name,
      key: `${module.specifier}.${name}`,
      message: `\`${name}\` does not exist in ${module.specifier}`,
      suggestion: didYouMean(name, found.names) ?? `it exports ${listOf(found.names)}`,
      isCertain: true,
    })
  }

  /** Platforms grow and are patched: only a name close to an existing one is certainly a slip. */
  async #unknownBuiltin(callee: ts.PropertyAccessExpression, owner: string, names: readonly string[]): Promise<void> {
    const name = callee.name.text
    const receiver = callee.expression.getText(this.#tree)
    if (this.#isAssignedHere(receiver, name) || (await this.#isAugmented(owner, name))) return
    const suggestion = didYouMean(name, [...names, ...FUNCTION_NAMES])
    this.#report({
      kind: 'unknown-member',
      node: callee.name,
      key: `${owner}.${name}`,
      message: `\`${name}\` does not exist in ${owner}`,
      suggestion: suggestion ?? 'check the name in its documentation',
      isCertain: suggestion !== undefined && !(await this.#usesNewerNode()),
    })
  }

  /** `receiver.name = …` or a patched prototype in this very file. */
  #isAssignedHere(receiver: string, name: string): boolean {
    const text = this.#source.text
    const [object, member] = [escaped(receiver), escaped(name)]
    return (
      new RegExp(`(?<![\\w$])${object}\\.${member}\\s*(?:=(?!=)|\\|\\|=|\\?\\?=)`).test(text) ||
      new RegExp(`prototype\\.${member}\\b|['"]${member}['"]`).test(text) ||
      new RegExp(`(?:assign|extend|mixin|definePropert(?:y|ies))\\(\\s*${object}\\b`).test(text)
    )
  }

  /** Whether a declaration file of the project mentions both: then it may add the one to the other. */
  async #isAugmented(owner: string, name: string): Promise<boolean> {
    const texts = await typeScriptResolverOf(this.#project).declarationTexts()
    return texts.some(text => text.includes(owner) && new RegExp(`(?<![\\w$])${escaped(name)}(?![\\w$])`).test(text))
  }

  async #usesNewerNode(): Promise<boolean> {
    for (const ancestor of ancestorsOf(folderOf(this.#source.path), this.#project.root)) {
      const types = (await this.#project.read(joinPath(ancestor, 'node_modules/@types/node/package.json'))) ?? ''
      const version = (await this.#project.read(joinPath(ancestor, '.nvmrc'))) ?? ''
      const majors = [/"version":\s*"(\d+)/.exec(types)?.[1], /^\s*v?(\d+)/.exec(version)?.[1]]
      if (majors.some(major => Number(major) > KNOWN_NODE_MAJOR)) return true
    }
    return false
  }

  /** A test of the type checker, or a known gap: the author says so on the line before. */
  #isExpected(problem: Problem): boolean {
    const lineStart = this.#source.text.lastIndexOf('\n', problem.start - 1)
    const previous = this.#source.text.slice(
      this.#source.text.lastIndexOf('\n', lineStart - 1) + 1,
      Math.max(lineStart, 0),
    )
    return /@ts-(?:ignore|expect-error)/.test(previous)
  }

  #report(found: {
    kind: string
    node: ts.Node
    key: string
    message: string
    suggestion: string
    isCertain: boolean
  }): void {
    this.#problems.push({
      kind: found.kind,
      certainty: found.isCertain ? 'certain' : 'likely',
      key: `${found.kind} ${found.key}`,
      start: found.node.getStart(this.#tree),
      end: found.node.end,
      message: found.message,
      suggestion: found.suggestion,
    })
  }
}

/** A slip invents one name, perhaps two; a dialect has its own vocabulary. */
const DIALECT_NAMES = 3

const FUNCTION_NAMES = new Set([
  'apply',
  'call',
  'bind',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'default',
  'constructor',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
])

function isConstant(compiler: TypeScript, node: ts.VariableDeclaration): boolean {
  return node.initializer !== undefined && compiler.isObjectLiteralExpression(node.initializer)
}

function visibleNames(scope: Scope): string[] {
  const names: string[] = []
  for (let at: Scope | undefined = scope; at; at = at.parent) names.push(...at.names.keys())
  return names
}

function listOf(names: Iterable<string>): string {
  const all = [...names].filter(
    name => !FUNCTION_NAMES.has(name) && !['name', 'length', 'prototype', 'caller', 'arguments'].includes(name),
  )
  const shown = all.slice(0, 8).map(name => `\`${name}\``)
  if (shown.length === 0) return 'nothing'
  return all.length > shown.length ? `${shown.join(', ')} and ${all.length - shown.length} more` : shown.join(', ')
}
