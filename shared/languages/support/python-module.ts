import { type SyntaxNode, type SyntaxTree, visitTree } from './tree-sitter'

/** What one Python file binds, imports and calls; every name counts wherever in the file it is bound. */
export interface PythonModule {
  readonly text: string
  readonly root: SyntaxNode
  readonly imports: readonly PythonImport[]
  /** By name, in any scope. */
  readonly bindings: ReadonlyMap<string, readonly PythonBinding[]>
  readonly functions: readonly PythonFunction[]
  readonly classes: readonly PythonClass[]
  readonly calls: readonly PythonCall[]
  /** Names may be used that nothing shows: `globals()`, `eval`, `vars(self)`. */
  readonly isDynamic: boolean
  /** Code in the file may see plain names that no binding shows: `globals().update(…)`. */
  readonly bindsUnseen: boolean
  /** Importers may see names that no binding shows: those, or whatever a module `__getattr__` makes up. */
  readonly exposesUnseen: boolean
  /** Parts of the file did not parse; what is bound there is unknown. */
  readonly isBroken: boolean
}

export interface PythonImport {
  /** Leading dots; 0 for an absolute import. */
  readonly level: number
  /** `a.b`; empty for `from . import x`. */
  readonly module: string
  /** undefined for `import a.b`; `*` among the names for a star import. */
  readonly names: readonly PythonImportedName[] | undefined
  /** The name that `import a.b [as c]` binds. */
  readonly local: string | undefined
  /** `import a.b as c` binds the module itself, `import a.b` its first part. */
  readonly hasAlias: boolean
  /** Inside `try … except`, or under a condition: it need not succeed. */
  readonly isGuarded: boolean
  readonly isTypeOnly: boolean
  readonly isTopLevel: boolean
  readonly start: number
  readonly end: number
}

export interface PythonImportedName {
  readonly name: string
  readonly local: string
  readonly start: number
  readonly end: number
}

export interface PythonBinding {
  readonly kind: 'function' | 'class' | 'import' | 'assignment' | 'parameter' | 'other'
  readonly scope: 'module' | 'class' | 'function'
  /** What is assigned, or the annotation of a parameter. */
  readonly value?: SyntaxNode
  /** Where the outermost function around it starts; undefined outside of functions. */
  readonly within: number | undefined
}

export interface PythonFunction {
  readonly name: string
  readonly node: SyntaxNode
  /** Innermost class when it is defined directly in one. */
  readonly container: PythonClass | undefined
  readonly scope: PythonBinding['scope']
  readonly decorators: readonly string[]
  readonly parameters: readonly PythonParameter[]
  readonly isAsync: boolean
}

export interface PythonParameter {
  readonly name: string
  readonly kind: 'positional-only' | 'ordinary' | 'keyword-only' | 'rest' | 'keywords'
  readonly hasDefault: boolean
}

export interface PythonClass {
  readonly name: string
  readonly node: SyntaxNode
  readonly scope: PythonBinding['scope']
  readonly decorators: readonly string[]
  /** As written; `undefined` for one that is not a plain (dotted) name. */
  readonly bases: readonly (string | undefined)[]
  readonly hasKeywords: boolean
}

export interface PythonCall {
  readonly node: SyntaxNode
  /** `f` or the last part of `a.b.f`. */
  readonly name: string
  readonly nameNode: SyntaxNode
  /** What stands before the last dot. */
  readonly receiver: SyntaxNode | undefined
  readonly positional: number
  readonly keywords: readonly string[]
  /** `*args` or `**kwargs`: how many there are is unknown. */
  readonly hasSplat: boolean
  /** Where the outermost function around it starts. */
  readonly within: number | undefined
}

/** Reads one tree. */
export function readPythonModule(tree: SyntaxTree): PythonModule {
  return new PythonReader(tree).read()
}

class PythonReader {
  readonly #text: string
  readonly #root: SyntaxNode
  readonly #isBroken: boolean
  readonly #imports: PythonImport[] = []
  readonly #bindings = new Map<string, PythonBinding[]>()
  readonly #functions: PythonFunction[] = []
  readonly #classes: PythonClass[] = []
  readonly #calls: PythonCall[] = []
  #isDynamic = false
  #bindsUnseen = false
  #outermost: number | undefined

  constructor(tree: SyntaxTree) {
    this.#text = tree.text
    this.#root = tree.root
    this.#isBroken = tree.broken.length > 0
  }

