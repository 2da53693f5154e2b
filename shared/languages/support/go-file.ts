import { type SyntaxNode, type SyntaxTree, visitTree } from './tree-sitter'

/** What one Go file declares, binds and calls. */
export interface GoFile {
  readonly text: string
  readonly root: SyntaxNode
  readonly packageName: string
  readonly imports: readonly GoImport[]
  /** Declared at the top: functions, types, variables, constants. */
  readonly declarations: ReadonlyMap<string, readonly GoDeclaration[]>
  readonly methods: readonly GoMethod[]
  /** Every name bound below the top of the file, with the type it certainly has there. */
  readonly locals: ReadonlyMap<string, readonly (string | undefined)[]>
  readonly calls: readonly GoCall[]
  /** `x.Name` outside of calls too, and `pkg.Type`. */
  readonly selectors: readonly GoSelector[]
  readonly isBroken: boolean
  /** Other files of the package are made by a program and may not be there yet. */
  readonly generates: boolean
}

export interface GoImport {
  readonly path: string
  /** Explicit name; `.` and `_` too. */
  readonly alias: string | undefined
  readonly start: number
  readonly end: number
}

export interface GoDeclaration {
  readonly name: string
  readonly kind: 'function' | 'type' | 'variable' | 'constant'
  readonly node: SyntaxNode
  /** A function without its body; anything else whole. */
  readonly head: string
  readonly parameters?: GoParameters
  /** For types: the struct's or interface's members; undefined when it is another kind of type. */
  readonly members?: GoMembers
}

export interface GoMembers {
  readonly names: ReadonlySet<string>
  /** Types whose members it has too; undefined for one from another package. */
  readonly embedded: readonly (string | undefined)[]
}

export interface GoMethod {
  readonly receiver: string
  readonly name: string
  readonly node: SyntaxNode
  readonly head: string
  readonly parameters: GoParameters
}

export interface GoParameters {
  readonly count: number
  readonly isVariadic: boolean
}

export interface GoCall {
  readonly node: SyntaxNode
  readonly name: string
  readonly nameNode: SyntaxNode
  /** A plain identifier before the dot; undefined for `f()`. */
  readonly receiver: string | undefined
  /** undefined when it is unknown: `f(g())`, `f(xs...)`. */
  readonly argumentCount: number | undefined
}

export interface GoSelector {
  readonly receiver: string
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Reads one tree. */
export function readGoFile(tree: SyntaxTree): GoFile {
  const reader = new GoReader(tree)
  return reader.read()
}

class GoReader {
  readonly #tree: SyntaxTree
  readonly #imports: GoImport[] = []
  readonly #declarations = new Map<string, GoDeclaration[]>()
  readonly #methods: GoMethod[] = []
  readonly #locals = new Map<string, (string | undefined)[]>()
  readonly #calls: GoCall[] = []
  readonly #selectors: GoSelector[] = []
  #packageName = ''

  constructor(tree: SyntaxTree) {
    this.#tree = tree
  }

  read(): GoFile {
    const { root, text, broken } = this.#tree
    for (const node of root.children) this.#readTop(node)
    visitTree(root, node => {
      this.#visit(node)
      return !node.isBroken
    })
    return {
      text,
      root,
      packageName: this.#packageName,
      imports: this.#imports,
      declarations: this.#declarations,
      methods: this.#methods,
      locals: this.#locals,
      calls: this.#calls,
      selectors: this.#selectors,
      isBroken: !broken.every(isTypeArgument),
      generates: /^\/\/go:generate /m.test(text),
    }
  }

