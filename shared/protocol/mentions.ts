/** A mention as it stands in a prompt: `@name`, or quoted where the name holds blanks or quotes. */
export interface WrittenMention {
  /** What it names, without `@` and quotes. */
  name: string
  start: number
  /** Behind its last character. */
  end: number
}

/**
 * `@` counts at the start of the text or after white space: an e-mail address mentions nothing. Each name once.
 *
 * @param caret where somebody types: the word that ends there is none yet
 */
export function mentionsIn(text: string, caret?: number): WrittenMention[] {
  const names = new Set<string>()
  return [...text.matchAll(/(?<=^|\s)@(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"']+))/g)].flatMap(match => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    const end = match.index + match[0].length
    if (names.has(name) || end === caret) return []
    names.add(name)
    return [{ name, start: match.index, end }]
  })
}

/** How a name is mentioned, so that `mentionsIn` finds it; of one with quotes of both kinds it finds the beginning only. */
export function mentionText(name: string): string {
  if (!/[\s"']/.test(name)) return `@${name}`
  return name.includes('"') ? `@'${name}'` : `@"${name}"`
}

/** A sentence may end right behind a mention. */
export function withoutSentenceEnd(name: string): string {
  return name.replace(/[.,:;!?)\]]+$/, '')
}
