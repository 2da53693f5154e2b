import { cutMiddle } from '#shared/base/cut'
import type { KodeEvent } from '#shared/protocol/events'

const RESULT_CHARACTERS = 2_000

/** What an event adds to the story of an agent's work, as Markdown for people; empty when nothing. */
export function transcriptOf(event: KodeEvent): string {
  switch (event.type) {
    case 'user':
      return paragraphs(textsOf(event.message.parts).map(text => `> ${text.trimEnd().replaceAll('\n', '\n> ')}`))
    case 'assistant':
      return paragraphs(textsOf(event.message.parts))
    case 'tool_started':
      return paragraphs([`**${event.call.name}** ${event.title}`])
    case 'tool_result': {
      const { status, text } = event.message
      const output = `\`\`\`\n${cutMiddle(text, RESULT_CHARACTERS).trimEnd()}\n\`\`\``
      return paragraphs(status === 'ok' ? [output] : [`${status}:`, output])
    }
    default:
      return ''
  }
}

function textsOf(parts: readonly { type: string; text?: string }[]): string[] {
  return parts.flatMap(part => (part.type === 'text' && part.text?.trim() ? [part.text] : []))
}

function paragraphs(texts: readonly string[]): string {
  return texts.map(text => `${text.trimEnd()}\n\n`).join('')
}