  #readTop(node: SyntaxNode): void {
    switch (node.type) {
      case 'package_clause':
        this.#packageName = this.#textOf(node.named()[0])
        break
      case 'function_declaration':
        this.#declare(node, 'function', { parameters: this.#parameters(node.child('parameters')) })
        break
      case 'method_declaration': {
        const receiver = node.child('receiver')?.named()[0]?.child('type')
        this.#methods.push({
          receiver: this.#typeName(receiver) ?? '',
          name: this.#textOf(node.child('name')),
          node,
          head: this.#headOf(node),
          parameters: this.#parameters(node.child('parameters')),
        })
        break
      }
      case 'type_declaration':
        for (const spec of node.named()) this.#declare(spec, 'type', this.#membersOf(spec))
        break
      case 'const_declaration':
      case 'var_declaration':
        visitTree(node, spec => {
          if (spec.type !== 'const_spec' && spec.type !== 'var_spec') return spec.type !== 'func_literal'
          const kind = spec.type === 'const_spec' ? 'constant' : 'variable'
          for (const name of spec.inField('name')) if (name.type === 'identifier') this.#declare(spec, kind, {}, name)
          return false
        })
        break
      case 'import_declaration':
        visitTree(node, spec => {
          if (spec.type !== 'import_spec') return true
          const path = spec.child('path')
          const alias = spec.child('name')
          if (path)
            this.#imports.push({
              path: this.#textOf(path).slice(1, -1),
              alias: alias && this.#textOf(alias),
              start: path.start,
              end: path.end,
            })
          return false
        })
        break
    }
  }

  #declare(
    node: SyntaxNode,
    kind: GoDeclaration['kind'],
    more: Partial<GoDeclaration>,
    nameNode = node.child('name'),
  ): void {
    const name = this.#textOf(nameNode)
    if (!name) return
    const known = this.#declarations.get(name) ?? []
    this.#declarations.set(name, [...known, { name, kind, node, head: this.#headOf(node), ...more }])
  }

  #membersOf(spec: SyntaxNode): { members?: GoMembers } {
    const type = spec.child('type')
    if (spec.type !== 'type_spec' || !type) return {}
    const names = new Set<string>()
    const embedded: (string | undefined)[] = []
    if (type.type === 'struct_type') {
      for (const field of type.named()[0]?.ofType('field_declaration') ?? []) {
        const fieldNames = field.inField('name')
        for (const name of fieldNames) names.add(this.#textOf(name))
        if (fieldNames.length > 0) continue
        const embeddedType = this.#typeName(field.child('type'))
        embedded.push(embeddedType)
        names.add(embeddedType ?? this.#textOf(field.child('type')).replace(/^.*\./, '').replace(/\[.*$/s, ''))
      }
      return { members: { names, embedded } }
    }
    if (type.type !== 'interface_type') return {}
    for (const element of type.named()) {
      if (element.type === 'method_elem') names.add(this.#textOf(element.child('name')))
      else embedded.push(this.#typeName(element.named()[0] ?? element))
    }
    return { members: { names, embedded } }
  }

  #visit(node: SyntaxNode): void {
    switch (node.type) {
      case 'call_expression':
        this.#readCall(node)
        break
      case 'selector_expression': {
        const operand = node.child('operand')
        if (operand?.type === 'identifier') this.#select(operand, node.child('field'))
        break
      }
      case 'qualified_type':
        this.#select(node.child('package'), node.child('name'))
        break
      case 'parameter_declaration':
      case 'variadic_parameter_declaration':
        for (const name of node.inField('name'))
          this.#bind(name, node.type === 'parameter_declaration' ? this.#typeName(node.child('type')) : undefined)
        break
      case 'type_parameter_declaration':
        for (const name of node.inField('name')) this.#bind(name, undefined)
        break
      case 'short_var_declaration':
        this.#bindList(node.child('left'), node.child('right'))
        break
      case 'range_clause':
      case 'receive_statement':
        this.#bindList(node.child('left'), undefined)
        break
      case 'type_switch_statement':
        this.#bindList(node.child('alias'), undefined)
        break
      case 'var_spec':
      case 'const_spec':
        if (!this.#isTop(node))
          for (const name of node.inField('name')) this.#bind(name, this.#typeName(node.child('type')))
        break
      case 'type_spec':
      case 'type_alias':
        if (!this.#isTop(node)) this.#bind(node.child('name'), undefined)
        break
      case 'labeled_statement':
        this.#bind(node.child('label'), undefined)
        break
    }
  }

  #isTop(node: SyntaxNode): boolean {
    for (let at = node.parent; at; at = at.parent)
      if (/^(?:function_declaration|method_declaration|func_literal)$/.test(at.type)) return false
    return true
  }

  #select(receiver: SyntaxNode | undefined, name: SyntaxNode | undefined): void {
    if (receiver && name)
      this.#selectors.push({
        receiver: this.#textOf(receiver),
        name: this.#textOf(name),
        start: name.start,
        end: name.end,
      })
  }

  #readCall(node: SyntaxNode): void {
    const callee = node.child('function')
    const args = node.child('arguments')
    if (!callee || !args) return
    const given = args.named()
    const isUnknown =
      given.some(each => each.type === 'variadic_argument') ||
      (given.length === 1 && given[0]!.type === 'call_expression')
    const argumentCount = isUnknown ? undefined : given.length
    if (callee.type === 'identifier')
      this.#calls.push({ node, name: this.#textOf(callee), nameNode: callee, receiver: undefined, argumentCount })
    const operand = callee.type === 'selector_expression' ? callee.child('operand') : undefined
    const field = callee.child('field')
    if (operand?.type === 'identifier' && field)
      this.#calls.push({
        node,
        name: this.#textOf(field),
        nameNode: field,
        receiver: this.#textOf(operand),
        argumentCount,
      })
  }

  #bindList(left: SyntaxNode | undefined, right: SyntaxNode | undefined): void {
    const names = left?.type === 'expression_list' ? left.named() : left ? [left] : []
    const values = right?.named() ?? []
    for (const [place, name] of names.entries())
      this.#bind(name, values.length === names.length ? this.#typeOfValue(values[place]!) : undefined)
  }

  #bind(name: SyntaxNode | undefined, type: string | undefined): void {
    if (!name || !/identifier$/.test(name.type)) return
    const text = this.#textOf(name)
    const known = this.#locals.get(text)
    if (known) known.push(type)
    else this.#locals.set(text, [type])
  }

  /** `T{…}` and `&T{…}` are of type T. */
  #typeOfValue(value: SyntaxNode): string | undefined {
    const literal =
      value.type === 'unary_expression' && this.#textOf(value).startsWith('&') ? value.child('operand') : value
    return literal?.type === 'composite_literal' ? this.#typeName(literal.child('type')) : undefined
  }

  /** The name of a type of this package, without pointer and type arguments. */
  #typeName(type: SyntaxNode | undefined): string | undefined {
    switch (type?.type) {
      case 'type_identifier':
        return this.#textOf(type)
      case 'pointer_type':
      case 'parenthesized_type':
      case 'type_elem':
        return this.#typeName(type.named()[0])
      case 'generic_type':
        return this.#typeName(type.child('type'))
      default:
        return undefined
    }
  }

  #parameters(list: SyntaxNode | undefined): GoParameters {
    let count = 0
    let isVariadic = false
    for (const each of list?.named() ?? []) {
      if (each.type === 'variadic_parameter_declaration') isVariadic = true
      else count += Math.max(1, each.inField('name').length)
    }
    return { count, isVariadic }
  }

  #headOf(node: SyntaxNode): string {
    const end = node.child('body')?.start ?? node.end
    const head = this.#tree.text.slice(node.start, end)
    return head
      .replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  }

  #textOf(node: SyntaxNode | undefined): string {
    return node ? this.#tree.text.slice(node.start, node.end) : ''
  }
}

/** `makeAll([]string, 3)`: the grammar knows that only `make` and `new` take a type, the rest of the file it has read. */
function isTypeArgument({ parent, children }: SyntaxNode): boolean {
  return parent?.type === 'argument_list' && /^(?:slice|map|channel|array)_type$/.test(children[0]?.type ?? '')
}
