import { isAbsolute } from 'node:path'
import * as vscode from 'vscode'
import { mentionText } from '#shared/protocol/mentions'
import { type ConversationFolder, mentionsOf, pathIn, uriIn } from './folders'
import type { Proposals } from './proposals'
import type { ChatView } from './views/chat-view'

/** Shows a file that the chat names; lines from 1. */
export async function openFile(folder: ConversationFolder, path: string, line?: number): Promise<void> {
  if (!folder.current) return
  const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0)
  await vscode.window.showTextDocument(uriIn(folder.current, path), {
    preview: true,
    ...(line && { selection: new vscode.Range(at, at) }),
  })
}

/** Code of an answer, as it is, in place of the selection. */
export async function insertAtCursor(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor
  if (!editor) throw new Error(vscode.l10n.t('Open a file and put the cursor where the code should go.'))
  await editor.edit(edit => edit.replace(editor.selection, text))
}

/** Code of an answer takes the place of the selection, as a change that is checked and waits for review. */
export async function applyToEditor(code: string, folder: ConversationFolder, proposals: Proposals): Promise<void> {
  const editor = vscode.window.activeTextEditor
  const root = folder.current
  const path = editor && pathIn(root, editor.document.uri)
  if (!editor || !root || !path || isAbsolute(path) || editor.document.uri.scheme !== root.uri.scheme) {
    throw new Error(vscode.l10n.t('Open the file that the code belongs to, and select what it replaces.'))
  }
  const { document, selection } = editor
  const before = document.getText()
  const [start, end] = [document.offsetAt(selection.start), document.offsetAt(selection.end)]
  // A whole line stays a whole line.
  const text = selection.end.character === 0 ? code : code.replace(/\n$/, '')
  const after = before.slice(0, start) + text + before.slice(end)
  proposals.add({ id: crypto.randomUUID(), title: path, files: [{ path, before, after }] }, root.uri.fsPath)
}

/** Files of the project as mentions in the composer. */
export async function addMentions(
  chat: ChatView,
  folder: ConversationFolder,
  uris: readonly vscode.Uri[],
): Promise<void> {
  const paths = mentionsOf(folder, uris)
  if (paths.length === 0) return
  chat.compose(`${paths.map(mentionText).join(' ')} `)
  await vscode.commands.executeCommand('kode.chat.focus')
}

/**
 * What is selected, in the composer.
 *
 * @param intro stands before it
 */
export function addSelection(chat: ChatView, folder: ConversationFolder, intro = ''): void {
  const editor = vscode.window.activeTextEditor
  if (!editor) return
  const path = pathIn(folder.current, editor.document.uri)
  const { start, end } = editor.selection
  const code = editor.document.getText(editor.selection)
  chat.compose(
    `${intro}${path}:${start.line + 1}-${end.line + 1}\n\`\`\`${editor.document.languageId}\n${code}\n\`\`\`\n`,
  )
  void vscode.commands.executeCommand('kode.chat.focus')
}
