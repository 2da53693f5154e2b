import { type SyntaxNode, type SyntaxTree, visitTree } from './tree-sitter'

/** What one Rust file imports, declares and calls. */
export interface RustFile {
  readonly text: string
  readonly root: SyntaxNode
  readonly uses: readonly RustUse[]
  readonly modules: readonly RustModule[]
  readonly functions: readonly RustFunction[]
  readonly calls: readonly RustCall[]
  /** Identifiers that stand somewhere else than before the arguments of a call. */
  readonly mentioned: ReadonlySet<string>
  /** Macros at the place of items, which may declare something; those that are known to declare nothing hidden are left out. */
  readonly itemMacros: readonly RustItemMacro[]
  /** First names of `a::b` outside of `use`, macros and attributes, lower-case: modules, crates. */
  readonly pathStarts: readonly RustPathStart[]
  readonly isBroken: boolean
  /** `#![cfg(…)]`: all of it is compiled only under a condition. */
  readonly isConditional: boolean
}

/** The inline module something stands in. */
export interface RustPlace {
  /** Inline modules around it: `super` counts from there. */
  readonly depth: number
  /** The innermost of them; undefined at the top of the file. */
  readonly module: string | undefined
}

export interface RustUse extends RustPlace {
  /** `crate`, `self`, `super` or a name first. */
  readonly path: readonly string[]
  /** In this file; `*` for a glob, `_` for nothing. */
  readonly local: string
  readonly isPublic: boolean
  /** Only this part of a function sees it. */
  readonly block: { readonly start: number; readonly end: number } | undefined
  /** Among the tokens of a macro, so that its module is not certain. */
  readonly isInMacro: boolean
  /** Compiled only under a condition. */
  readonly isConditional: boolean
  readonly start: number
  readonly end: number
}

export interface RustPathStart extends RustPlace {
  readonly name: string
  readonly isConditional: boolean
  readonly start: number
  readonly end: number
}

export interface RustItemMacro extends RustPlace {
  /** The last part of its path. */
  readonly name: string
  readonly argumentText: string
}

export interface RustModule {
  readonly name: string
  /** In a file of its own. */
  readonly isFile: boolean
  /** Names of the inline modules around it. */
  readonly within: readonly string[]
  /** `#[path = "…"]` */
  readonly path: string | undefined
  readonly isConditional: boolean
  readonly start: number
  readonly end: number
}

export interface RustFunction {
  readonly name: string
  readonly node: SyntaxNode
  /** Type of the `impl`, or the trait. */
  readonly container: string | undefined
  readonly parameterCount: number
  readonly hasSelf: boolean
  readonly isPublic: boolean
}

export interface RustCall extends RustPlace {
  readonly name: string
  readonly start: number
  readonly end: number
  /** `a::b` or `x.y` before the name. */
  readonly receiver: string | undefined
  /** The name of the receiver's type, where it is written down: the own type for `self`, that of a parameter, a new value or a string. */
  readonly receiverType: string | undefined
  /** undefined inside of macros. */
  readonly argumentCount: number | undefined
}

/** Macros of the standard library whose arguments are expressions. */
const EXPRESSION_MACROS =
  /^(?:e?print(?:ln)?|format|format_args|write(?:ln)?|panic|(?:debug_)?assert(?:_eq|_ne)?|vec|dbg|todo|unimplemented|unreachable|eprint)$/

/** Macros that may stand for an item and declare no function. */
const PLAIN_ITEM_MACROS =
  /^(?:thread_local|compile_error|macro_rules|(?:debug_)?assert|const_assert|static_assertions|lazy_static|global_asm|include_str|include_bytes|cfg_if|bitflags|pin_project|const_format|criterion|proptest|quickcheck|inventory|submit|println|doc_comment|new_key_type|construct_uint|doctest|assert_|static_assert|forward_to_|_*impl_)/

/** Reads one tree. */
export function readRustFile(tree: SyntaxTree): RustFile {
  return new RustReader(tree).read()
}

class RustReader {
  readonly #tree: SyntaxTree
  readonly #uses: RustUse[] = []
  readonly #modules: RustModule[] = []
  readonly #functions: RustFunction[] = []
  readonly #calls: { call: RustCall; bindings: Bindings }[] = []
  readonly #mentioned = new Set<string>()
  readonly #itemMacros: RustItemMacro[] = []
  readonly #pathStarts: RustPathStart[] = []
  /** What each name is bound to in the function that is read, once for each place; undefined where the type is not written down. */
  #bindings = new Map<string, (string | undefined)[]>()

  readonly #isConditional: boolean

  constructor(tree: SyntaxTree) {
    this.#tree = tree
    const attributes = tree.root.ofType('inner_attribute_item')
    this.#isConditional = attributes.some(each => /^#!\[\s*cfg\(/.test(this.#textOf(each)))
  }

