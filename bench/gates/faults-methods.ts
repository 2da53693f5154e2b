import { stdNames } from '#shared/languages/support/python-std'
import type { SyntaxNode } from '#shared/languages/support/tree-sitter'
import { misspelt, type Place } from './faults'

/** What the faults of one file are made from. */
interface MethodSource {
  language: 'python' | 'go' | 'rust'
  text: string
  /** In source order. */
  nodes: readonly SyntaxNode[]
  /** The module path that go.mod declares. */
  goModule: string
  /** Other files of the same folder: text by name. */
  siblings: ReadonlyMap<string, string>
}

type Places = (Place & { kind: string })[]

/**
 * Methods called on something whose type is to be seen in the file or its project: on the object itself, on a variable or parameter of
 * one type that the project declares, on a literal, and, in Python, on a module that was imported whole.
 */
export function misspeltMethods(source: MethodSource, code: readonly SyntaxNode[], random: () => number): Places {
  const receivers = new Receivers(source)
  return code.flatMap(node => {
    const call = methodCall(node)
    if (!call) return []
    const name = textOf(source, call.name)
    const kind = receivers.kindOf(call.receiver)
    const wrong = misspelt(name, random)
    // `os.getpid` with a doubled letter is another function.
    if (kind === OF_A_MODULE && stdNames(textOf(source, call.receiver)).has(wrong)) return []
    if (!kind || name.length < 4 || name.startsWith('__') || new RegExp(`\\b${wrong}\\b`).test(source.text)) return []
    return [{ start: call.name.start, end: call.name.end, text: wrong, kind }]
  })
}

const OF_A_MODULE = 'of a module'

function methodCall(node: SyntaxNode): { receiver: SyntaxNode; name: SyntaxNode } | undefined {
  if (!/^call/.test(node.type)) return undefined
  let callee = node.child('function')
  if (callee?.type === 'generic_function') callee = callee.child('function')
  if (!callee || !/^(?:attribute|selector_expression|field_expression)$/.test(callee.type)) return undefined
  const receiver = callee.child('object') ?? callee.child('operand') ?? callee.child('value')
  const name = callee.child('attribute') ?? callee.child('field')
  return receiver && name ? { receiver, name } : undefined
}

class Receivers {
  readonly #source: MethodSource
  /** Classes, structs, interfaces and the like: of the file, its neighbours, or imported from the project. */
  readonly #types: ReadonlySet<string>
  /** For each function, by where it starts: what is known of each name bound in it, once for each place. */
  readonly #bound = new Map<number, Map<string, (string | undefined)[]>>()
  /** Python modules that are imported whole, from the standard library or the project. */
  readonly #modules = new Set<string>()

  constructor(source: MethodSource) {
    this.#source = source
    this.#types = typesOf(source)
    for (const node of source.nodes) {
      this.#readBinding(node)
      if (source.language === 'python' && node.type === 'import_statement' && node.parent?.type === 'module')
        for (const match of textOf(source, node).matchAll(/(?:import|,)\s*(\w+)(?=\s*(?:,|$))/g))
          if (STANDARD_MODULES.test(match[1]!)) this.#modules.add(match[1]!)
    }
  }

  kindOf(receiver: SyntaxNode): string | undefined {
    const { language } = this.#source
    if (/^(?:string|interpreted_string_literal|string_literal)$/.test(receiver.type))
      return language === 'go' ? undefined : 'of a literal'
    if (receiver.type === 'self') return this.#isInOwnType(receiver) ? 'of the object itself' : undefined
    if (receiver.type !== 'identifier') return undefined
    const name = textOf(this.#source, receiver)
    if (language === 'python' && name === 'self')
      return this.#isInOwnType(receiver) ? 'of the object itself' : undefined
    const known = this.#bound.get(functionAround(receiver))?.get(name)
    if (!known) return this.#modules.has(name) && !this.#isBoundAnywhere(name) ? OF_A_MODULE : undefined
    const [type] = known
    const isOne = type !== undefined && known.every(each => each === type)
    return isOne && this.#types.has(type) ? `of a variable of a type of the project` : undefined
  }

  #isBoundAnywhere(name: string): boolean {
    return [...this.#bound.values()].some(each => each.has(name))
  }

  /** In a method of a type that stands in this file. */
  #isInOwnType(node: SyntaxNode): boolean {
    for (let at = node.parent; at; at = at.parent) {
      if (at.type === 'class_definition' || at.type === 'trait_item') return true
      if (at.type === 'impl_item') return this.#types.has(textOf(this.#source, at.child('type')).replace(/<.*$/s, ''))
    }
    return false
  }