  read(): PythonModule {
    this.#walk(this.#root, 'module', undefined)
    const bindsUnseen = this.#bindsUnseen || BINDS_UNSEEN.test(this.#text)
    return {
      text: this.#text,
      root: this.#root,
      imports: this.#imports,
      bindings: this.#bindings,
      functions: this.#functions,
      classes: this.#classes,
      calls: this.#calls,
      isDynamic: this.#isDynamic,
      bindsUnseen,
      exposesUnseen: bindsUnseen || (this.#bindings.get('__getattr__') ?? []).some(({ scope }) => scope === 'module'),
      isBroken: this.#isBroken,
    }
  }

  #walk(node: SyntaxNode, scope: PythonBinding['scope'], container: PythonClass | undefined): void {
    switch (node.type) {
      case 'import_statement':
      case 'import_from_statement':
        this.#readImport(node, scope)
        return
      case 'function_definition':
        this.#readFunction(node, scope, container)
        return
      case 'class_definition':
        this.#readClass(node, scope)
        return
      case 'lambda':
        this.#bindParameters(node.child('parameters'))
        break
      case 'call':
        this.#readCall(node, scope)
        break
      case 'assignment':
      case 'augmented_assignment':
        this.#bindTarget(node.child('left'), scope, node.child('right') ?? node.child('type'))
        break
      case 'for_statement':
      case 'for_in_clause':
        this.#bindTarget(node.child('left'), scope, undefined)
        break
      case 'named_expression':
        this.#bindTarget(node.child('name'), scope, node.child('value'))
        break
      case 'as_pattern_target':
        this.#bindTarget(node, scope, undefined)
        break
      case 'case_pattern':
      case 'type_parameter':
      case 'type_alias_statement':
      case 'global_statement':
      case 'nonlocal_statement':
        // Which of the names in a pattern are captures does not matter: all of them count as bound.
        visitTree(node, inner => {
          if (inner.type === 'identifier') this.#bind(this.#textOf(inner), { kind: 'other', scope: 'module' })
          return true
        })
        break
      case 'except_clause':
        this.#bindTarget(node.child('alias'), scope, undefined)
        break
    }
    for (const child of node.children) this.#walk(child, scope, container)
  }