  read(): RustFile {
    visitTree(this.#tree.root, node => {
      this.#visit(node)
      return true
    })
    return {
      text: this.#tree.text,
      root: this.#tree.root,
      uses: this.#uses,
      modules: this.#modules,
      functions: this.#functions,
      calls: this.#calls.map(({ call, bindings }) => ({ ...call, receiverType: oneType(call, bindings) })),
      mentioned: this.#mentioned,
      itemMacros: this.#itemMacros,
      pathStarts: this.#pathStarts,
      isBroken: this.#tree.broken.length > 0,
      isConditional: this.#isConditional,
    }
  }

  #visit(node: SyntaxNode): void {
    switch (node.type) {
      case 'use_declaration':
        this.#readUse(node, node.child('argument'), [])
        break
      case 'extern_crate_declaration':
        this.#addUse(
          node,
          [this.#textOf(node.child('name'))],
          this.#textOf(node.child('alias') ?? node.child('name')),
          node,
        )
        break
      case 'mod_item':
        this.#modules.push({
          name: this.#textOf(node.child('name')).replace(/^r#/, ''),
          isFile: node.child('body') === undefined,
          within: this.#modulesAround(node),
          path: /path\s*=\s*"([^"]+)"/.exec(this.#attributesOf(node))?.[1],
          isConditional: /\bcfg/.test(this.#attributesOf(node)),
          start: node.child('name')?.start ?? node.start,
          end: node.child('name')?.end ?? node.end,
        })
        break
      case 'function_item':
      case 'function_signature_item':
        this.#functions.push(this.#readFunction(node))
        if (!isInBlock(node)) this.#bindings = new Map()
        break
      case 'call_expression':
        this.#readCall(node)
        break
      case 'macro_invocation': {
        const last = this.#textOf(node.child('macro')).replace(/^.*::/s, '').trim()
        const isItem = isAtItem(node)
        if (isItem) this.#readGlobsInMacro(node)
        if ((isItem && !PLAIN_ITEM_MACROS.test(last)) || last === 'paste') this.#addItemMacro(node, last)
        break
      }
      case 'scoped_identifier':
      case 'scoped_type_identifier':
        this.#readPathStart(node)
        break
      case 'identifier':
      case 'type_identifier':
      case 'shorthand_field_identifier':
        if (!isCallee(node) && !this.#readMacroCall(node)) this.#mentioned.add(this.#textOf(node))
        this.#readBinding(node)
        break
    }
  }

  /** `cfg_if! { … pub use imp::*; }` */
  #readGlobsInMacro(node: SyntaxNode): void {
    const text = this.#textOf(node).replace(/\/\/.*$/gm, line => ' '.repeat(line.length))
    for (const match of text.matchAll(/\buse\s+((?:\w+\s*::\s*)+)\*/g)) {
      const path = match[1]!.replace(/\s/g, '').split('::').filter(Boolean)
      this.#uses.push({
        path,
        local: '*',
        isPublic: true,
        ...this.#placeOf(node),
        block: undefined,
        isInMacro: true,
        isConditional: true,
        start: node.start + match.index,
        end: node.start + match.index + match[0].length,
      })
    }
    // In a list: which module it is of would need the list to be read.
    if (/\buse\s[^;]*\{[^;]*\*/.test(text)) this.#addItemMacro(node, 'use')
  }

  #addItemMacro(node: SyntaxNode, name: string): void {
    this.#itemMacros.push({ name, argumentText: this.#textOf(node.ofType('token_tree')[0]), ...this.#placeOf(node) })
  }

  #readPathStart(node: SyntaxNode): void {
    const path = node.child('path')
    if (path?.type !== 'identifier') return
    const name = this.#textOf(path)
    if (!/^[a-z_]\w*$/.test(name)) return
    for (let at = node.parent; at; at = at.parent)
      if (
        /^(?:use_declaration|attribute_item|inner_attribute_item|token_tree|macro_definition|visibility_modifier)$/.test(
          at.type,
        )
      )
        return
    const isConditional = this.#isInConditional(node)
    this.#pathStarts.push({ name, isConditional, ...this.#placeOf(node), start: path.start, end: path.end })
  }

  #readUse(declaration: SyntaxNode, node: SyntaxNode | undefined, before: readonly string[]): void {
    if (!node) return
    switch (node.type) {
      case 'use_list':
        for (const each of node.named()) this.#readUse(declaration, each, before)
        break
      case 'scoped_use_list': {
        const path = node.child('path')
        const inside = path ? [...before, ...this.#segments(path)] : before
        this.#readUse(declaration, node.child('list'), inside)
        break
      }
      case 'use_as_clause': {
        const path = node.child('path')
        if (path)
          this.#addUse(declaration, [...before, ...this.#segments(path)], this.#textOf(node.child('alias')), path)
        break
      }
      case 'use_wildcard': {
        const path = node.named()[0]
        this.#addUse(declaration, path ? [...before, ...this.#segments(path)] : before, '*', node)
        break
      }
      case 'self':
        this.#addUse(declaration, before, before.at(-1) ?? 'self', node)
        break
      default: {
        const path = [...before, ...this.#segments(node)]
        this.#addUse(declaration, path, path.at(-1) ?? '', node)
      }
    }
  }

  #addUse(declaration: SyntaxNode, path: readonly string[], local: string, node: SyntaxNode): void {
    this.#uses.push({
      path: path.filter(Boolean),
      local,
      isPublic: declaration.children.some(child => child.type === 'visibility_modifier'),
      ...this.#placeOf(declaration),
      block: blockAround(declaration),
      isInMacro: false,
      isConditional: /\bcfg/.test(this.#attributesOf(declaration)) || this.#isInConditional(declaration),
      start: node.start,
      end: node.end,
    })
  }

  /** Below a `#[cfg(…)]` that is not about tests. */
  #isInConditional(node: SyntaxNode): boolean {
    for (let at = node.parent; at; at = at.parent) {
      const attributes = this.#attributesOf(at)
      if (/\bcfg/.test(attributes) && !/\bcfg\(test\)/.test(attributes)) return true
      // A macro around a module may put it elsewhere.
      if (
        at.type === 'mod_item' &&
        /#\[\s*(?!cfg|allow|deny|warn|expect|doc|path|rustfmt|clippy|macro_use)\w/.test(attributes)
      )
        return true
      if (at.type === 'match_arm' && at.ofType('attribute_item').some(each => /\bcfg/.test(this.#textOf(each))))
        return true
    }
    return false
  }

  #segments(node: SyntaxNode): string[] {
    return this.#textOf(node)
      .replace(/\s/g, '')
      .split('::')
      .map(each => each.replace(/^r#/, ''))
  }

  #readFunction(node: SyntaxNode): RustFunction {
    const parameters = node.child('parameters')?.named() ?? []
    const holder = node.parent?.type === 'declaration_list' ? node.parent.parent : undefined
    const container = holder?.child('type') ?? (holder?.type === 'trait_item' ? holder.child('name') : undefined)
    return {
      name: this.#textOf(node.child('name')),
      node,
      container: container && this.#textOf(container).replace(/<.*$/s, ''),
      parameterCount: parameters.filter(each => each.type === 'parameter' || /type|primitive/.test(each.type)).length,
      hasSelf: parameters.some(each => each.type === 'self_parameter'),
      isPublic: node.children.some(child => child.type === 'visibility_modifier'),
    }
  }

  #readCall(node: SyntaxNode): void {
    let callee = node.child('function')
    if (callee?.type === 'generic_function') callee = callee.child('function')
    const args = node.child('arguments')
    if (!callee || !args) return
    const nameNode = callee.type === 'identifier' ? callee : (callee.child('name') ?? callee.child('field'))
    if (!nameNode) return
    const before = callee.child('path') ?? callee.child('value')
    const call = {
      name: this.#textOf(nameNode),
      start: nameNode.start,
      end: nameNode.end,
      receiver: callee.type === 'identifier' ? undefined : this.#textOf(before),
      receiverType: callee.type === 'field_expression' ? this.#typeOfReceiver(before) : undefined,
      argumentCount: args.named().filter(each => each.type !== 'attribute_item').length,
      ...this.#placeOf(node),
    }
    const isOfName = callee.type === 'field_expression' && before?.type === 'identifier'
    this.#calls.push({ call, bindings: isOfName ? this.#bindings : NO_BINDINGS })
  }

  #readBinding(node: SyntaxNode): void {
    const { parent, field } = node
    if (!parent || !BINDS.test(parent.type) || field === 'type') return
    const name = this.#textOf(node)
    const isPlain = /^(?:parameter|let_declaration)$/.test(parent.type) && field === 'pattern'
    const type = isPlain ? (this.#typeName(parent.child('type')) ?? this.#madeBy(parent.child('value'))) : undefined
    const isBinding = isPlain || field === 'pattern' || /pattern|closure_parameters/.test(parent.type)
    if (isBinding) this.#bindings.set(name, [...(this.#bindings.get(name) ?? []), type])
  }

  /** `Cart` of `&'a mut Cart<T>`, `impl Cart` and `&dyn Cart`. */
  #typeName(type: SyntaxNode | undefined): string | undefined {
    return /^(?:&\s*(?:'\w+\s+)?(?:mut\s+)?)*(?:(?:dyn|impl)\s+)?(?:\w+\s*::\s*)*([A-Z]\w*)/.exec(
      this.#textOf(type),
    )?.[1]
  }

  /** `Cart::new(…)`, `Cart { … }` */
  #madeBy(value: SyntaxNode | undefined): string | undefined {
    if (value?.type === 'struct_expression') return this.#typeName(value.child('name'))
    const callee = value?.type === 'call_expression' ? this.#textOf(value.child('function')) : ''
    return /(?:^|::)([A-Z]\w*)(?:::<[^()]*>)?::(?:new|default|with_\w+|from_\w+)$/.exec(callee)?.[1]
  }

  #typeOfReceiver(receiver: SyntaxNode | undefined): string | undefined {
    if (receiver?.type === 'string_literal') return 'str'
    return receiver?.type === 'self' ? this.#ownType(receiver) : undefined
  }

  /** The type whose `impl`, or the trait, a place stands in. */
  #ownType(node: SyntaxNode): string | undefined {
    for (let at = node.parent; at; at = at.parent) {
      if (at.type === 'impl_item') return this.#typeName(at.child('type'))
      if (at.type === 'trait_item') return this.#textOf(at.child('name'))
    }
    return undefined
  }

  /** `f (…)` among the tokens of `println!` and its kin is a call. */
  #readMacroCall(node: SyntaxNode): boolean {
    const tokens = node.parent
    if (tokens?.type !== 'token_tree') return false
    const place = tokens.children.indexOf(node)
    const next = tokens.children[place + 1]
    const previous = tokens.children[place - 1]
    if (next?.type !== 'token_tree' || next.start !== node.end || this.#tree.text[next.start] !== '(') return false
    if (previous && /^(?:\.|::|!|fn|\$|#)$/.test(this.#textOf(previous))) return false
    let macro: SyntaxNode | undefined = tokens
    while (macro?.type === 'token_tree') macro = macro.parent
    if (macro?.type !== 'macro_invocation' || !EXPRESSION_MACROS.test(this.#textOf(macro.child('macro')))) return false
    const call = {
      name: this.#textOf(node),
      start: node.start,
      end: node.end,
      receiver: undefined,
      receiverType: undefined,
      argumentCount: undefined,
      ...this.#placeOf(node),
    }
    this.#calls.push({ call, bindings: NO_BINDINGS })
    return true
  }

  #modulesAround(node: SyntaxNode): string[] {
    const names: string[] = []
    for (let at = node.parent; at; at = at.parent)
      if (at.type === 'mod_item') names.unshift(this.#textOf(at.child('name')))
    return names
  }

  #placeOf(node: SyntaxNode): RustPlace {
    const modules = this.#modulesAround(node)
    return { depth: modules.length, module: modules.at(-1) }
  }

  /** Outer attributes stand before their item, as siblings. */
  #attributesOf(node: SyntaxNode): string {
    const siblings = node.parent?.children ?? []
    let place = siblings.indexOf(node)
    let attributes = ''
    while (place > 0 && /^(?:attribute_item|line_comment|block_comment)$/.test(siblings[place - 1]!.type)) {
      place--
      if (siblings[place]!.type === 'attribute_item') attributes += this.#textOf(siblings[place])
    }
    return attributes
  }

  #textOf(node: SyntaxNode | undefined): string {
    return node ? this.#tree.text.slice(node.start, node.end) : ''
  }
}

