import type { AssetLoader, CallFact, DeclarationFact, FileFacts, ImportFact, SourceFile, Unknown } from '../language'
import type { ProjectView } from '../project-view'
import { type PythonFunction, type PythonModule, readPythonModule } from './python-module'
import { PythonResolver } from './python-resolver'
import { type SyntaxNode, treeOf, visitTree } from './tree-sitter'

const IMPORT =
  /^[ \t]*(?:from[ \t]+(?<from>\.*[\w.]*)[ \t]+import[ \t]+(?<names>\([^)]*\)|[^\n#;]+)|import[ \t]+(?<list>[\w., \t]+?)(?:[ \t]+as\b|[ \t]*[#;\n]|$))/gm

/** Modules and, since they may be modules too, names: `a.b`, `..c`, `a.b.name`. */
export function scanPythonImports(text: string): string[] {
  const found = new Set<string>()
  for (const match of text.matchAll(IMPORT)) {
    const { from, names, list } = match.groups ?? {}
    for (const module of list?.split(',') ?? []) if (module.trim()) found.add(module.trim())
    if (from === undefined) continue
    if (!/^\.*$/.test(from)) found.add(from)
    for (const part of names?.replace(/[()\\]|#.*$/gm, ' ').split(',') ?? []) {
      const name = part.trim().split(/\s/)[0]
      if (name && /^\w+$/.test(name)) found.add(/\.$/.test(from) ? from + name : `${from}.${name}`)
      else if (name === '*' && /^\.+$/.test(from)) found.add(from)
    }
  }
  return [...found]
}

/** The project file a module is; for a name in a module, that module. */
export async function resolvePythonImport(
  imported: string,
  fromPath: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<readonly string[]> {
  const level = /^\.*/.exec(imported)![0].length
  const resolver = await PythonResolver.for(fromPath, project, loadAsset)
  const target = await resolver.find(level, imported.slice(level))
  return target?.kind === 'file' ? [target.path] : []
}

/** What one file declares, imports and calls. */
export async function pythonFacts(source: SourceFile, loadAsset: AssetLoader): Promise<FileFacts | Unknown> {
  const tree = await treeOf('python', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const module = readPythonModule(tree.value)
  const isPackage = /(?:^|\/)__init__\.pyi?$/.test(source.path)
  return {
    kind: 'facts',
    imports: module.imports.map(each => importFact(each, isPackage)),
    declarations: declarationsOf(module),
    calls: module.calls.map(call => callFact(call, module.text)),
    topLevelUses: topLevelUses(module),
    hasDynamicAccess: module.isDynamic || module.exposesUnseen || /\bgetattr\(|import_module\(/.test(module.text),
  }
}

function importFact(each: PythonModule['imports'][number], isPackage: boolean): ImportFact {
  const imported = '.'.repeat(each.level) + each.module
  const inside = imported.endsWith('.') ? imported : `${imported}.`
  const mayImport = each.names?.filter(({ name }) => name !== '*').map(({ name }) => inside + name)
  return {
    imported,
    ...(mayImport ? { mayImport } : {}),
    names: each.names?.map(({ name, local }) => ({ name, local })) ?? [
      { name: '*', ...(each.local ? { local: each.local } : {}) },
    ],
    isTypeOnly: each.isTypeOnly,
    isReExport: isPackage && each.isTopLevel && each.names !== undefined,
    start: each.start,
    end: each.end,
  }
}

function declarationsOf(module: PythonModule): DeclarationFact[] {
  const found: DeclarationFact[] = []
  const add = (
    name: string,
    kind: DeclarationFact['kind'],
    node: SyntaxNode,
    shape: string,
    signature: string,
    container?: string,
  ) => {
    found.push({
      name,
      kind,
      isExported: !name.startsWith('_') || /^__\w+__$/.test(name),
      ...(container ? { container } : {}),
      shape,
      signature,
      uses: usesIn(node, module.text, name),
      start: node.start,
      end: node.end,
    })
  }
  for (const each of module.functions) {
    if (each.scope === 'function') continue
    const head = headOf(each, module.text)
    add(each.name, each.container ? 'method' : 'function', each.node, head, head, each.container?.name)
  }
  for (const each of module.classes) {
    if (each.scope !== 'module') continue
    const members = module.functions.filter(method => method.container === each && !/^_[^_]/.test(method.name))
    const head =
      `${each.decorators.join(' ')} class ${each.name}(${each.bases.map(base => base ?? '?').join(', ')})`.trim()
    const fields = fieldsOf(each.node, module.text)
    add(
      each.name,
      'class',
      each.node,
      [head, ...fields, ...members.map(method => headOf(method, module.text))].join('\n'),
      head,
    )
  }
  for (const [name, bindings] of module.bindings) {
    const value = bindings.find(binding => binding.scope === 'module' && binding.kind === 'assignment')?.value
    const statement = value?.parent
    if (statement) add(name, 'variable', statement, squeeze(module.text.slice(statement.start, statement.end)), name)
  }
  return found
}

/** Parameters, annotations and decorators: what callers rely on. */
function headOf(each: PythonFunction, text: string): string {
  const parameters = each.node.child('parameters')
  const result = each.node.child('return_type')
  const part = (node: SyntaxNode | undefined) => (node ? squeeze(text.slice(node.start, node.end)) : '')
  const decorators = each.decorators.map(decorator => `@${squeeze(decorator)} `).join('')
  return `${decorators}${each.isAsync ? 'async ' : ''}def ${each.name}${part(parameters)}${result ? ` -> ${part(result)}` : ''}`
}

function fieldsOf(node: SyntaxNode, text: string): string[] {
  return (node.child('body')?.children ?? [])
    .filter(statement => statement.type === 'expression_statement' && statement.children[0]?.type === 'assignment')
    .map(statement => squeeze(text.slice(statement.start, statement.end)))
}

function callFact(call: PythonModule['calls'][number], text: string): CallFact {
  return {
    name: call.name,
    ...(call.receiver ? { receiver: text.slice(call.receiver.start, call.receiver.end) } : {}),
    ...(call.hasSplat ? {} : { argumentCount: call.positional + call.keywords.length }),
    start: call.node.start,
    end: call.node.end,
  }
}

function topLevelUses(module: PythonModule): Set<string> {
  const uses = new Set<string>()
  visitTree(module.root, node => {
    if (node.type === 'identifier') uses.add(module.text.slice(node.start, node.end))
    return !/^(?:function_definition|class_definition|import_statement|import_from_statement)$/.test(node.type)
  })
  return uses
}

function usesIn(node: SyntaxNode, text: string, except: string): Set<string> {
  const uses = new Set<string>()
  visitTree(node, inner => {
    if (inner.type === 'identifier') uses.add(text.slice(inner.start, inner.end))
    return true
  })
  uses.delete(except)
  return uses
}

function squeeze(text: string): string {
  return text
    .replace(/#.*$/gm, '')
    .replace(/\s+/g, ' ')
    .replace(/,\s*\)/g, ')')
    .trim()
}
