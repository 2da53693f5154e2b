import { type ChatItem, isSettled } from '#shared/protocol/chat-state'
import { t } from '../l10n'
import { statusOf, wordsFor } from './tool-words'

/** News stands at the end; a turn that announces more at once is not listened to. */
const LOOKED_AT = 50
const TEXT_CHARACTERS = 400

/** What is new in a conversation, in words to be read out: each thing once, when it is complete. */
export class Announcements {
  readonly #told = new Set<string>()

  /** @param known what was there already, and is not news */
  constructor(known: readonly ChatItem[]) {
    for (const item of known) this.#told.add(item.id)
  }

  /** What is to be read out now, in order; empty when there is nothing. */
  newIn(items: readonly ChatItem[]): string[] {
    return items.slice(-LOOKED_AT).flatMap(item => {
      const words = this.#told.has(item.id) ? '' : wordsOf(item)
      if (words === '') return []
      this.#told.add(item.id)
      return [words]
    })
  }
}

/** Empty while it is not complete, and for what needs no words: approvals speak for themselves. */
function wordsOf(item: ChatItem): string {
  switch (item.kind) {
    case 'text':
      return item.isStreaming ? '' : item.text.slice(0, TEXT_CHARACTERS)
    case 'tool':
      return isSettled(item) ? `${wordsFor(item).verb} ${item.title} ${statusOf(item)}`.trim() : ''
    case 'question':
      return item.question.question
    case 'notice':
      return item.text
    case 'turn-end': {
      const { end, record } = item
      const landed = record.changes.length > 0 ? t('{0} files landed', record.changes.length) : ''
      if (end.reason === 'answered') return landed
      return [end.reason === 'cancelled' ? t('Stopped') : end.message, landed].filter(Boolean).join('. ')
    }
    default:
      return ''
  }
}