type Bindings = ReadonlyMap<string, readonly (string | undefined)[]>

const NO_BINDINGS: Bindings = new Map()

/** Nodes among whose children are names that they bind. */
const BINDS =
  /^(?:parameter|let_declaration|closure_parameters|for_expression|let_condition|match_pattern|\w+_pattern)$/

/** The type that a name has wherever its function binds it. */
function oneType({ receiver = '', receiverType }: RustCall, bindings: Bindings): string | undefined {
  const types = bindings.get(receiver) ?? []
  return types.length > 0 && types.every(each => each === types[0]) ? types[0] : receiverType
}

/** Inside of a function, where no item of the module is. */
export function isInBlock(node: SyntaxNode): boolean {
  for (let at = node.parent; at; at = at.parent) if (at.type === 'block') return true
  return false
}

function blockAround({ parent }: SyntaxNode): RustUse['block'] {
  return parent?.type === 'block' ? { start: parent.start, end: parent.end } : undefined
}

/** Where items of a module stand; those of an `impl` or a trait are not known by their name alone. */
function isAtItem(node: SyntaxNode): boolean {
  const holder = node.parent?.type === 'expression_statement' ? node.parent.parent : node.parent
  if (holder?.type === 'source_file') return true
  return holder?.type === 'declaration_list' && !/^(?:impl|trait)_item$/.test(holder.parent?.type ?? '')
}

function isCallee(node: SyntaxNode): boolean {
  if (node.field !== 'function') return false
  if (node.parent?.type === 'call_expression') return true
  return (
    node.parent?.type === 'generic_function' &&
    node.parent.parent?.type === 'call_expression' &&
    node.parent.field === 'function'
  )
}
