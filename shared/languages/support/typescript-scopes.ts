import type ts from 'typescript'
import { eachBoundName } from './typescript-modules'
import type { TypeScript } from './typescript-parser'

/** A region in which names are known; values and types share it, which only ever makes a name better known. */
export interface Scope {
  readonly parent: Scope | undefined
  readonly names: Map<string, Binding>
  /** Where `var` lands. */
  readonly isFunction: boolean
}

export interface Binding {
  readonly name: string
  /** Every declaration of it in this scope: overloads, merged interfaces. */
  readonly nodes: ts.Node[]
  isReassigned: boolean
}

export interface CallSite {
  readonly node: ts.CallExpression | ts.NewExpression
  readonly scope: Scope
  /** The class whose `this` this is; undefined where that is not certain. */
  readonly thisClass: ts.ClassLikeDeclaration | undefined
  readonly isStaticThis: boolean
  /** It runs only if something held: inside `try`, or behind a condition. */
  readonly isGuarded: boolean
}

/** `require('x')`, `import('x')`, `import x from 'x'` inside a type. */
export interface ModuleLoad {
  readonly specifier: string
  readonly kind: 'require' | 'dynamic' | 'import-type'
  readonly isGuarded: boolean
  /** Of the specifier, without its quotes. */
  readonly start: number
  readonly end: number
}

export interface ScopeAnalysis {
  readonly root: Scope
  readonly calls: readonly CallSite[]
  /** `<Name …>` with a capital letter. */
  readonly elements: readonly { name: ts.Identifier; scope: Scope }[]
  readonly loads: readonly ModuleLoad[]
  /** Every name the file declares anywhere, with the parameters of functions and the members of classes. */
  readonly declared: ReadonlySet<string>
  /** Names the file itself asks about (`typeof x`) or assigns without declaring: it knows they may come from elsewhere. */
  readonly probedNames: ReadonlySet<string>
  /** `eval` or `with` can bring in any name. */
  readonly isOpaque: boolean
  /** Code reaches members by computed names. */
  readonly hasDynamicAccess: boolean
}

/** Finds what a name means, from the inside out. */
export function lookUp(scope: Scope, name: string): Binding | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const binding = at.names.get(name)
    if (binding) return binding
  }
  return undefined
}

const analyses = new WeakMap<ts.SourceFile, ScopeAnalysis>()

/** Scopes, calls and loads of a file; once per tree. Throws RangeError on trees nested too deeply to be walked. */
export function scopesOf(compiler: TypeScript, tree: ts.SourceFile): ScopeAnalysis {
  const known = analyses.get(tree)
  if (known) return known
  const analysis = new ScopeWalk(compiler, tree).run()
  analyses.set(tree, analysis)
  return analysis
}

class ScopeWalk {
  readonly #ts: TypeScript
  readonly #tree: ts.SourceFile
  readonly #root: Scope = newScope(undefined, true)
  readonly #calls: CallSite[] = []
  readonly #elements: { name: ts.Identifier; scope: Scope }[] = []
  readonly #loads: ModuleLoad[] = []
  readonly #probed = new Set<string>()
  readonly #declared = new Set<string>()
  readonly #assigned: { name: string; scope: Scope }[] = []
  /** Blocks of one namespace see each other's names. */
  readonly #namespaces = new Map<Scope, Map<string, Scope>>()
  #isOpaque = false
  #hasDynamicAccess = false
  #scope = this.#root
  #thisClass: ts.ClassLikeDeclaration | undefined
  #isStaticThis = false
  #isGuarded = false
  #variableFlags = 0

  constructor(compiler: TypeScript, tree: ts.SourceFile) {
    this.#ts = compiler
    this.#tree = tree
  }

  run(): ScopeAnalysis {
    this.#children(this.#tree)
    for (const { name, scope } of this.#assigned) {
      const binding = lookUp(scope, name)
      if (binding) binding.isReassigned = true
      else this.#probed.add(name)
    }
    return {
      root: this.#root,
      calls: this.#calls,
      elements: this.#elements,
      loads: this.#loads,
      declared: this.#declared,
      probedNames: this.#probed,
      isOpaque: this.#isOpaque,
      hasDynamicAccess: this.#hasDynamicAccess,
    }
  }

