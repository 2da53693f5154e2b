import * as vscode from 'vscode'
import type { ChatEvent } from '#shared/protocol/events'

/** A turn that took less is over before the user has looked away. */
const LONG_TURN_MS = 10_000

/** Calls the user back while another window has the focus: a question waits, or a long turn has ended. One call at a time. */
export class Attention {
  #turnStartedAt = 0
  #isCalling = false

  observe(event: ChatEvent): void {
    if (event.type === 'turn_started') this.#turnStartedAt = Date.now()
    if (event.type === 'approval_requested') {
      void this.#call(vscode.l10n.t('kode waits for your word: {0}', event.request.title))
    }
    if (event.type === 'question_asked') void this.#call(vscode.l10n.t('kode asks: {0}', event.question.question))
    if (event.type === 'turn_ended' && Date.now() - this.#turnStartedAt > LONG_TURN_MS) {
      void this.#call(vscode.l10n.t('kode has finished.'))
    }
  }

  async #call(text: string): Promise<void> {
    if (vscode.window.state.focused || this.#isCalling) return
    this.#isCalling = true
    const show = vscode.l10n.t('Show')
    const answer = await vscode.window.showInformationMessage(text, show)
    this.#isCalling = false
    if (answer === show) await vscode.commands.executeCommand('kode.openChat')
  }
}
