import { createHash } from 'node:crypto'
import * as vscode from 'vscode'
import type { FileSystem, StagedFile } from '#shared/host/host'
import type { UnsavedTexts } from './unsaved-texts'

/**
 * The disk, seen through the editor: unsaved text is what a file holds, and what lands in a file goes through the
 * editor's own edits, so that its undo knows about it.
 *
 * @param onceUnsaved files that had unsaved text when somebody looked; their version is that of their text
 */
export function editorFiles(disk: FileSystem, unsaved: UnsavedTexts, onceUnsaved = new Set<string>()): FileSystem {
  const unsavedDocument = (path: string) => {
    const document = openDocument(path)
    return document && unsaved.has(document) ? document : undefined
  }
  const read: FileSystem['read'] = async (path, maxBytes) => {
    const document = unsavedDocument(path)
    if (!document) return disk.read(path, maxBytes)
    return { ok: true, value: await vscode.workspace.encode(document.getText(), { encoding: document.encoding }) }
  }
  // Saving text that kode has seen already is no change; typing more is one, though the disk does not know yet.
  const withTextVersion = async (path: string, seen: Seen): Promise<Seen> => {
    if (unsavedDocument(path)) onceUnsaved.add(path)
    if (!seen.ok || seen.value.type !== 'file' || !onceUnsaved.has(path)) return seen
    const bytes = await read(path)
    if (!bytes.ok) return bytes
    const version = `text:${createHash('sha256').update(bytes.value).digest('hex')}`
    return { ok: true, value: { ...seen.value, version } }
  }
  const files: FileSystem = {
    ...disk,
    read,
    unsaved: () =>
      vscode.workspace.textDocuments.filter(document => unsaved.has(document)).map(({ uri }) => uri.fsPath),
    stat: async path => withTextVersion(path, await disk.stat(path)),
    lstat: async path => withTextVersion(path, await disk.lstat(path)),
    async stage(path, bytes, options) {
      const staged = await disk.stage(path, bytes, options)
      if (!staged.ok || !isInWorkspace(path)) return staged
      return { ok: true, value: throughEditor(path, bytes, staged.value, disk, files) }
    },
    confinedTo: root => editorFiles(disk.confinedTo(root), unsaved, onceUnsaved),
  }
  return files
}

type Seen = Awaited<ReturnType<FileSystem['stat']>>

/** @param files `disk` as the editor sees it */
function throughEditor(
  path: string,
  bytes: Uint8Array,
  staged: StagedFile,
  disk: FileSystem,
  files: FileSystem,
): StagedFile {
  return {
    discard: () => staged.discard(),
    async commit(expected) {
      const [now, onDisk] = [await files.lstat(path), await disk.lstat(path)]
      const isExpected = expected === undefined || (now.ok ? now.value.version : 'absent') === expected
      // Text goes through the editor; the disk has the last word, also on a file that is not what was expected.
      if (!isExpected || !now.ok || !onDisk.ok) return staged.commit(expected)
      if (!(await editAndSave(path, bytes))) return staged.commit(expected && onDisk.value.version)
      const written = await disk.read(path)
      if (written.ok && sameBytes(written.value, bytes)) {
        await staged.discard()
        return { ok: true, value: undefined }
      }
      // Saving changed the text (line ends, an action on save): what was judged is what has to be there.
      return staged.commit()
    },
  }
}

/** @returns false when the editor cannot hold the file as text */
async function editAndSave(path: string, bytes: Uint8Array): Promise<boolean> {
  const uri = vscode.Uri.file(path)
  const document = await openText(uri)
  if (!document) return false
  const text = await vscode.workspace.decode(bytes, { encoding: document.encoding })
  const edit = new vscode.WorkspaceEdit()
  edit.replace(uri, ...smallestReplacement(document, text))
  if (!(await apply(edit))) return false
  // Says false also where the editor's own auto save was faster; what counts is what is on the disk then.
  await document.save()
  return true
}

/** @returns false where the editor would not; right after a crash it can still be busy with what it restores */
async function apply(edit: vscode.WorkspaceEdit): Promise<boolean> {
  try {
    return await vscode.workspace.applyEdit(edit)
  } catch {
    return false
  }
}

/** The range that differs and what belongs there, so that cursors and folds elsewhere stay. */
function smallestReplacement(document: vscode.TextDocument, text: string): [vscode.Range, string] {
  const old = document.getText()
  let start = 0
  while (start < old.length && start < text.length && old[start] === text[start]) start++
  let tail = 0
  while (tail < old.length - start && tail < text.length - start && old.at(-1 - tail) === text.at(-1 - tail)) tail++
  const range = new vscode.Range(document.positionAt(start), document.positionAt(old.length - tail))
  return [range, text.slice(start, text.length - tail)]
}

async function openText(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  try {
    return await vscode.workspace.openTextDocument(uri)
  } catch {
    // Binary or too large for the editor: such a file is written by the disk alone.
    return undefined
  }
}

function openDocument(path: string): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find(each => each.uri.scheme === 'file' && each.uri.fsPath === path)
}

function isInWorkspace(path: string): boolean {
  return vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path)) !== undefined
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
