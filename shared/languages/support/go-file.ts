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
  /** Every name bound below the top of the file. */
  readonly locals: ReadonlySet<string>
  readonly calls: readonly GoCall[]
  /** `x.Name` outside of calls too, and `pkg.Type`. */
  readonly selectors: readonly GoSelector[]
  readonly isBroken: boolean
  /** Other files of the package are made by a program and may not be there yet. */
  readonly generates: boolean
}

/** What is known of a value's type: its name, or the function whose result it is. */
export interface GoTypeHint {
  readonly name: string
  /** The name by which the file knows the package of the type or function; undefined for its own. */
  readonly package: string | undefined
  /** Which result of a function; undefined where `name` is the type itself. */
  readonly result?: number
}

/** Types that one name has in one function, one for each place where it is bound; undefined where it is not known. */
export type GoBindings = ReadonlyMap<string, readonly (GoTypeHint | undefined)[]>

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
  /** Of functions, in order. */
  readonly results?: readonly (GoTypeHint | undefined)[]
  /** Of variables. */
  readonly type?: GoTypeHint | undefined
  /** For types: what they have besides their methods; undefined for a type that stands for another one. */
  readonly members?: GoMembers
}

export interface GoMembers {
  /** Fields of a struct, methods of an interface. */
  readonly names: ReadonlyMap<string, GoTypeHint | undefined>
  /** Types whose members it has too; undefined for one that is not a plain name. */
  readonly embedded: readonly (GoTypeHint | undefined)[]
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
  /** All before the last dot, `['s', 'store']` for `s.store.get()`; empty where it is anything but plain names. */
  readonly path: readonly string[]
  /** What the function around it binds. */
  readonly bindings: GoBindings
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
  readonly #locals = new Set<string>()
  readonly #calls: GoCall[] = []
  readonly #selectors: GoSelector[] = []
  #packageName = ''
  #bindings = new Map<string, (GoTypeHint | undefined)[]>()

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
        this.#declare(node, 'function', {
          parameters: this.#parameters(node.child('parameters')),
          results: this.#resultsOf(node.child('result')),
        })
        break
      case 'method_declaration': {
        const receiver = node.child('receiver')?.named()[0]?.child('type')
        this.#methods.push({
          receiver: this.#typeOf(receiver)?.name ?? '',
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
          const names = spec.inField('name').filter(name => name.type === 'identifier')
          const values = spec.child('value')?.named() ?? []
          for (const [place, name] of names.entries()) {
            const type = this.#typeOf(spec.child('type')) ?? this.#typeOfValue(values, place, names.length)
            this.#declare(spec, kind, { type }, name)
          }
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
    const names = new Map<string, GoTypeHint | undefined>()
    const embedded: (GoTypeHint | undefined)[] = []
    if (type.type === 'struct_type') {
      for (const field of type.named()[0]?.ofType('field_declaration') ?? []) {
        const fieldNames = field.inField('name')
        const fieldType = this.#typeOf(field.child('type'))
        for (const name of fieldNames) names.set(this.#textOf(name), fieldType)
        if (fieldNames.length > 0) continue
        embedded.push(fieldType)
        const written = this.#textOf(field.child('type')).replace(/\[.*$/s, '')
        names.set(fieldType?.name ?? written.replace(/^.*[.*]/s, '').trim(), fieldType)
      }
    } else if (type.type === 'interface_type') {
      for (const element of type.named()) {
        if (element.type === 'method_elem') names.set(this.#textOf(element.child('name')), undefined)
        else embedded.push(this.#typeOf(element.named()[0] ?? element))
      }
    } else if (!/^(?:map|slice|array|channel|function)_type$/.test(type.type)) return {}
    return { members: { names, embedded } }
  }

  #visit(node: SyntaxNode): void {
    switch (node.type) {
      case 'function_declaration':
      case 'method_declaration':
        this.#bindings = new Map()
        break
      case 'var_declaration':
        if (this.#isTop(node)) this.#bindings = new Map()
        break
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
          this.#bind(name, node.type === 'parameter_declaration' ? this.#typeOf(node.child('type')) : undefined)
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
        if (!this.#isTop(node)) this.#bindSpec(node)
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
    const common = { node, argumentCount, bindings: this.#bindings }
    if (callee.type === 'identifier')
      this.#calls.push({ ...common, name: this.#textOf(callee), nameNode: callee, receiver: undefined, path: [] })
    const operand = callee.type === 'selector_expression' ? callee.child('operand') : undefined
    const field = callee.child('field')
    const path = operand && field ? this.#plainPath(operand) : []
    const [first, ...more] = path
    if (field && first !== undefined) {
      const receiver = more.length === 0 ? first : undefined
      this.#calls.push({ ...common, name: this.#textOf(field), nameNode: field, receiver, path })
    }
  }

  #plainPath(node: SyntaxNode): string[] {
    if (node.type === 'identifier') return [this.#textOf(node)]
    const [operand, field] = [node.child('operand'), node.child('field')]
    if (node.type !== 'selector_expression' || !operand || !field) return []
    const before = this.#plainPath(operand)
    return before.length === 0 ? [] : [...before, this.#textOf(field)]
  }

  #bindList(left: SyntaxNode | undefined, right: SyntaxNode | undefined): void {
    const names = left?.type === 'expression_list' ? left.named() : left ? [left] : []
    const values = right?.named() ?? []
    for (const [place, name] of names.entries()) this.#bind(name, this.#typeOfValue(values, place, names.length))
  }

  #bindSpec(spec: SyntaxNode): void {
    const names = spec.inField('name').filter(each => each.type === 'identifier')
    const values = spec.child('value')?.named() ?? []
    for (const [place, name] of names.entries())
      this.#bind(name, this.#typeOf(spec.child('type')) ?? this.#typeOfValue(values, place, names.length))
  }

  #bind(name: SyntaxNode | undefined, type: GoTypeHint | undefined): void {
    if (!name || !/identifier$/.test(name.type)) return
    const text = this.#textOf(name)
    this.#locals.add(text)
    const known = this.#bindings.get(text)
    if (known) known.push(type)
    else this.#bindings.set(text, [type])
  }

  /** `T{…}`, `&T{…}`, `v.(T)` and `new(T)` are of type T; `f()` is what f returns. */
  #typeOfValue(values: readonly SyntaxNode[], place: number, names: number): GoTypeHint | undefined {
    const value = values[values.length === names ? place : 0]
    if (!value || (values.length !== names && values.length !== 1)) return undefined
    const isTuple = values.length !== names
    if (value.type === 'type_assertion_expression')
      return isTuple && place > 0 ? undefined : this.#typeOf(value.child('type'))
    if (value.type === 'call_expression') return this.#resultType(value, isTuple ? place : 0)
    const literal =
      value.type === 'unary_expression' && this.#textOf(value).startsWith('&') ? value.child('operand') : value
    return !isTuple && literal?.type === 'composite_literal' ? this.#typeOf(literal.child('type')) : undefined
  }

  #resultType(call: SyntaxNode, result: number): GoTypeHint | undefined {
    const callee = call.child('function')
    if (callee?.type === 'identifier') {
      const name = this.#textOf(callee)
      if (name === 'new') return this.#typeOf(call.child('arguments')?.named()[0])
      return { name, package: undefined, result }
    }
    const [operand, field] = [callee?.child('operand'), callee?.child('field')]
    if (callee?.type !== 'selector_expression' || operand?.type !== 'identifier' || !field) return undefined
    return { name: this.#textOf(field), package: this.#textOf(operand), result }
  }

  /** A named type, without pointer and type arguments. */
  #typeOf(type: SyntaxNode | undefined): GoTypeHint | undefined {
    switch (type?.type) {
      case 'identifier':
      case 'type_identifier':
        return { name: this.#textOf(type), package: undefined }
      case 'qualified_type':
        return { name: this.#textOf(type.child('name')), package: this.#textOf(type.child('package')) }
      case 'pointer_type':
      case 'parenthesized_type':
      case 'type_elem':
        return this.#typeOf(type.named()[0])
      case 'generic_type':
        return this.#typeOf(type.child('type'))
      default:
        return undefined
    }
  }

  #resultsOf(result: SyntaxNode | undefined): (GoTypeHint | undefined)[] {
    if (result?.type !== 'parameter_list') return [this.#typeOf(result)]
    return result.named().flatMap(each => {
      const type = each.type === 'parameter_declaration' ? this.#typeOf(each.child('type')) : undefined
      return each.inField('name').length > 1 ? each.inField('name').map(() => type) : [type]
    })
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
