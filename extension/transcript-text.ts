import type { ChatItem, ChatState } from '#shared/protocol/chat-state'

/** The whole conversation as Markdown, for reading, searching and screen readers. */
export function transcriptText(state: ChatState): string {
  return state.items
    .map(textOf)
    .filter(text => text !== '')
    .join('\n\n')
}

function textOf(item: ChatItem): string {
  switch (item.kind) {
    case 'user':
      return `## You\n\n${item.text}`
    case 'text':
      return item.text
    case 'thinking':
      return `> ${item.text.trimEnd().replaceAll('\n', '\n> ')}`
    case 'tool': {
      const gates = item.gates ? `, checks: ${item.gates.status}` : ''
      const output = item.output ? `\n\n\`\`\`\n${item.output.trimEnd()}\n\`\`\`` : ''
      return `**${item.name}** ${item.title} (${item.status}${gates})${output}`
    }
    case 'question':
      return `**Question:** ${item.question.question}\n\n${item.answer ?? ''}`
    case 'notice':
      return `_${item.level}: ${item.text}_`
    case 'resumed':
      return ''
    case 'turn-end':
      return item.end.reason === 'answered' ? '' : `_The turn ended: ${item.end.reason}_`
  }
}
