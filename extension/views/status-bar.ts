import * as vscode from 'vscode'
import type { ChatState } from '#shared/protocol/chat-state'

/** Mode, model and how full the window is, in one item that opens the chat. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('kode.status', vscode.StatusBarAlignment.Right, 90)

  constructor() {
    this.#item.name = 'kode'
    this.#item.command = 'kode.openChat'
  }

  /** @param nextModel what the settings name, while no session asked it yet */
  show(state: ChatState, nextModel: string, pending: number): void {
    const model = nextModel || state.model
    const share = state.context ? Math.round((100 * state.context.used) / Math.max(1, state.context.window)) : undefined
    const parts = [
      `${state.isRunning ? '$(loading~spin)' : '$(shield)'} ${state.mode.toUpperCase()}`,
      model.slice(0, MODEL_NAME_LENGTH),
      share === undefined ? '' : `${share}%`,
      pending > 0 ? `$(diff) ${pending}` : '',
    ]
    this.#item.text = parts.filter(part => part !== '').join('  ')
    this.#item.tooltip = [
      `kode: ${state.provider} ${model}`,
      vscode.l10n.t('Mode: {0}', state.mode),
      state.sandbox ? vscode.l10n.t('Sandbox: {0}', state.sandbox) : '',
      pending > 0 ? vscode.l10n.t('{0} changes wait for review', pending) : '',
    ]
      .filter(line => line !== '')
      .join('\n')
    this.#item.show()
  }

  dispose(): void {
    this.#item.dispose()
  }
}

const MODEL_NAME_LENGTH = 32
