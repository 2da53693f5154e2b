import { newId } from '#shared/base/ids'
import type { Message } from '#shared/protocol/messages'
import type { MessageLog } from './session'

/** A conversation that leaves nothing on the disk (`--ephemeral`). */
export class MemoryLog implements MessageLog {
  readonly id = newId()
  readonly #messages: Message[] = []

  messages(): readonly Message[] {
    return this.#messages
  }

  async append(message: Message): Promise<void> {
    this.#messages.push(message)
  }

  async close(): Promise<void> {}
}
