import { mentionsIn, mentionText } from '#shared/protocol/mentions'
import type { SlashCommand } from '#shared/protocol/requests'

/** The word at the caret that opens a menu: a command at the very start, or a mention. */
export interface MenuToken {
  kind: 'slash' | 'mention'
  /** Without its `/` or `@`. */
  text: string
  /** Where its `/` or `@` stands. */
  start: number
  end: number
}

/** `@` counts at the start of the text or after white space: an e-mail address is no mention. */
export function tokenAt(draft: string, caret: number): MenuToken | undefined {
  const before = draft.slice(0, caret)
  const slash = /^\/([\w-]*)$/.exec(before)
  if (slash) return { kind: 'slash', text: slash[1]!, start: 0, end: caret }
  const mention = /(?:^|\s)@("[^"\n]*|'[^'\n]*|[^\s"']*)$/.exec(before)
  if (!mention) return undefined
  const text = mention[1]!
  return { kind: 'mention', text: text.replace(/^["']/, ''), start: caret - text.length - 1, end: caret }
}

/** The commands that begin as it is typed; the one that is typed to its end stands first. */
export function commandsFor(typed: string, commands: readonly SlashCommand[]): SlashCommand[] {
  const name = typed.toLowerCase()
  const found = commands.filter(command => command.name.startsWith(name))
  return [...found.filter(command => command.name === name), ...found.filter(command => command.name !== name)]
}

/** Puts the choice in the token's place, followed by a blank. */
export function completeToken(draft: string, token: MenuToken, choice: string): { text: string; caret: number } {
  const word = token.kind === 'slash' ? `/${choice}` : mentionText(choice)
  const rest = draft.slice(token.end).replace(/^ /, '')
  const head = `${draft.slice(0, token.start)}${word} `
  return { text: head + rest, caret: head.length }
}

/** The draft without a name's mentions. */
export function withoutMention(draft: string, name: string): string {
  const gone = mentionsIn(draft).find(each => each.name === name)
  if (!gone) return draft
  const rest = draft.slice(0, gone.start) + draft.slice(gone.end).replace(/^ /, '')
  return withoutMention(rest, name)
}
