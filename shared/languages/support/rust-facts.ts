import type { AssetLoader, DeclarationFact, FileFacts, SourceFile, Unknown } from '../language'
import { type RustFile, readRustFile } from './rust-file'
import { type SyntaxNode, treeOf, visitTree } from './tree-sitter'

const KINDS: Record<string, DeclarationFact['kind']> = {
  function_item: 'function',
  function_signature_item: 'method',
  struct_item: 'class',
  union_item: 'class',
  enum_item: 'enum',
  trait_item: 'interface',
  type_item: 'type',
  const_item: 'variable',
  static_item: 'variable',
  macro_definition: 'function',
}

/** What one file declares, imports and calls. */
export async function rustFacts(source: SourceFile, loadAsset: AssetLoader): Promise<FileFacts | Unknown> {
  const tree = await treeOf('rust', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const file = readRustFile(tree.value)
  return {
    kind: 'facts',
    imports: [
      ...file.modules
        .filter(each => each.isFile)
        .map(each => ({
          imported: `self::${each.name}`,
          names: [{ name: '*', local: each.name }],
          isTypeOnly: false,
          isReExport: false,
          start: each.start,
          end: each.end,
        })),
      ...file.uses.map(each => ({
        imported: each.path.join('::'),
        names: [{ name: each.local === '*' ? '*' : (each.path.at(-1) ?? '*'), local: each.local }],
        isTypeOnly: false,
        isReExport: each.isPublic,
        start: each.start,
        end: each.end,
      })),
    ],
    declarations: declarationsOf(file),
    calls: file.calls.map(call => ({
      name: call.name,
      ...(call.receiver === undefined ? {} : { receiver: call.receiver }),
      ...(call.argumentCount === undefined ? {} : { argumentCount: call.argumentCount }),
      start: call.start,
      end: call.end,
    })),
    topLevelUses: new Set(),
    hasDynamicAccess: false,
  }
}

function declarationsOf(file: RustFile): DeclarationFact[] {
  const facts: DeclarationFact[] = []
  visitTree(file.root, node => {
    const kind = KINDS[node.type]
    const name = node.child('name')
    // What is inside of a function is nobody else's business.
    if (node.type === 'block') return false
    if (!kind || !name) return true
    const holder = node.parent?.type === 'declaration_list' ? node.parent.parent : undefined
    const container = holder?.child('type') ?? (holder?.type === 'trait_item' ? holder.child('name') : undefined)
    const head = headOf(node, file.text)
    facts.push({
      name: textOf(name, file.text),
      kind: container && kind === 'function' ? 'method' : kind,
      isExported:
        holder?.type === 'trait_item' ||
        holder?.child('trait') !== undefined ||
        node.children.some(each => each.type === 'visibility_modifier'),
      ...(container ? { container: textOf(container, file.text).replace(/<.*$/s, '') } : {}),
      shape: head,
      signature: head.length > 120 ? `${head.slice(0, 119)}…` : head,
      uses: usesIn(node, file.text, textOf(name, file.text)),
      start: node.start,
      end: node.end,
    })
    return true
  })
  return facts
}

/** A function without its body; anything else whole. */
function headOf(node: SyntaxNode, text: string): string {
  const end = node.type === 'function_item' ? (node.child('body')?.start ?? node.end) : node.end
  return text
    .slice(node.start, end)
    .replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

function usesIn(node: SyntaxNode, text: string, except: string): Set<string> {
  const uses = new Set<string>()
  visitTree(node, inner => {
    if (/identifier$/.test(inner.type)) uses.add(textOf(inner, text))
    return true
  })
  uses.delete(except)
  return uses
}

function textOf(node: SyntaxNode, text: string): string {
  return text.slice(node.start, node.end)
}
