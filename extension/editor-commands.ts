import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import { targetOf } from './command-target'
import { addMentions, addSelection } from './editor-text'
import { pathIn } from './folders'
import { chooseOutput, chooseSession } from './palette'
import type { Parts } from './parts'
import type { ChatView } from './views/chat-view'
import { fixPrompt } from './views/editor-actions'
import { pendingFileOf } from './views/pending-files'

/**
 * Commands of the palette, of menus and of buttons, by their names in package.json.
 *
 * @param slash the editor's own slash commands
 */
export function editorCommands(
  parts: Parts,
  chat: ChatView,
  slash: Record<string, (argument: string) => unknown>,
): Record<string, (...args: never[]) => unknown> {
  const { conversation, folder, proposals, review, desk, changesTree, texts, verdicts } = parts
  /** The proposed file that an address means, or a row of the tree. */
  const placeOf = (target: unknown) => {
    const uri = target instanceof vscode.Uri ? target : changesTree.placeOf(target)?.uri
    return uri && pendingFileOf(uri)
  }
  const activePlace = () => placeOf(vscode.window.activeTextEditor?.document.uri)

  /** A command about one proposed file. */
  const onFile = (act: (id: string, path: string, line?: number) => unknown) => {
    return async (...given: unknown[]) => {
      const file = targetOf(given, placeOf, activePlace)
      const [, line] = given
      if (file) await act(file.id, file.path, typeof line === 'number' ? line : undefined)
    }
  }
  /** Of a lens, which names place and hunk, or of a row of the tree; about the hunks of what was typed meanwhile too. */
  const onHunk = (act: (id: string, path: string, key: string) => unknown) => {
    return async (target: unknown, lensKey?: unknown) => {
      const file = placeOf(target)
      const key = changesTree.placeOf(target)?.key ?? lensKey
      if (!file || typeof key !== 'string') return
      await review.saveEdits(file.id)
      await act(file.id, file.path, key)
    }
  }
  /** What a gate refuses is not accepted, whoever wrote it; what was typed into it is saved first. */
  const unlessRefused = async (id: string, accept: () => void) => {
    await review.saveEdits(id)
    const refusal = await desk.refusalOf(id)
    if (refusal) void vscode.window.showWarningMessage(refusal)
    else accept()
  }

  return {
    'kode.openChat': () => vscode.commands.executeCommand('kode.chat.focus'),
    'kode.newConversation': () => conversation.startNew(),
    'kode.commitMessage': async (source?: { rootUri?: vscode.Uri }) => {
      const kode = await conversation.kode()
      const { writeCommitMessage } = await import('./commit-message')
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.SourceControl, title: vscode.l10n.t('Writing the commit message') },
        (_, cancellation) => writeCommitMessage(kode, source?.rootUri, cancellation).catch(tellError),
      )
    },
    'kode.chooseFolder': () => slash.folder?.(''),
    'kode.openSession': () => chooseSession(conversation),
    'kode.stop': () => chat.offer(conversation.stop()),
    'kode.showOutput': async () =>
      chooseOutput(await conversation.session(), (title, text) => texts.show(title, text)).catch(tellError),
    'kode.setKey': () => slash.key?.(''),
    'kode.openTranscript': () => slash.transcript?.(''),
    'kode.addFile': (uri?: vscode.Uri, others?: vscode.Uri[]) => {
      const one = uri ?? vscode.window.activeTextEditor?.document.uri
      return addMentions(chat, folder, others?.length ? others : one ? [one] : [])
    },
    'kode.addOpenEditors': () => {
      const inputs = vscode.window.tabGroups.all.flatMap(group => group.tabs.map(tab => tab.input))
      const open = inputs.flatMap(input => (input instanceof vscode.TabInputText ? [input.uri] : []))
      return addMentions(chat, folder, open)
    },
    'kode.addSelection': () => addSelection(chat, folder),
    'kode.explainSelection': () => addSelection(chat, folder, vscode.l10n.t('Explain this code: ')),
    'kode.fixProblem': async (uri: vscode.Uri, diagnostic: vscode.Diagnostic) => {
      chat.compose(fixPrompt(await vscode.workspace.openTextDocument(uri), pathIn(folder.current, uri), diagnostic))
      await vscode.commands.executeCommand('kode.chat.focus')
    },
    'kode.verifyFile': async (uri: vscode.Uri | undefined = vscode.window.activeTextEditor?.document.uri) => {
      if (!uri) return
      const document = await vscode.workspace.openTextDocument(uri)
      await verdicts.verify(document, pathIn(folder.current, uri), await conversation.kode()).catch(tellError)
    },
    'kode.acceptChange': onFile((id, path) => unlessRefused(id, () => proposals.accept(id, path))),
    'kode.rejectChange': onFile((id, path) => proposals.reject(id, path)),
    'kode.reviewChange': onFile((id, path, line) => review.show(id, path, false, line)),
    'kode.acceptHunk': onHunk((id, path, key) => unlessRefused(id, () => proposals.acceptHunk(id, path, key))),
    'kode.rejectHunk': onHunk((id, path, key) => proposals.rejectHunk(id, path, key)),
    'kode.acceptAll': async () => {
      for (const { id } of proposals.all) await unlessRefused(id, () => proposals.acceptAll(id))
    },
    'kode.rejectAll': () => {
      for (const { id } of proposals.all) proposals.rejectAll(id)
    },
  }
}

/** Shows what went wrong. */
export function tellError(error: unknown): void {
  void vscode.window.showErrorMessage(messageOf(error))
}
