import { stdPackageNames } from '#shared/languages/support/go-std'
import { stdNames } from '#shared/languages/support/python-std'
import type { GrammarName, SyntaxNode } from '#shared/languages/support/tree-sitter'
import { type Fault, type FaultRow, inventedFrom, inventedPackage, misspelt, type Place } from './faults'
import { misspeltMethods } from './faults-methods'
import { bringsForeign } from './rust-crate'

type Random = () => number
type Places = (Place & { kind: string })[]

export interface TreeSource {
  language: GrammarName
  path: string
  text: string
  /** In source order. */
  nodes: readonly SyntaxNode[]
  /** The module path that go.mod declares. */
  goModule: string
  /** Other files of the same folder: text by name. */
  siblings: ReadonlyMap<string, string>
  /** Rust: whether `crate::any` may be there by way of another crate. */
  isRootOpen: boolean
}

/** Every fault that can be put into a Python, Go or Rust file, by row. */
export function treeFaults(source: TreeSource, random: Random): Map<FaultRow, () => Fault | undefined> {
  const chosen = (row: FaultRow, gate: Fault['gate'], places: Places): Fault | undefined => {
    const place = places[Math.floor(random() * places.length)]
    return place && { row, gate, kind: place.kind, place }
  }
  const code = source.nodes.filter(node => !isInLiteral(node))
  return new Map<FaultRow, () => Fault | undefined>([
    [
      'syntax',
      () => {
        const kinds = [
          brackets,
          strayBrackets,
          keywords,
          truncations,
          ...(source.language === 'python' ? [colons, indents] : []),
        ]
        return chosen('syntax', 'syntax', kinds[Math.floor(random() * kinds.length)]!(source, code))
      },
    ],
    ['invented package', () => chosen('invented package', 'imports', packages(source, random))],
    ['invented path', () => chosen('invented path', 'imports', paths(source))],
    ['invented named import', () => chosen('invented named import', 'imports', names(source, random))],
    ['invented function', () => chosen('invented function', 'calls', freeCalls(source, code, random))],
    ...(source.language === 'rust'
      ? []
      : [['wrong arity', () => chosen('wrong arity', 'calls', arities(source, code, random))] as const]),
    ['misspelt method', () => chosen('misspelt method', 'calls', misspeltMethods(source, code, random))],
  ])
}

function isInLiteral(node: SyntaxNode): boolean {
  for (let at: SyntaxNode | undefined = node; at; at = at.parent) {
    if (/string|comment|char_literal|rune|token_tree|macro_definition|attribute/.test(at.type)) return true
  }
  return false
}

function textOf({ text }: TreeSource, node: SyntaxNode): string {
  return text.slice(node.start, node.end)
}

function brackets(_: TreeSource, nodes: readonly SyntaxNode[]): Places {
  return nodes.flatMap(({ type, start, end }) =>
    /^[()[\]{}]$/.test(type) ? [{ start, end, text: '', kind: 'a bracket is missing' }] : [],
  )
}

function strayBrackets(_: TreeSource, nodes: readonly SyntaxNode[]): Places {
  return nodes.flatMap(({ type, end }) =>
    /^[)\]}]$/.test(type) ? [{ start: end, end, text: type, kind: 'a bracket too many' }] : [],
  )
}

const KEYWORDS: Record<GrammarName, RegExp> = {
  // Only those that are followed by a name: `retrun (x)` would be a call.
  python: /^(?:class|return|import|from|def|raise|assert|lambda|while|global|nonlocal)$/,
  go: /^(?:func|return|type|package|import|struct|defer|const|range)$/,
  rust: /^(?:fn|struct|enum|impl|trait|let|return|const|static|match)$/,
}

