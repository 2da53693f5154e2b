import { createInterface, type Interface, type Key } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Candidate } from './completion'

export interface LineEditorParts {
  input: ReadStream
  output: WriteStream
  /** The newest first. */
  history: string[]
  /** What may stand for the last word, such as `@src/a.ts` for `@src/`. */
  complete(line: string): Candidate[]
  /** A terminal that only prints: nothing on it is ever drawn again. */
  isPlain: boolean
  /** Enter. */
  onLine(text: string): void
  /** Alt+Enter. */
  onLater(text: string): void
  /** Ctrl-C; `isEmpty` when nothing was typed (what was typed is gone now). */
  onInterrupt(isEmpty: boolean): void
  /** Shift+Tab. */
  onSwitch(): void
  /** Ctrl-D, or the terminal went away. */
  onEnd(): void
}

/** Printable characters, one by one. */
const TYPED = /[^\p{Cc}]/gu
const BRACKETED_PASTE_ON = '\x1b[?2004h'
const BRACKETED_PASTE_OFF = '\x1b[?2004l'

/** One line at the bottom of the terminal that can be typed into at any time, with what is printed above it. */
export class LineEditor {
  readonly #parts: LineEditorParts
  readonly #lines: Interface
  /** Lines of a paste, or ended with `\`, that belong to the text being typed. */
  #earlierLines: string[] = []
  readonly #history: string[]
  #isPasting = false
  #isClosed = false
  #isPromptShown = false
  #search: { query: string; skip: number } | undefined
  #keyWaiter: ((key: string) => boolean) | undefined
  /** Takes the line that is typed now, which is not shown and not remembered. */
  #secretTaker: ((text: string | undefined) => void) | undefined

