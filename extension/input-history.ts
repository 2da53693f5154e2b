import type * as vscode from 'vscode'

const KEPT = 500
const KEY = 'kode.inputHistory'

/** What was typed into the chat, kept per workspace, newest last; each text once. */
export class KeptInputs {
  readonly #memento: vscode.Memento

  constructor(memento: vscode.Memento) {
    this.#memento = memento
  }

  get all(): readonly string[] {
    return this.#memento.get<string[]>(KEY, [])
  }

  async add(text: string): Promise<void> {
    if (text.trim() === '') return
    await this.#memento.update(KEY, [...this.all.filter(each => each !== text), text].slice(-KEPT))
  }
}