  #readImport(node: SyntaxNode, scope: PythonBinding['scope']): void {
    const conditions = conditionsAround(node, this.#text)
    const common = {
      isGuarded: conditions.isGuarded,
      isTypeOnly: conditions.isTypeOnly,
      isTopLevel: scope === 'module',
      start: node.start,
      end: node.end,
    }
    const bind = (name: string) => this.#bind(name, { kind: 'import', scope })
    if (node.type === 'import_statement') {
      for (const item of node.inField('name')) {
        const module = this.#textOf(item.child('name') ?? item).replace(/\s/g, '')
        const alias = item.child('alias')
        const local = alias ? this.#textOf(alias) : module.split('.')[0]!
        bind(local)
        this.#imports.push({
          ...common,
          level: 0,
          module,
          names: undefined,
          local,
          hasAlias: alias !== undefined,
          start: item.start,
          end: item.end,
        })
      }
      return
    }
    const from = node.child('module_name')
    if (!from) return
    const written = this.#textOf(from).replace(/\s/g, '')
    const level = /^\.*/.exec(written)![0].length
    const names = node.inField('name').map(item => {
      const name = this.#textOf(item.child('name') ?? item)
      const alias = item.child('alias')
      return {
        name,
        local: alias ? this.#textOf(alias) : name,
        start: item.start,
        end: (item.child('name') ?? item).end,
      }
    })
    const star = node.ofType('wildcard_import')[0]
    if (star) names.push({ name: '*', local: '*', start: star.start, end: star.end })
    for (const name of names) bind(name.local)
    this.#imports.push({
      ...common,
      level,
      module: written.slice(level),
      names,
      local: undefined,
      hasAlias: false,
      start: from.start,
      end: from.end,
    })
  }

  #readFunction(node: SyntaxNode, scope: PythonBinding['scope'], container: PythonClass | undefined): void {
    const name = this.#nameOf(node)
    this.#bind(name, { kind: 'function', scope })
    const parameters = node.child('parameters')
    this.#functions.push({
      name,
      node,
      container: scope === 'class' ? container : undefined,
      scope,
      decorators: this.#decoratorsOf(node),
      parameters: this.#parametersOf(parameters),
      isAsync: node.children[0]?.type === 'async',
    })
    const before = this.#outermost
    this.#outermost ??= node.start
    this.#bindParameters(parameters)
    for (const child of node.children) this.#walk(child, child.field === 'body' ? 'function' : scope, undefined)
    this.#outermost = before
  }

  #readClass(node: SyntaxNode, scope: PythonBinding['scope']): void {
    const name = this.#nameOf(node)
    this.#bind(name, { kind: 'class', scope })
    const bases = node.child('superclasses')?.named() ?? []
    const read: PythonClass = {
      name,
      node,
      scope,
      decorators: this.#decoratorsOf(node),
      bases: bases
        .filter(base => base.type !== 'keyword_argument')
        .map(base => (/^[\w.]+$/.test(this.#textOf(base)) ? this.#textOf(base) : undefined)),
      hasKeywords: bases.some(base => base.type === 'keyword_argument'),
    }
    this.#classes.push(read)
    for (const child of node.children) this.#walk(child, child.field === 'body' ? 'class' : scope, read)
  }

  #readCall(node: SyntaxNode, scope: PythonBinding['scope']): void {
    const callee = node.child('function')
    const args = node.child('arguments')
    if (!callee || !args || isInBroken(node)) return
    const nameNode = callee.type === 'attribute' ? callee.child('attribute') : callee
    if (nameNode?.type !== 'identifier') return
    const name = this.#textOf(nameNode)
    const given = args.type === 'argument_list' ? args.named() : [args]
    if (callee === nameNode && DYNAMIC.has(name)) {
      this.#isDynamic = true
      this.#bindsUnseen ||= this.#isBindingCall(node, name, given, scope)
    }
    this.#calls.push({
      node,
      name,
      nameNode,
      receiver: callee === nameNode ? undefined : callee.child('object'),
      positional: given.filter(each => !/^(?:keyword_argument|list_splat|dictionary_splat)$/.test(each.type)).length,
      keywords: given
        .filter(each => each.type === 'keyword_argument')
        .map(each => this.#textOf(each.child('name') ?? each)),
      hasSplat: given.some(each => /_splat$/.test(each.type)),
      within: this.#outermost,
    })
  }

  /** Whether a call may bind plain names of this file. */
  #isBindingCall(node: SyntaxNode, name: string, given: readonly SyntaxNode[], scope: PythonBinding['scope']): boolean {
    if (name === 'exec' || name === 'execfile') return given.length === 1
    if (name === 'setattr') return given[0] !== undefined && this.#isOwnNamespace(this.#textOf(given[0]))
    // Inside a function, `locals()` is a copy.
    const isNamespace =
      name === 'globals' || (given.length === 0 && scope === 'module' && /^(?:locals|vars)$/.test(name))
    if (!isNamespace) return false
    const holder = node.parent
    if (holder?.type === 'subscript') return holder.field === 'left' && /assignment$/.test(holder.parent?.type ?? '')
    if (holder?.type === 'comparison_operator') return false
    return holder?.type !== 'attribute' || !/\.(?:get|keys|values|items|copy)$/.test(this.#textOf(holder))
  }

  /** This very module or the built-in one, by an expression or by a name for it. */
  #isOwnNamespace(written: string): boolean {
    if (OWN_NAMESPACE.test(written)) return true
    if (!/^\w+$/.test(written)) return false
    const assigned = new RegExp(`\\b${written}\\s*(?::[^=\\n]+)?=\\s*([^\\n]+)`, 'g')
    if ([...this.#text.matchAll(assigned)].some(match => OWN_NAMESPACE.test(match[1]!.trim()))) return true
    return new RegExp(`\\bimport\\s+_*builtins?_*\\s+as\\s+${written}\\b`).test(this.#text)
  }

  /** Every plain name in an assignment target is bound; attributes and items are not. */
  #bindTarget(target: SyntaxNode | undefined, scope: PythonBinding['scope'], value: SyntaxNode | undefined): void {
    if (!target) return
    if (target.type === 'identifier') {
      this.#bind(this.#textOf(target), { kind: 'assignment', scope, ...(value ? { value } : {}) })
      return
    }
    visitTree(target, inner => {
      if (inner.type === 'attribute' || inner.type === 'subscript') return false
      if (inner.type === 'identifier') this.#bind(this.#textOf(inner), { kind: 'other', scope })
      return true
    })
  }

  #bindParameters(parameters: SyntaxNode | undefined): void {
    for (const parameter of parameters?.named() ?? []) {
      const name = parameterName(parameter)
      const value = parameter.type === 'typed_parameter' ? parameter.child('type') : undefined
      if (name) this.#bind(this.#textOf(name), { kind: 'parameter', scope: 'function', ...(value ? { value } : {}) })
    }
  }

  #parametersOf(parameters: SyntaxNode | undefined): PythonParameter[] {
    const read: PythonParameter[] = []
    let isKeywordOnly = false
    for (const node of parameters?.named() ?? []) {
      if (node.type === 'positional_separator') {
        for (const [place, each] of read.entries()) read[place] = { ...each, kind: 'positional-only' }
        continue
      }
      if (node.type === 'keyword_separator') {
        isKeywordOnly = true
        continue
      }
      const name = parameterName(node)
      if (!name) continue
      const splat = node.type.startsWith('typed_') ? node.named()[0]?.type : node.type
      const kind =
        splat === 'list_splat_pattern'
          ? 'rest'
          : splat === 'dictionary_splat_pattern'
            ? 'keywords'
            : isKeywordOnly
              ? 'keyword-only'
              : 'ordinary'
      if (kind === 'rest') isKeywordOnly = true
      read.push({ name: this.#textOf(name), kind, hasDefault: /default_parameter$/.test(node.type) })
    }
    return read
  }

  #decoratorsOf(node: SyntaxNode): string[] {
    if (node.parent?.type !== 'decorated_definition') return []
    return node.parent.ofType('decorator').map(each => this.#textOf(each).replace(/^@\s*/, ''))
  }

  #nameOf(node: SyntaxNode): string {
    const name = node.child('name')
    return name ? this.#textOf(name) : ''
  }

  #bind(name: string, binding: Omit<PythonBinding, 'within'>): void {
    const known = this.#bindings.get(name)
    const placed = { ...binding, within: this.#outermost }
    if (known) known.push(placed)
    else this.#bindings.set(name, [placed])
  }

  #textOf(node: SyntaxNode): string {
    return this.#text.slice(node.start, node.end)
  }
}