  readonly #visit = (node: ts.Node) => {
    const { SyntaxKind } = this.#ts
    switch (node.kind) {
      case SyntaxKind.Identifier:
      case SyntaxKind.StringLiteral:
      case SyntaxKind.NumericLiteral:
        return
      case SyntaxKind.Block:
      case SyntaxKind.CaseBlock:
      case SyntaxKind.ForStatement:
      case SyntaxKind.ForInStatement:
      case SyntaxKind.ForOfStatement:
      case SyntaxKind.CatchClause:
        return this.#block(node)
      case SyntaxKind.IfStatement:
      case SyntaxKind.ConditionalExpression:
        if (this.#isNeverTrue(node)) return this.#withoutCalls(node)
        return this.#guarded(() => this.#children(node))
      case SyntaxKind.TryStatement:
        return this.#guarded(() => this.#children(node))
      case SyntaxKind.WithStatement:
        this.#isOpaque = true
        return this.#children(node)
      case SyntaxKind.TypeOfExpression:
        this.#probe(node)
        return this.#children(node)
      case SyntaxKind.ElementAccessExpression:
        this.#hasDynamicAccess ||= this.#isComputed(node)
        return this.#children(node)
      default:
        return this.#other(node)
    }
  }

  #other(node: ts.Node) {
    const compiler = this.#ts
    if (compiler.isFunctionLike(node)) return this.#function(node)
    if (compiler.isClassLike(node)) return this.#class(node)
    if (compiler.isVariableDeclaration(node)) {
      const isVar = (this.#variableFlags & compiler.NodeFlags.BlockScoped) === 0
      this.#bindPattern(node.name, node, isVar ? functionScopeOf(this.#scope) : this.#scope)
      return this.#children(node)
    }
    if (compiler.isVariableDeclarationList(node)) {
      const outer = this.#variableFlags
      this.#variableFlags = node.flags
      this.#children(node)
      this.#variableFlags = outer
      return
    }
    if (compiler.isInterfaceDeclaration(node) || compiler.isTypeAliasDeclaration(node)) {
      this.#bind(node.name.text, node, this.#scope)
      return this.#within(newScope(this.#scope, false), () => this.#children(node))
    }
    if (compiler.isTypeParameterDeclaration(node)) {
      this.#bind(node.name.text, node, this.#scope)
      return this.#children(node)
    }
    if (compiler.isMappedTypeNode(node) || compiler.isConditionalTypeNode(node)) {
      return this.#within(newScope(this.#scope, false), () => this.#children(node))
    }
    if (compiler.isEnumDeclaration(node)) {
      this.#bind(node.name.text, node, this.#scope)
      return this.#within(newScope(this.#scope, false), () => {
        for (const member of node.members) {
          if (compiler.isIdentifier(member.name)) this.#bind(member.name.text, member, this.#scope)
        }
        this.#children(node)
      })
    }
    if (compiler.isModuleDeclaration(node)) return this.#namespace(node)
    if (compiler.isImportClause(node) && node.name) this.#bind(node.name.text, node, this.#scope)
    else if (compiler.isNamespaceImport(node) || compiler.isImportSpecifier(node)) {
      this.#bind(node.name.text, node, this.#scope)
      return
    } else if (compiler.isImportEqualsDeclaration(node)) this.#bind(node.name.text, node, this.#scope)
    else if (compiler.isCallExpression(node) || compiler.isNewExpression(node)) this.#call(node)
    else if (compiler.isBinaryExpression(node)) return this.#binary(node)
    else if (compiler.isPrefixUnaryExpression(node) || compiler.isPostfixUnaryExpression(node)) {
      if (compiler.isIdentifier(node.operand)) this.#assign(node.operand)
    } else if (compiler.isJsxOpeningElement(node) || compiler.isJsxSelfClosingElement(node)) {
      const tag = node.tagName
      if (compiler.isIdentifier(tag) && /^[A-Z]/.test(tag.text)) this.#elements.push({ name: tag, scope: this.#scope })
    } else if (compiler.isImportTypeNode(node)) {
      const literal = compiler.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
      if (literal && compiler.isStringLiteral(literal)) this.#load(literal, 'import-type')
    }
    this.#children(node)
  }

  #block(node: ts.Node): void {
    const wasGuarded = this.#isGuarded
    this.#within(newScope(this.#scope, false), () => {
      if (this.#ts.isForInStatement(node) || this.#ts.isForOfStatement(node)) {
        if (this.#ts.isIdentifier(node.initializer)) this.#assign(node.initializer)
      }
      this.#children(node)
    })
    this.#isGuarded = wasGuarded
  }

  #function(node: ts.SignatureDeclaration): void {
    const compiler = this.#ts
    const parameters = node.parameters.map(each => each.getText(this.#tree)).join(',')
    this.#declared.add(`${node.name?.getText(this.#tree) ?? ''}(${parameters})`)
    if (compiler.isFunctionDeclaration(node) && node.name) {
      this.#bind(node.name.text, node, this.#scope)
      // Outside strict mode a function in a block is also known around it.
      const outer = functionScopeOf(this.#scope)
      if (outer !== this.#scope) this.#bind(node.name.text, node, outer)
    }
    const outerClass = this.#thisClass
    const outerStatic = this.#isStaticThis
    const isOwnMember = this.#thisClass?.members.some(member => member === node) ?? false
    if (!compiler.isArrowFunction(node) && !isOwnMember) this.#thisClass = undefined
    this.#within(newScope(this.#scope, true), () => {
      if (compiler.isFunctionExpression(node) && node.name) this.#bind(node.name.text, node, this.#scope)
      for (const parameter of node.parameters) {
        if (compiler.isParameter(parameter)) this.#bindPattern(parameter.name, parameter, this.#scope)
      }
      this.#children(node)
    })
    this.#thisClass = outerClass
    this.#isStaticThis = outerStatic
  }

  #class(node: ts.ClassLikeDeclaration): void {
    if (node.name && this.#ts.isClassDeclaration(node)) this.#bind(node.name.text, node, this.#scope)
    const outerClass = this.#thisClass
    const outerStatic = this.#isStaticThis
    this.#within(newScope(this.#scope, false), () => {
      if (node.name && !this.#ts.isClassDeclaration(node)) this.#bind(node.name.text, node, this.#scope)
      node.modifiers?.forEach(this.#visit)
      node.typeParameters?.forEach(this.#visit)
      node.heritageClauses?.forEach(this.#visit)
      this.#thisClass = node
      for (const member of node.members) {
        this.#declared.add(`.${member.name?.getText(this.#tree) ?? ''}`)
        this.#isStaticThis = hasStatic(this.#ts, member) || this.#ts.isClassStaticBlockDeclaration(member)
        this.#visit(member)
      }
    })
    this.#thisClass = outerClass
    this.#isStaticThis = outerStatic
  }

  #namespace(node: ts.ModuleDeclaration) {
    const isNamed = this.#ts.isIdentifier(node.name) && node.name.text !== 'global'
    if (isNamed) this.#bind(node.name.text, node, this.#scope)
    // What is declared for the whole world is known here too.
    if (!isNamed && !this.#ts.isStringLiteral(node.name)) return this.#children(node)
    const siblings = this.#namespaces.get(this.#scope) ?? new Map<string, Scope>()
    this.#namespaces.set(this.#scope, siblings)
    const inner = siblings.get(node.name.text) ?? newScope(this.#scope, true)
    siblings.set(node.name.text, inner)
    this.#within(inner, () => {
      const body = node.body
      // The block of a namespace is the namespace's own scope.
      if (body && this.#ts.isModuleBlock(body)) body.statements.forEach(this.#visit)
      else if (body) this.#visit(body)
    })
  }

  #call(node: ts.CallExpression | ts.NewExpression): void {
    const compiler = this.#ts
    this.#calls.push({
      node,
      scope: this.#scope,
      thisClass: this.#thisClass,
      isStaticThis: this.#isStaticThis,
      isGuarded: this.#isGuarded,
    })
    const [first] = node.arguments ?? []
    const callee = node.expression
    if (compiler.isIdentifier(callee) && callee.text === 'eval') this.#isOpaque = true
    if (!first || !compiler.isStringLiteralLike(first)) return
    if (callee.kind === compiler.SyntaxKind.ImportKeyword) this.#load(first, 'dynamic')
    else if (compiler.isIdentifier(callee) && callee.text === 'require' && !lookUp(this.#scope, 'require')) {
      this.#load(first, 'require')
    }
  }

  #binary(node: ts.BinaryExpression): void {
    const { SyntaxKind } = this.#ts
    const operator = node.operatorToken.kind
    if (operator >= SyntaxKind.FirstAssignment && operator <= SyntaxKind.LastAssignment) this.#assignPattern(node.left)
    const isCondition =
      operator === SyntaxKind.AmpersandAmpersandToken ||
      operator === SyntaxKind.BarBarToken ||
      operator === SyntaxKind.QuestionQuestionToken
    if (isCondition) this.#guarded(() => this.#children(node))
    else this.#children(node)
  }

  /** `if (false)`, `false ? a() : b()`: what bundlers leave of code for other builds. */
  #isNeverTrue(node: ts.Node): node is ts.IfStatement | ts.ConditionalExpression {
    const condition = this.#ts.isIfStatement(node)
      ? node.expression
      : this.#ts.isConditionalExpression(node)
        ? node.condition
        : undefined
    return condition?.kind === this.#ts.SyntaxKind.FalseKeyword
  }

  /** What runs never calls nothing. */
  #withoutCalls(node: ts.IfStatement | ts.ConditionalExpression): void {
    const [never, otherwise] = this.#ts.isIfStatement(node)
      ? [node.thenStatement, node.elseStatement]
      : [node.whenTrue, node.whenFalse]
    const known = this.#calls.length
    this.#visit(never)
    this.#calls.length = known
    if (otherwise) this.#visit(otherwise)
  }

  #load(literal: ts.StringLiteralLike, kind: ModuleLoad['kind']): void {
    const start = literal.getStart(this.#tree) + 1
    this.#loads.push({ specifier: literal.text, kind, isGuarded: this.#isGuarded, start, end: literal.end - 1 })
  }

  #probe(node: ts.Node): void {
    if (!this.#ts.isTypeOfExpression(node)) return
    const operand = node.expression
    if (this.#ts.isIdentifier(operand)) this.#probed.add(operand.text)
  }

  #isComputed(node: ts.Node): boolean {
    if (!this.#ts.isElementAccessExpression(node)) return false
    return !this.#ts.isStringLiteralLike(node.argumentExpression) && !this.#ts.isNumericLiteral(node.argumentExpression)
  }

  #assignPattern(target: ts.Expression): void {
    const compiler = this.#ts
    if (compiler.isIdentifier(target)) this.#assign(target)
    else if (compiler.isParenthesizedExpression(target)) this.#assignPattern(target.expression)
    else if (compiler.isArrayLiteralExpression(target)) {
      for (const element of target.elements)
        this.#assignPattern(compiler.isSpreadElement(element) ? element.expression : element)
    } else if (compiler.isObjectLiteralExpression(target)) {
      for (const property of target.properties) {
        if (compiler.isShorthandPropertyAssignment(property)) this.#assign(property.name)
        else if (compiler.isPropertyAssignment(property)) this.#assignPattern(property.initializer)
        else if (compiler.isSpreadAssignment(property)) this.#assignPattern(property.expression)
      }
    } else if (compiler.isBinaryExpression(target)) this.#assignPattern(target.left)
  }

  #assign(target: ts.Identifier): void {
    this.#assigned.push({ name: target.text, scope: this.#scope })
  }

  #bindPattern(name: ts.BindingName, node: ts.Node, scope: Scope): void {
    eachBoundName(this.#ts, name, each => this.#bind(each.text, each === name ? node : each, scope))
  }

  #bind(name: string, node: ts.Node, scope: Scope): void {
    this.#declared.add(name)
    const binding = scope.names.get(name)
    if (binding) binding.nodes.push(node)
    else scope.names.set(name, { name, nodes: [node], isReassigned: false })
  }

  #children(node: ts.Node): void {
    this.#ts.forEachChild(node, this.#visit)
  }

  #within(scope: Scope, walk: () => void): void {
    const outer = this.#scope
    this.#scope = scope
    walk()
    this.#scope = outer
  }

  #guarded(walk: () => void): void {
    const was = this.#isGuarded
    this.#isGuarded = true
    walk()
    this.#isGuarded = was
  }
}

function newScope(parent: Scope | undefined, isFunction: boolean): Scope {
  return { parent, names: new Map(), isFunction }
}

function functionScopeOf(scope: Scope): Scope {
  let at = scope
  while (!at.isFunction && at.parent) at = at.parent
  return at
}

function hasStatic(compiler: TypeScript, node: ts.Node): boolean {
  const modifiers = compiler.canHaveModifiers(node) ? compiler.getModifiers(node) : undefined
  return modifiers?.some(each => each.kind === compiler.SyntaxKind.StaticKeyword) ?? false
}
