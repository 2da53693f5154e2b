/** What is left of a reply's text once the model's own markup is taken out of it. */
export type TextPiece =
  | { type: 'text' | 'thinking'; text: string }
  /** A tool call written as text: `open` and `close` are its tags. */
  | { type: 'call'; open: string; text: string; close: string }

/**
 * Splits text that carries thinking and tool calls as tags, as many open models write it, wherever the pieces end.
 * Between backticks, tags are text: a model may well write about them.
 */
export class TagSplitter {
  #held = ''
  #block: { tag: string; isCall: boolean; collected: string } | undefined
  #isAfterThinking = false
  readonly #code = new CodeTracker()

  /** Takes the next piece; holds back the end of it that could become a tag. */
  take(piece: string): TextPiece[] {
    // Nearly every piece of nearly every reply.
    const isPlain = this.#held === '' && !this.#block && !this.#isAfterThinking && !this.#code.isOpen
    if (isPlain && !/[<`]/.test(piece)) return [{ type: 'text', text: piece }]
    return this.#split(this.#held + piece, false)
  }

  /** The reply is over: what was held back is what it looks like. */
  end(): TextPiece[] {
    const found = this.#split(this.#held, true)
    if (this.#block?.isCall) add(found, 'text', `<${this.#block.tag}>${this.#block.collected}`)
    this.#block = undefined
    return found
  }

  #split(text: string, isEnd: boolean): TextPiece[] {
    const found: TextPiece[] = []
    this.#held = ''
    let at = 0
    while (at < text.length && this.#held === '') {
      at = this.#block ? this.#inside(text, at, isEnd, found) : this.#outside(text, at, isEnd, found)
    }
    return found
  }

  #outside(text: string, start: number, isEnd: boolean, found: TextPiece[]): number {
    let at = start
    // The line ends after thinking belong to neither side.
    while (this.#isAfterThinking && /[\r\n]/.test(text[at] ?? '')) at++
    if (at === text.length) return at
    this.#isAfterThinking = false
    const textStart = at
    while (at < text.length) {
      if (text[at] === '<' && !this.#code.isOpen) break
      this.#code.see(text[at]!)
      at++
    }
    add(found, 'text', text.slice(textStart, at))
    if (at === text.length) return at

    const rest = text.slice(at)
    const mark = MARK.exec(rest)
    if (mark) {
      const tag = mark[1]
      if (tag !== undefined) this.#block = { tag, isCall: !THINKING.includes(tag.split('=')[0]!), collected: '' }
      return at + mark[0].length
    }
    if (!isEnd && couldBecomeMark(rest)) {
      this.#held = rest
      return text.length
    }
    add(found, 'text', '<')
    this.#code.see('<')
    return at + 1
  }

  #inside(text: string, start: number, isEnd: boolean, found: TextPiece[]): number {
    const block = this.#block!
    const close = `</${block.tag.split('=')[0]}>`
    const end = text.indexOf(close, start)
    const held = end === -1 && !isEnd ? overlap(text, close, start) : 0
    const inner = text.slice(start, end === -1 ? text.length - held : end)
    if (block.isCall) block.collected += inner
    else add(found, 'thinking', inner)
    if (end === -1) {
      this.#held = text.slice(text.length - held)
      return text.length
    }
    if (block.isCall) found.push({ type: 'call', open: `<${block.tag}>`, text: block.collected, close })
    this.#block = undefined
    this.#isAfterThinking = !block.isCall
    return end + close.length
  }
}

const THINKING = ['think', 'thinking', 'thought', 'reasoning', 'reflection']
const CALLS = ['tool_call', 'function_call', 'tool_use', 'function=[\\w.-]+']
const TOKENS = ['im_start', 'im_end', 'endoftext', 'eot_id', 'assistant', 'user', 'system']

/** An opening tag (group 1), or something that means nothing to a reader: a stray closing tag, a template token. */
const MARK = new RegExp(
  `^(?:<(${[...THINKING, ...CALLS].join('|')})>|</(?:${[...THINKING, ...CALLS].join('|')})>|<\\|(?:${TOKENS.join('|')})\\|>)`,
)
const FIXED_MARKS = [
  ...[...THINKING, ...CALLS.slice(0, 3)].flatMap(tag => [`<${tag}>`, `</${tag}>`]),
  ...TOKENS.map(token => `<|${token}|>`),
  '<function=',
]

function couldBecomeMark(rest: string): boolean {
  return FIXED_MARKS.some(mark => mark.startsWith(rest)) || /^<function=[\w.-]*$/.test(rest)
}

/** How many characters at the end of the text are the beginning of the tag. */
function overlap(text: string, tag: string, start: number): number {
  for (let length = Math.min(tag.length - 1, text.length - start); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}

function add(found: TextPiece[], type: 'text' | 'thinking', text: string): void {
  if (text === '') return
  const last = found.at(-1)
  if (last?.type === type) last.text += text
  else found.push({ type, text })
}

/** Knows whether the text is inside code: a run of backticks opens it, a run as long closes it. */
class CodeTracker {
  #open = 0
  #run = 0

  get isOpen(): boolean {
    return this.#open > 0 || this.#run > 0
  }

  see(character: string): void {
    if (character === '`') {
      this.#run++
      return
    }
    if (this.#run > 0) {
      if (this.#open === 0) this.#open = this.#run
      else if (this.#run >= this.#open) this.#open = 0
      this.#run = 0
    }
    // Inline code does not go on over lines; a lone backtick must not switch tags off for good.
    if (character === '\n' && this.#open < 3) this.#open = 0
  }
}
