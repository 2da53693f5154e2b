import * as vscode from 'vscode'
import type { Kode } from '#shared/kode'
import { gateLines } from './verdict-text'

/**
 * `@kode` in the editor's own chat: hands a task to kode's panel, and `/verify` tells the verdict about the file that is
 * open. Thin on purpose: the work is done where every change passes the gates.
 */
export function registerParticipant(
  kode: () => Promise<Kode>,
  pathOf: (uri: vscode.Uri) => string,
  prompt: (text: string) => Promise<void>,
): vscode.Disposable {
  return vscode.chat.createChatParticipant('kode.agent', async (request, _context, response, cancellation) => {
    if (request.command !== 'verify') {
      await vscode.commands.executeCommand('kode.openChat')
      await prompt(request.prompt)
      response.markdown(
        vscode.l10n.t('kode works on it in its own panel, where every change is checked before it lands.'),
      )
      response.button({ command: 'kode.openChat', title: vscode.l10n.t('Show') })
      return
    }
    const document = vscode.window.activeTextEditor?.document
    if (!document) {
      response.markdown(vscode.l10n.t('Open the file that should be verified.'))
      return
    }
    const stop = new AbortController()
    const listening = cancellation.onCancellationRequested(() => stop.abort())
    const path = pathOf(document.uri)
    const report = await (await kode()).changes.judgeFile(path, document.getText(), stop.signal)
    listening.dispose()
    response.markdown(`**${path}**\n\n${gateLines(report)}`)
  })
}
