import type { GetPromptResult } from '@modelcontextprotocol/client'
import type { ImagePart, UserPart } from '#shared/protocol/messages'
import type { ListedPrompt } from './listed'
import { textOf } from './result-output'
import { plainText } from './server-text'

/** The words behind a slash command; quotes keep blanks together. */
export function argumentWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+?)=(?:"([^"]*)"|'([^']*)')|(\S+)/g)].map(match => {
    const [whole, double, single, key, keyDouble, keySingle] = match
    if (key !== undefined) return `${key}=${keyDouble ?? keySingle ?? ''}`
    return double ?? single ?? whole
  })
}

/** Words as the arguments of a prompt: `name=value`, or in their order; the last one takes what is left. */
export function promptArguments(prompt: ListedPrompt, words: readonly string[]): Record<string, string> {
  const given: Record<string, string> = {}
  const open = prompt.arguments.map(argument => argument.name)
  const take = (name: string) => open.splice(open.indexOf(name), 1)
  for (const [index, word] of words.entries()) {
    const at = word.indexOf('=')
    const named = at > 0 ? open.find(name => name === word.slice(0, at)) : undefined
    if (named !== undefined) {
      given[named] = word.slice(at + 1)
      take(named)
      continue
    }
    const [next] = open
    if (next === undefined) break
    const isLast = open.length === 1
    given[next] = isLast ? words.slice(index).join(' ') : word
    take(next)
    if (isLast) break
  }
  return given
}

/** A prompt as the user's message, marked with whose words these are. */
export function partsOfPrompt(server: string, name: string, { messages }: GetPromptResult): UserPart[] {
  const images: ImagePart[] = []
  const texts = messages.map(({ role, content }) => {
    const text = plainText(textOf(content, images))
    return role === 'assistant' ? `[assistant]\n${text}` : text
  })
  const text = `<prompt from="${server}" name="${plainText(name)}">\n${texts.join('\n\n')}\n</prompt>`
  return [{ type: 'text', text }, ...images]
}