function keywords({ language, text }: TreeSource, nodes: readonly SyntaxNode[]): Places {
  return nodes.flatMap(({ type, start, end, isNamed }) => {
    const isWord = !isNamed && KEYWORDS[language].test(type) && /^ +[A-Za-z_"]/.test(text.slice(end, end + 20))
    // `x = lambda y: z` with another word there is still an annotation of sorts; and Rust has `r#` and macros.
    if (!isWord || type === 'lambda' || /^ +(?:in|not|is|or|and|if|as)\b/.test(text.slice(end, end + 8))) return []
    return [
      {
        start,
        end,
        text: type.length > 3 ? type[0]! + type[2]! + type[1]! + type.slice(3) : `${type}c`,
        kind: 'a keyword is misspelt',
      },
    ]
  })
}

function truncations(source: TreeSource, nodes: readonly SyntaxNode[]): Places {
  return nodes.flatMap(({ type, end }) =>
    /^[([{]$/.test(type) && end < source.text.length * 0.95
      ? [{ start: end, end: source.text.length, text: '\n', kind: 'the end is missing' }]
      : [],
  )
}

function colons(_: TreeSource, nodes: readonly SyntaxNode[]): Places {
  return nodes.flatMap(({ type, start, end, parent }) =>
    type === ':' &&
    /^(?:function_definition|class_definition|if_statement|for_statement|while_statement|with_statement|try_statement|else_clause)$/.test(
      parent?.type ?? '',
    )
      ? [{ start, end, text: '', kind: 'a colon is missing' }]
      : [],
  )
}

/** A statement that is indented by one blank more than the one before it. */
function indents({ text }: TreeSource, nodes: readonly SyntaxNode[]): Places {
  return nodes.flatMap(({ type, start, parent }) => {
    const isSecond = parent?.type === 'block' && parent.named()[0]?.start !== start
    const lineStart = text.lastIndexOf('\n', start - 1) + 1
    const isFirstOfLine = /^[ ]+$/.test(text.slice(lineStart, start))
    return isSecond && isFirstOfLine && /_statement$/.test(type)
      ? [{ start, end: start, text: ' ', kind: 'a line is indented wrongly' }]
      : []
  })
}

/** Imports that must succeed: of the file itself, in no `try`, under no condition. */
function plainImports(source: TreeSource): SyntaxNode[] {
  return source.nodes.filter(node => {
    if (source.language === 'go') return node.type === 'import_spec'
    if (source.language === 'python')
      return /^import_(?:from_)?statement$/.test(node.type) && node.parent?.type === 'module'
    const siblings = node.parent?.children.filter(each => !/comment$/.test(each.type)) ?? []
    const before = siblings[siblings.indexOf(node) - 1]
    return node.type === 'use_declaration' && node.parent?.type === 'source_file' && before?.type !== 'attribute_item'
  })
}

function packages(source: TreeSource, random: Random): Places {
  return plainImports(source).flatMap(node => {
    const part = node.child('module_name') ?? node.child('path') ?? node.child('argument') ?? node.child('name')
    if (!part) return []
    const written = textOf(source, part)
    if (source.language === 'python') {
      // What a file puts on the path while it runs may hold any module.
      if (/\bsys\.(?:path|meta_path)\b/.test(source.text)) return []
      if (!/^\w[\w.]*$/.test(written) || written === '__future__') return []
      const name = inventedPackage(written.split('.')[0], random)
      return [
        {
          start: part.start,
          end: part.end,
          text: random() < 0.2 ? `${name}.client` : name,
          kind: 'a package is renamed',
        },
      ]
    }
    if (source.language === 'go') {
      // The go command leaves such folders alone; what they need besides is not in go.mod.
      if (/(?:^|\/)_[^/]*\//.test(source.path)) return []
      const near = written.replaceAll('"', '').split('/').at(-1)
      const name = inventedPackage(near, random)
      const made = [
        `"github.com/${near && near.length > 2 ? near : 'acme'}-labs/${name}"`,
        `"${near ?? 'fmt'}/${name}"`,
        `"golang.org/x/${name}"`,
      ]
      return [
        {
          start: part.start,
          end: part.end,
          text: made[Math.floor(random() * made.length)]!,
          kind: 'a package is renamed',
        },
      ]
    }
    // With a glob of another crate at the top, the first name of a path may be a module of that crate.
    if (/^(?:crate|self|super)\b|^\{|^\*/.test(written) || bringsForeign(source.text)) return []
    const name = inventedPackage(written.split('::')[0], random)
    return [{ start: part.start, end: part.end, text: `${name}::Client`, kind: 'a crate is renamed' }]
  })
}

function paths(source: TreeSource): Places {
  return plainImports(source).flatMap(node => {
    const [start, written] = [node.start, textOf(source, node)]
    if (source.language === 'python') {
      const match = /^from\s+\.+\w[\w.]*/.exec(written)
      return match
        ? [
            {
              start: start + match[0].length,
              end: start + match[0].length,
              text: '_helpers',
              kind: 'a module is renamed',
            },
          ]
        : []
    }
    if (source.language === 'go') {
      const match = new RegExp(`"${source.goModule.replaceAll('.', '\\.')}(?:/[^"]+)?`).exec(written)
      if (source.goModule === '' || !match) return []
      const at = start + match.index + match[0].length
      return [{ start: at, end: at, text: '/zqhelpers', kind: 'a package of the module is renamed' }]
    }
    const match = /^(?:pub(?:\([^)]*\))?\s+)?use\s+(?:crate|super|self)::[a-z]\w*/.exec(written)
    if (!match || (source.isRootOpen && match[0].includes('crate::'))) return []
    const at = start + match[0].length
    return [{ start: at, end: at, text: '_helpers', kind: 'a module is renamed' }]
  })
}

function names(source: TreeSource, random: Random): Places {
  const wrongly = (name: string) => (random() < 0.5 ? misspelt(name, random) : inventedFrom(name, random))
  const imports = plainImports(source)
  if (source.language === 'python') {
    return imports.flatMap(node => {
      const module = node.child('module_name')
      if (!module) return []
      return node.inField('name').flatMap(each => {
        const name = each.child('name') ?? each
        const written = textOf(source, name)
        const wrong = wrongly(written)
        const isVisible = textOf(source, module).startsWith('.') || isPythonStd(textOf(source, module))
        if (
          !isVisible ||
          stdNames(textOf(source, module)).has(wrong) ||
          written.length < 3 ||
          written.startsWith('_') ||
          wrong === written
        )
          return []
        const alias = each.type === 'aliased_import' ? '' : ` as ${written}`
        return [{ start: name.start, end: name.end, text: wrong + alias, kind: `a name is made up` }]
      })
    })
  }
  if (source.language === 'rust') {
    return imports.flatMap(node => {
      const written = textOf(source, node)
      const match = /^use\s+(?:crate|super|std|core|alloc)(?:::[a-z]\w*)*::([A-Z]\w{2,})\s*;$/.exec(written)
      const wrong = match ? wrongly(match[1]!) : ''
      if (!match || wrong === match[1]) return []
      const start = node.start + written.lastIndexOf(match[1]!)
      return [{ start, end: start + match[1]!.length, text: `${wrong} as ${match[1]}`, kind: 'a name is made up' }]
    })
  }
  // In Go a name is taken from a package where it is used: `strings.TrimSpace`.
  const standard = new Set(
    imports.flatMap(node => [
      ...(stdPackageNames(textOf(source, node.child('path') ?? node).replaceAll('"', ''))?.keys() ?? []),
    ]),
  )
  const packages = new Set(
    imports.flatMap(node => {
      const path = textOf(source, node.child('path') ?? node).replaceAll('"', '')
      const isVisible =
        !path.split('/')[0]!.includes('.') || (source.goModule !== '' && `${path}/`.startsWith(`${source.goModule}/`))
      const own = node.child('name')
      const name = own ? textOf(source, own) : path.split('/').at(-1)!
      return isVisible && /^[a-z]\w*$/.test(name) && path !== 'C' && !/^v\d+$/.test(name) ? [name] : []
    }),
  )
  const declared = new Set(
    source.nodes.flatMap(node =>
      node.type === 'identifier' &&
      /^(?:parameter_declaration|var_spec|short_var_declaration|range_clause|expression_list|const_spec)$/.test(
        node.parent?.type ?? '',
      )
        ? [textOf(source, node)]
        : [],
    ),
  )
  return source.nodes.flatMap(node => {
    if (node.type !== 'selector_expression' && node.type !== 'qualified_type') return []
    const [owner, name] =
      node.type === 'qualified_type'
        ? [node.child('package'), node.child('name')]
        : [node.child('operand'), node.child('field')]
    if (!owner || !name || !packages.has(textOf(source, owner)) || declared.has(textOf(source, owner))) return []
    const written = textOf(source, name)
    const wrong = wrongly(written)
    // `Printf` without its last letter is another function.
    return written.length < 3 || wrong === written || standard.has(wrong)
      ? []
      : [{ start: name.start, end: name.end, text: wrong, kind: 'a name is made up' }]
  })
}

function isPythonStd(module: string): boolean {
  return /^(?:os|re|sys|json|typing|collections|functools|itertools|pathlib|datetime|subprocess|logging|asyncio|contextlib|dataclasses|enum|io|time|abc|copy|inspect|types|urllib|http|unittest|email|threading|tempfile|shutil|warnings|weakref|decimal|random|math|operator|string|struct|socket|ssl|hashlib|base64|textwrap|traceback|uuid|xml|zipfile|concurrent|multiprocessing|importlib)(?:\.|$)/.test(
    module,
  )
}

function freeCalls(source: TreeSource, nodes: readonly SyntaxNode[], random: Random): Places {
  // What another crate brings with a glob, only its source tells.
  if (source.language === 'rust' && bringsForeign(source.text)) return []
  return nodes.flatMap(node => {
    if (node.type !== 'identifier' || node.field !== 'function' || !/^call/.test(node.parent?.type ?? '')) return []
    const name = inventedFrom(textOf(source, node), random)
    const isMeantToFail = source.language === 'python' && isInTry(node)
    if (source.text.includes(name) || isMeantToFail) return []
    return [{ start: node.start, end: node.end, text: name, kind: 'a called function is made up' }]
  })
}

function isInTry(node: SyntaxNode): boolean {
  for (let at = node.parent; at; at = at.parent) if (/^(?:try|with)_statement$/.test(at.type)) return true
  return false
}

/** Calls of plain functions of this file, and in Go of the other files of the package. */
function arities(source: TreeSource, nodes: readonly SyntaxNode[], random: Random): Places {
  const known = source.language === 'go' ? goFunctions(source) : pythonFunctions(source)
  const shadowed = new Set(
    source.nodes.flatMap(node => (node.type === 'identifier' && isBinding(node) ? [textOf(source, node)] : [])),
  )
  return nodes.flatMap(node => {
    if (node.type !== 'identifier' || node.field !== 'function' || !/^call/.test(node.parent?.type ?? '')) return []
    const name = textOf(source, node)
    const takes = known.get(name)
    const list = node.parent!.child('arguments')
    const given = list?.named() ?? []
    const isPlain =
      given.every(each => !/splat|variadic|generator|^call/.test(each.type)) &&
      /^\(/.test(list ? textOf(source, list) : '')
    if (!takes || !list || !isPlain || shadowed.has(name)) return []
    if (takes.required > 0 && random() < 0.5 && given.length > 0)
      return [{ start: list.start + 1, end: list.end - 1, text: '', kind: 'arguments are missing' }]
    const last = given.at(-1)
    if (given.some(each => each.type === 'keyword_argument')) return []
    const extra = Array.from({ length: takes.most - given.length + 1 }, () =>
      source.language === 'go' ? 'nil' : 'None',
    ).join(', ')
    const at = last?.end ?? list.start + 1
    return [{ start: at, end: at, text: last ? `, ${extra}` : extra, kind: 'an argument too many' }]
  })
}

function isBinding(node: SyntaxNode): boolean {
  const parent = node.parent
  if (!parent) return false
  if (
    /^(?:parameters|lambda_parameters|default_parameter|typed_parameter|typed_default_parameter|pattern_list|parameter_declaration|var_spec|range_clause|import_from_statement|aliased_import)$/.test(
      parent.type,
    )
  )
    return true
  if (parent.type === 'assignment' && node.field === 'left') return true
  return parent.type === 'expression_list' && parent.field === 'left'
}

interface Takes {
  required: number
  most: number
}

function pythonFunctions(source: TreeSource): Map<string, Takes> {
  const found = new Map<string, Takes>()
  const seen = new Set<string>()
  for (const node of source.nodes) {
    if (node.type !== 'function_definition' && node.type !== 'class_definition') continue
    const name = textOf(source, node.child('name')!)
    if (seen.has(name)) found.delete(name)
    const isFirst = !seen.has(name)
    seen.add(name)
    if (!isFirst || node.type !== 'function_definition' || node.parent?.type !== 'module') continue
    const parameters = node.child('parameters')!.named()
    if (
      parameters.some(
        each =>
          !/^(?:identifier|default_parameter|typed_parameter|typed_default_parameter)$/.test(each.type) ||
          textOf(source, each).startsWith('*'),
      )
    )
      continue
    found.set(name, { required: parameters.filter(each => !/default/.test(each.type)).length, most: parameters.length })
  }
  return found
}

function goFunctions(source: TreeSource): Map<string, Takes> {
  const found = new Map<string, Takes>()
  for (const text of [source.text, ...source.siblings.values()]) {
    for (const match of text.matchAll(/^func (\w+)\(([^()]*)\)/gm)) {
      const [, name, list] = match
      if (list!.includes('...')) continue
      const parts = list!.split(',').filter(each => each.trim() !== '')
      found.set(name!, { required: parts.length, most: parts.length })
    }
  }
  for (const name of ['init', 'main']) found.delete(name)
  return found
}