const OWN_NAMESPACE =
  /^(?:(?:sys\.)?modules\[__name__\]|(?:importlib\.)?import_module\(__name__\)|__import__\(__name__\)|_*builtins?_*$)/

/** Ways in which a name becomes known without being bound in the file; members of an enumeration may become names of the module. */
const BINDS_UNSEEN = /\._convert_?\(|\bglobal_enum\b|\b(?:__)?builtins?(?:__)?\.\w+\s*=[^=]|\b__builtins__\[/

/** With one of these, names appear that nobody wrote down. */
const DYNAMIC = new Set(['globals', 'locals', 'vars', 'exec', 'eval', 'execfile', '__import__', 'setattr'])

function parameterName(node: SyntaxNode): SyntaxNode | undefined {
  if (node.type === 'identifier') return node
  const inner = node.child('name') ?? node.named()[0]
  return inner && inner !== node && inner.type !== 'identifier' ? parameterName(inner) : inner
}

function isInBroken(node: SyntaxNode): boolean {
  for (let at: SyntaxNode | undefined = node; at; at = at.parent) if (at.isBroken) return true
  return false
}

/** Whether a statement may fail without harm, or only a type checker sees it. */
function conditionsAround(node: SyntaxNode, text: string): { isGuarded: boolean; isTypeOnly: boolean } {
  let isGuarded = false
  let isTypeOnly = false
  for (let at = node.parent; at; at = at.parent) {
    if (at.isBroken || at.type === 'except_clause') isGuarded = true
    if (at.type === 'try_statement' && at.children.some(each => /^except_(?:group_)?clause$/.test(each.type)))
      isGuarded = true
    if (at.type === 'with_statement' && /suppress|raises|ignor/i.test(text.slice(at.start, at.start + 200)))
      isGuarded = true
    if (at.type === 'if_statement') {
      const condition = at.child('condition')
      const written = condition ? text.slice(condition.start, condition.end) : ''
      if (/^(?:typing\.|t\.)?TYPE_CHECKING$/.test(written)) isTypeOnly = true
      else if (!/__name__/.test(written)) isGuarded = true
    }
  }
  return { isGuarded, isTypeOnly }
}