  #readBinding(node: SyntaxNode): void {
    const parent = node.parent
    if (!parent || node.type !== 'identifier') return
    const bind = (type: string | undefined) => this.#bind(node, type)
    if (node.field === 'name' && /^(?:parameter_declaration|var_spec)$/.test(parent.type))
      bind(parent.child('value') ? undefined : this.#plainType(parent.child('type')))
    else if (node.field === 'pattern' && /^(?:parameter|let_declaration)$/.test(parent.type))
      bind(this.#plainType(parent.child('type')) ?? this.#madeBy(parent.child('value')))
    else if (parent.type === 'typed_parameter') bind(this.#plainType(parent.child('type')))
    else if (parent.type === 'assignment' && node.field === 'left') bind(this.#madeBy(parent.child('right')))
    else if (
      parent.type === 'expression_list' &&
      parent.field === 'left' &&
      parent.parent?.type === 'short_var_declaration'
    ) {
      const values = parent.parent.child('right')?.named() ?? []
      bind(parent.named().length === 1 && values.length === 1 ? this.#madeBy(values[0]) : undefined)
    } else if (isOtherBinding(node)) bind(undefined)
  }

  #bind(name: SyntaxNode, type: string | undefined): void {
    const place = functionAround(name)
    const names = this.#bound.get(place) ?? new Map<string, (string | undefined)[]>()
    const text = textOf(this.#source, name)
    this.#bound.set(place, names.set(text, [...(names.get(text) ?? []), type]))
  }

  /** A type written as a plain name, behind pointers and references. */
  #plainType(type: SyntaxNode | undefined): string | undefined {
    return /^[*&\s]*(?:'\w+\s+)?(?:mut\s+)?([A-Za-z_]\w*)(?:<[\w\s,'<>]*>)?$/.exec(textOf(this.#source, type))?.[1]
  }

  /** `Cart(…)`, `Cart{…}`, `&Cart{…}`, `NewCart(…)` of Go, `Cart::new(…)` and `Cart { … }` of Rust. */
  #madeBy(value: SyntaxNode | undefined): string | undefined {
    const written = textOf(this.#source, value)
    const { language } = this.#source
    if (language === 'python') return value?.type === 'call' ? /^([A-Z]\w*)\(/.exec(written)?.[1] : undefined
    if (language === 'rust') return /^([A-Z]\w*)(?:::(?:new|default)\(|\s*\{)/.exec(written)?.[1]
    return /^&?([A-Za-z]\w*)\{/.exec(written)?.[1] ?? this.#goResult(/^(New\w+|new\w+)\(/.exec(written)?.[1])
  }

  #goResult(name: string | undefined): string | undefined {
    if (name === undefined) return undefined
    const declares = new RegExp(`^func ${name}\\([^)]*\\) \\*?(\\w+) \\{$`, 'm')
    for (const text of [this.#source.text, ...this.#source.siblings.values()]) {
      const type = declares.exec(text)?.[1]
      if (type) return type
    }
    return undefined
  }
}

function typesOf({ language, text, siblings }: MethodSource): Set<string> {
  const types = new Set<string>()
  const add = (pattern: RegExp, within: string) => {
    for (const match of within.matchAll(pattern)) types.add(match[1]!)
  }
  if (language === 'go')
    for (const each of [text, ...siblings.values()]) add(/^type (\w+)(?:\[[^\]]*\])? (?:struct|interface)\b/gm, each)
  if (language === 'python') {
    add(/^class (\w+)/gm, text)
    // One a line or several: of this project, by the dots.
    for (const match of text.matchAll(/^from \.+[\w.]* import \(?([^()\n]*(?:\n[^()]*\))?)/gm))
      add(/\b([A-Z]\w*[a-z]\w*)\b(?! as)/g, match[1]!)
  }
  if (language === 'rust') {
    add(/^\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|union) (\w+)/gm, text)
    for (const match of text.matchAll(/^use (?:crate|super)::([^;]*);/gm)) add(/\b([A-Z]\w*[a-z]\w*)\b/g, match[1]!)
  }
  return types
}

function isOtherBinding(node: SyntaxNode): boolean {
  const parent = node.parent!
  return (
    /^(?:parameters|lambda_parameters|default_parameter|typed_default_parameter|pattern_list|tuple_pattern|range_clause|for_statement|for_in_clause|as_pattern_target|named_expression|variadic_parameter_declaration|closure_parameters|tuple_struct_pattern|for_expression|let_condition|captured_pattern|mut_pattern|ref_pattern|reference_pattern|slice_pattern|or_pattern|match_pattern|import_from_statement|aliased_import)$/.test(
      parent.type,
    ) && !/^(?:value|body|right|condition|return_type)$/.test(node.field ?? '')
  )
}

/** Where the outermost function around a place starts; -1 outside of any. Classes of Python are none. */
function functionAround(node: SyntaxNode): number {
  let start = -1
  for (let at: SyntaxNode | undefined = node; at; at = at.parent)
    if (/^(?:function_definition|function_declaration|method_declaration|function_item)$/.test(at.type))
      start = at.start
  return start
}

function textOf({ text }: MethodSource, node: SyntaxNode | undefined): string {
  return node ? text.slice(node.start, node.end) : ''
}

const STANDARD_MODULES =
  /^(?:os|re|sys|json|itertools|functools|collections|subprocess|logging|asyncio|shutil|tempfile|threading|time|datetime|random|math|inspect|textwrap|traceback|types|warnings|struct|socket|hashlib|base64|copy|operator|string|uuid|enum|io|abc|contextlib|signal|select|errno|stat|glob|fnmatch|platform|getpass|pickle|zlib|gzip|queue|codecs|locale|argparse|importlib|weakref|gc|ast|dis|tokenize|heapq|bisect|decimal|fractions|statistics|secrets|hmac|html|urllib|csv|configparser)$/