  constructor(parts: LineEditorParts) {
    this.#parts = parts
    this.#history = [...parts.history]
    // Before readline's own listener: what is seen here decides what that one may do.
    parts.input.on('keypress', (_, key: Key) => this.#beforeKey(key))
    this.#lines = createInterface({
      input: parts.input,
      output: parts.output,
      terminal: true,
      history: parts.history.filter(text => !text.includes('\n')),
      historySize: 1000,
      removeHistoryDuplicates: true,
      escapeCodeTimeout: 50,
      // At once, so that what is typed next comes after it.
      completer: (line: string) => this.#complete(line),
    })
    parts.input.on('keypress', (text: string | undefined, key: Key) => this.#afterKey(text, key))
    this.#lines.on('line', line => this.#heard(line))
    this.#lines.on('SIGINT', () => this.#interrupted())
    this.#lines.on('history', history => {
      if (this.#secretTaker) history.shift()
    })
    this.#lines.on('close', () => {
      if (!this.#isClosed) this.#clear()
      this.#isClosed = true
      if (!parts.isPlain) parts.output.write(BRACKETED_PASTE_OFF)
      parts.onEnd()
    })
    if (!parts.isPlain) parts.output.write(BRACKETED_PASTE_ON)
  }

  get isPlain(): boolean {
    return this.#parts.isPlain
  }

  /** Shows what stands before the text being typed. */
  setPrompt(prompt: string): void {
    if (this.#parts.isPlain && this.#isPromptShown && prompt === this.#lines.getPrompt()) return
    this.#lines.setPrompt(prompt)
    this.#showPrompt()
  }

  /** Prints above the line; what is being typed stays. */
  print(text: string): void {
    if (!this.#isClosed) this.#clear()
    this.#parts.output.write(`${text}\n`)
    if (!this.#parts.isPlain) this.#showPrompt()
  }

  /**
   * Waits for one key out of a choice; other keys are typed as usual.
   *
   * @param keys names as of readline, such as `y` or `escape`
   * @returns undefined when the signal ended it
   */
  key(keys: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    return new Promise(resolve => {
      const end = (key: string | undefined) => {
        this.#keyWaiter = undefined
        signal.removeEventListener('abort', onAbort)
        resolve(key)
      }
      const onAbort = () => end(undefined)
      if (signal.aborted) return end(undefined)
      signal.addEventListener('abort', onAbort)
      this.#keyWaiter = key => {
        if (!keys.includes(key)) return false
        end(key)
        return true
      }
      if (this.#parts.isPlain) this.#showPrompt()
    })
  }

  /** Asks for a text that is shown as dots and not kept in the history; undefined after Esc or Ctrl-C. */
  secret(question: string, signal: AbortSignal): Promise<string | undefined> {
    const prompt = this.#lines.getPrompt()
    return new Promise(resolve => {
      const end = (text: string | undefined) => {
        this.#secretTaker = undefined
        signal.removeEventListener('abort', onAbort)
        this.#replaceLine('')
        this.#hideTyping(undefined)
        this.setPrompt(prompt)
        resolve(text)
      }
      const onAbort = () => end(undefined)
      if (signal.aborted) return resolve(undefined)
      signal.addEventListener('abort', onAbort)
      this.#secretTaker = end
      this.#hideTyping(`${question} `)
      this.setPrompt(`${question} `)
    })
  }

  close(): void {
    if (!this.#isClosed) this.#lines.close()
  }

  /** Completes as far as it is certain; where there is a choice it is shown. */
  #complete(line: string): [string[], string] {
    const word = line.slice(line.lastIndexOf(' ') + 1)
    const found = this.#parts.complete(line)
    const [first, ...others] = found.map(candidate => candidate.text)
    const sure = others.reduce(commonStart, first ?? '')
    if (others.length === 0 || (sure.length > word.length && sure.startsWith(word)))
      return [sure === '' ? [] : [sure], word]
    const width = Math.max(...found.map(({ text }) => text.length))
    const shown = found.slice(0, this.#parts.output.rows - 2)
    const rows = shown.map(({ text, summary = '' }) => `  ${text.padEnd(width)} ${summary}`.trimEnd())
    if (shown.length < found.length) rows.push(`  … ${found.length - shown.length} more`)
    this.print(rows.map(row => row.slice(0, this.#parts.output.columns - 1)).join('\n'))
    return [[], word]
  }

  #beforeKey(key: Key): void {
    // A tab in a paste is text, and Shift+Tab is ours.
    Reflect.set(this.#lines, 'isCompletionEnabled', !this.#isPasting && key.shift !== true)
  }

  #afterKey(text: string | undefined, key: Key): void {
    if (key.name === 'paste-start') this.#isPasting = true
    else if (key.name === 'paste-end') this.#isPasting = false
    else if (key.name === 'tab' && key.shift) this.#parts.onSwitch()
    else if (key.name === 'r' && key.ctrl) this.#searchBack()
    else if (key.meta && (key.name === 'return' || key.name === 'enter')) this.#later()
    else if (this.#secretTaker && key.name === 'escape') this.#secretTaker(undefined)
    else if (this.#keyWaiter && (this.#lines.line === text || key.name === 'escape')) {
      if (this.#keyWaiter(key.name ?? text ?? '')) this.#replaceLine('')
    }
    if (!(key.name === 'r' && key.ctrl)) this.#search = undefined
  }

  #heard(line: string): void {
    this.#isPromptShown = false
    if (this.#secretTaker) return void this.#secretTaker(line)
    if (this.#isPasting || line.endsWith('\\')) {
      this.#earlierLines.push(this.#isPasting ? line : line.slice(0, -1))
      return
    }
    const text = this.#whole(line)
    if (!this.isPlain) this.#showPrompt()
    this.#parts.onLine(text)
  }

  #later(): void {
    const text = this.#whole(this.#lines.line)
    this.#replaceLine('')
    if (text.trim() !== '') this.#parts.onLater(text)
  }

  #whole(line: string): string {
    const text = [...this.#earlierLines, line].join('\n')
    this.#earlierLines = []
    this.#history.unshift(text)
    return text
  }

  #interrupted(): void {
    if (this.#secretTaker) return void this.#secretTaker(undefined)
    const isEmpty = this.#lines.line === '' && this.#earlierLines.length === 0
    this.#earlierLines = []
    this.#replaceLine('')
    this.#parts.onInterrupt(isEmpty)
  }

  /** The next older input that contains what was typed. */
  #searchBack(): void {
    this.#search ??= { query: this.#lines.line, skip: 0 }
    const { query, skip } = this.#search
    const found = this.#history.filter(text => text.includes(query) && !text.includes('\n'))[skip]
    if (found === undefined) return
    this.#search.skip++
    this.#replaceLine(found)
  }

  #replaceLine(text: string): void {
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    if (text !== '') this.#lines.write(text)
  }

  /** Shows typed characters as dots; with undefined, as they are again. */
  #hideTyping(prompt: string | undefined): void {
    const { output } = this.#parts
    const write = (text: string) => {
      const shown = prompt !== undefined && text.startsWith(prompt) ? prompt : ''
      output.write(shown + text.slice(shown.length).replace(TYPED, '•'))
    }
    // readline writes what it shows through this, and has no other way to mask it.
    if (prompt === undefined) Reflect.deleteProperty(this.#lines, '_writeToOutput')
    else Reflect.set(this.#lines, '_writeToOutput', write)
  }

  #clear(): void {
    const { output, isPlain } = this.#parts
    if (isPlain) {
      if (this.#isPromptShown) output.write('\n')
      this.#isPromptShown = false
      return
    }
    output.moveCursor(0, -this.#lines.getCursorPos().rows)
    output.cursorTo(0)
    output.clearScreenDown()
    // readline would go up by as many rows as its text had, over what is printed now.
    Reflect.set(this.#lines, 'prevRows', 0)
  }

  #showPrompt(): void {
    if (this.#isClosed) return
    if (this.#parts.isPlain) this.#clear()
    this.#isPromptShown = true
    this.#lines.prompt(true)
  }
}

function commonStart(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return a.slice(0, length)
}
