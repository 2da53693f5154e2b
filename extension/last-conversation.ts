import type * as vscode from 'vscode'

/** The conversation that a window had open last, so that the next one can offer it. */
export class LastConversation {
  readonly #memento: vscode.Memento

  constructor(memento: vscode.Memento) {
    this.#memento = memento
  }

  get(): { id: string; title: string } | undefined {
    return this.#memento.get(KEY)
  }

  /** The first prompt of a conversation gives it its title. */
  async note(conversation: { id: string; title: string }): Promise<void> {
    if (this.get()?.id !== conversation.id) await this.#memento.update(KEY, conversation)
  }
}

const KEY = 'kode.lastConversation'
