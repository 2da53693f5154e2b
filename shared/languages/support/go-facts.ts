import type { AssetLoader, DeclarationFact, FileFacts, SourceFile, Unknown } from '../language'
import type { ProjectView } from '../project-view'
import { type GoFile, readGoFile } from './go-file'
import { resolveGoImport } from './go-imports'
import { inFolder, parentFolder } from './go-project'
import { type SyntaxNode, treeOf, visitTree } from './tree-sitter'

/** Import paths. */
export function scanGoImports(text: string): string[] {
  const found = new Set<string>()
  for (const match of text.matchAll(/^[ \t]*import[ \t]*(?:\((?<block>[^)]*)\)|(?<line>[^\n]*))/gm))
    for (const path of (match.groups?.block ?? match.groups?.line ?? '').matchAll(/^[^/"`\n]*["`]([^"`\n]+)["`]/gm))
      found.add(path[1]!)
  return [...found]
}

/** The files of the package an import path means, without its tests. */
export async function goFilesOf(imported: string, fromPath: string, project: ProjectView): Promise<string[]> {
  const target = await resolveGoImport(imported, fromPath, project)
  if (target.kind !== 'folder') return []
  const names = await project.list(target.folder)
  return names
    .filter(name => name.endsWith('.go') && !name.endsWith('_test.go'))
    .map(name => inFolder(target.folder, name))
}

/** The other files of the same folder. */
export async function goSiblings(path: string, project: ProjectView): Promise<string[]> {
  const folder = parentFolder(path)
  const isTest = path.endsWith('_test.go')
  const names = await project.list(folder)
  return names
    .filter(name => name.endsWith('.go') && (isTest || !name.endsWith('_test.go')))
    .map(name => inFolder(folder, name))
    .filter(each => each !== path)
}

/** What one file declares, imports and calls. */
export async function goFacts(source: SourceFile, loadAsset: AssetLoader): Promise<FileFacts | Unknown> {
  const tree = await treeOf('go', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const file = readGoFile(tree.value)
  return {
    kind: 'facts',
    imports: file.imports.map(each => ({
      imported: each.path,
      names: [
        {
          name: '*',
          ...(each.alias === '_' || each.alias === '.' ? {} : { local: each.alias ?? each.path.split('/').at(-1)! }),
        },
      ],
      isTypeOnly: false,
      isReExport: false,
      start: each.start,
      end: each.end,
    })),
    declarations: declarationsOf(file),
    calls: file.calls.map(call => ({
      name: call.name,
      ...(call.receiver === undefined ? {} : { receiver: call.receiver }),
      ...(call.argumentCount === undefined ? {} : { argumentCount: call.argumentCount }),
      start: call.node.start,
      end: call.node.end,
    })),
    topLevelUses: usesOutsideFunctions(file),
    hasDynamicAccess: file.imports.some(each => each.path === 'reflect' || each.path === 'plugin'),
  }
}

const KINDS = { function: 'function', type: 'type', variable: 'variable', constant: 'variable' } as const

function declarationsOf(file: GoFile): DeclarationFact[] {
  const facts: DeclarationFact[] = []
  for (const [name, declared] of file.declarations)
    for (const { kind, node, head } of declared) {
      facts.push({
        name,
        kind: KINDS[kind],
        isExported: /^\p{Lu}/u.test(name),
        shape: head,
        signature: head.length > 120 ? `${head.slice(0, 119)}…` : head,
        uses: usesIn(node, file.text, name),
        start: node.start,
        end: node.end,
      })
    }
  for (const { name, receiver, node, head } of file.methods) {
    facts.push({
      name,
      kind: 'method',
      isExported: /^\p{Lu}/u.test(name),
      container: receiver,
      shape: head,
      signature: head,
      uses: usesIn(node, file.text, name),
      start: node.start,
      end: node.end,
    })
  }
  return facts
}

function usesIn(node: SyntaxNode, text: string, except: string): Set<string> {
  const uses = new Set<string>()
  visitTree(node, inner => {
    if (/identifier$/.test(inner.type)) uses.add(text.slice(inner.start, inner.end))
    return true
  })
  uses.delete(except)
  return uses
}

function usesOutsideFunctions(file: GoFile): Set<string> {
  const uses = new Set<string>()
  for (const node of file.root.children)
    if (
      node.type === 'var_declaration' ||
      (node.type === 'function_declaration' && /^func init\(/.test(file.text.slice(node.start)))
    )
      for (const use of usesIn(node, file.text, '')) uses.add(use)
  return uses
}
