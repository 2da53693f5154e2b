/**
 * How many injected faults are found in Python, Go and Rust: one seeded fault a file, of each kind, in files that had none.
 * Usage: npm run bench:gates-sys -- gates-sys-detection LANGUAGE FILES FOLDER
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readAsset } from '#shared/host/node/assets'
import type { Judgement, Language } from '#shared/languages/language'
import type { ProjectView } from '#shared/languages/project-view'
import { Languages } from '#shared/languages/registry'
import { type GrammarName, parseTree, type SyntaxNode, visitTree } from '#shared/languages/support/tree-sitter'
import { seeded } from '../test/support/seeded'

const EXTENSIONS: Record<GrammarName, RegExp> = { python: /\.py$/, go: /\.go$/, rust: /\.rs$/ }
const [name = '', wanted = '100', root = '.'] = process.argv.slice(2)
if (!isGrammar(name)) throw new Error(`usage: ${Object.keys(EXTENSIONS).join('|')} FILES FOLDER`)

interface Fault {
  kind: string
  gate: 'syntax' | 'imports' | 'calls'
  /** Places where it can be injected: what is put instead of which range. */
  places(nodes: readonly SyntaxNode[], text: string): readonly (readonly [start: number, end: number, text: string])[]
}

const INVENTED = 'zqinvented'
const importPath: Record<GrammarName, string> = {
  python: 'import_from_statement',
  go: 'import_spec',
  rust: 'use_declaration',
}

const FAULTS: readonly Fault[] = [
  {
    kind: 'a bracket is missing',
    gate: 'syntax',
    places: nodes => nodes.filter(node => /^[()[\]{}]$/.test(node.type)).map(node => [node.start, node.end, '']),
  },
  {
    kind: 'a bracket too many',
    gate: 'syntax',
    places: nodes => nodes.filter(node => /^[)\]}]$/.test(node.type)).map(node => [node.end, node.end, ')']),
  },
  {
    kind: 'an invented package',
    gate: 'imports',
    places: (nodes, text) =>
      nodes
        .filter(node => node.type === importPath[name])
        .flatMap(node => {
          const part = node.child('module_name') ?? node.child('path') ?? node.child('argument')
          if (!part || /^(?:\.|crate|super|self)/.test(text.slice(part.start, part.end))) return []
          const value = name === 'go' ? `"${INVENTED}/pkg"` : name === 'python' ? INVENTED : `${INVENTED}::Thing`
          return [[part.start, part.end, value] as const]
        }),
  },
  {
    kind: 'an invented relative path',
    gate: 'imports',
    places: (nodes, text) =>
      nodes
        .filter(node => node.type === 'relative_import' || (name === 'rust' && node.type === 'use_declaration'))
        .flatMap(node => {
          const written = text.slice(node.start, node.end)
          if (name === 'python') return /^\.+\w/.test(written) ? [[node.end, node.end, 'zq'] as const] : []
          const match = /\bcrate::\w+/.exec(written)
          return match
            ? [[node.start + match.index + match[0].length, node.start + match.index + match[0].length, 'zq'] as const]
            : []
        }),
  },
  {
    kind: 'an invented function',
    gate: 'calls',
    places: nodes =>
      nodes
        .filter(
          node => node.type === 'identifier' && node.field === 'function' && /^call/.test(node.parent?.type ?? ''),
        )
        .map(node => [node.end, node.end, 'Zq']),
  },
]

const languages = new Languages(readAsset)
const project = diskView(root)
const random = seeded(7)
const tally = new Map<string, { found: number; injected: number; missed: string[] }>()
const files = sources('').filter(path => EXTENSIONS[name].test(path) && !/(?:^|\/)(?:tests?|testdata|ui)\//.test(path))
for (let tried = 0; tried < Number(wanted); tried++) {
  const path = files[Math.floor(random() * files.length)]!
  const text = readFileSync(join(root, path), 'utf8')
  if (text.length > 60_000) continue
  const language = await languages.languageOf(path)
  const tree = await parseTree(name, text, readAsset)
  if (!language || !tree || tree.broken.length > 0) continue
  const nodes: SyntaxNode[] = []
  visitTree(tree.root, node => {
    nodes.push(node)
    return (
      !/^(?:string|comment|token_tree|macro_definition|interpreted_string_literal)/.test(node.type) || name === 'go'
    )
  })
  for (const fault of FAULTS) {
    const places = fault.places(nodes, text)
    const place = places[Math.floor(random() * places.length)]
    if (!place) continue
    const [start, end, instead] = place
    const broken = text.slice(0, start) + instead + text.slice(end)
    const before = await problemsOf(language, fault.gate, path, text)
    const after = await problemsOf(language, fault.gate, path, broken)
    const counted = tally.get(fault.kind) ?? { found: 0, injected: 0, missed: [] }
    tally.set(fault.kind, counted)
    counted.injected++
    if (after > before) counted.found++
    else
      counted.missed.push(
        `${path}:${text.slice(0, start).split('\n').length} ${text.slice(start - 20, end + 20).replace(/\s+/g, ' ')}`,
      )
  }
}
for (const [kind, { found, injected, missed }] of tally) {
  for (const each of missed.slice(0, 5)) console.log(`  missed ${kind}: ${each}`)
  console.log(`${name}: ${kind}: ${found} of ${injected} (${((100 * found) / injected).toFixed(1)} %)`)
}

async function problemsOf(language: Language, gate: Fault['gate'], path: string, text: string): Promise<number> {
  const source = { path, text }
  let verdict: Judgement | undefined
  if (gate === 'syntax') verdict = await language.checkSyntax(source)
  else if (gate === 'imports') verdict = await language.code?.checkImports(source, project)
  else verdict = await language.code?.checkCalls(source, project)
  return verdict?.kind === 'judged'
    ? verdict.problems.filter(
        each => gate !== 'imports' || each.certainty === 'certain' || each.kind !== 'undeclared-package',
      ).length
    : 0
}

function isGrammar(text: string): text is GrammarName {
  return Object.hasOwn(EXTENSIONS, text)
}

function diskView(folder: string): ProjectView {
  const kindOf = (path: string) => {
    const stat = statSync(join(folder, path), { throwIfNoEntry: false })
    return stat?.isDirectory() ? 'directory' : stat?.isFile() ? 'file' : undefined
  }
  return {
    root: folder,
    read: async path => (kindOf(path) === 'file' ? readFileSync(join(folder, path), 'utf8') : undefined),
    kindOf: async path => kindOf(path),
    list: async path => (kindOf(path) === 'directory' ? readdirSync(join(folder, path)) : []),
  }
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    return entry.isDirectory() ? sources(path) : entry.isFile() ? [path] : []
  })
}
