import type { Kode, Session } from '#shared/kode'
import type { TrustMode } from '#shared/protocol/approvals'
import type { Output } from '../output'
import { textRenderer } from '../render/text'
import { VERSION } from '../version'
import type { LineEditor } from './line-editor'
import { outputAbove } from './output-above'

const MODES: readonly TrustMode[] = ['plan', 'safe', 'auto']
/** A second Ctrl-C within this time leaves. */
const LEAVE_WITHIN_MS = 2_000

/** What the line can do besides prompting; the rest comes from the shelf of commands. */
export const LOCAL_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['help', 'what can be typed here'],
  ['mode', 'plan, safe or auto; Shift+Tab switches too'],
  ['new', 'begin a new conversation'],
  ['later', 'a prompt for after this turn; Alt+Enter does it too'],
  ['exit', 'leave; Ctrl-D does it too'],
])

/** One conversation after the other, as lines typed and events printed. */
export class Conversation {
  readonly #kode: Kode
  readonly #terminal: Output
  readonly #leave: () => void
  #session: Session
  #editor!: LineEditor
  #output!: Output
  #interruptedAt = 0
  #command: AbortController | undefined

  constructor(kode: Kode, session: Session, terminal: Output, leave: () => void) {
    this.#kode = kode
    this.#session = session
    this.#terminal = terminal
    this.#leave = leave
  }

  start(editor: LineEditor): void {
    this.#editor = editor
    this.#output = outputAbove(this.#terminal, () => editor)
    const { sandbox, warnings } = this.#kode
    this.#note(`kode ${VERSION} · ${this.#kode.model} · sandbox: ${sandbox.level} · ${this.#kode.root}`)
    for (const warning of warnings) this.#note(`warning: ${warning}`)
    const earlier = this.#session.messages().length
    this.#note(earlier > 0 ? `Going on after ${earlier} messages.` : 'Ask, or tell what to do. /help shows the keys.')
    this.#listen()
  }

  /** A line the user entered. Never rejects. */
  async take(text: string, lane: 'next' | 'later'): Promise<void> {
    try {
      await this.#kode.sessions.rememberInput(text)
      // A prompt of an MCP server has `__` in its name.
      if (/^\/[a-z]/.test(text) && !/^\/\S+__/.test(text)) await this.#runCommand(text)
      else await this.#prompt(text, lane)
    } catch (error) {
      this.#note(this.#output.paint('red', `error: ${error instanceof Error ? error.message : String(error)}`))
    }
  }

  /** Stops what runs; with nothing running and nothing typed, twice leaves. */
  interrupt(isEmpty: boolean): void {
    if (this.#session.isRunning || this.#command) {
      this.#command?.abort()
      const dropped = this.#session.cancel().length
      if (dropped > 0) this.#note(`${dropped} waiting ${dropped === 1 ? 'prompt was' : 'prompts were'} dropped.`)
      return
    }
    if (!isEmpty) return
    if (Date.now() - this.#interruptedAt < LEAVE_WITHIN_MS) this.#leave()
    else this.#note('Ctrl-C again, or Ctrl-D, leaves.')
    this.#interruptedAt = Date.now()
  }

  switchMode(): void {
    const next = MODES[(MODES.indexOf(this.#session.mode) + 1) % MODES.length] ?? 'safe'
    this.#setMode(next)
  }

  async close(): Promise<void> {
    this.#command?.abort()
    await this.#session.close()
    await this.#kode.close()
  }

  async #prompt(text: string, lane: 'next' | 'later'): Promise<void> {
    if (this.#session.isRunning) {
      this.#note(lane === 'next' ? '(heard before the next step)' : '(waits for the end of this turn)')
    }
    const ended = this.#session.prompt([{ type: 'text', text }], lane)
    this.#showState()
    await ended
    this.#showState()
  }

  async #runCommand(line: string): Promise<void> {
    const [name = '', ...words] = line.slice(1).trim().split(/\s+/)
    switch (name) {
      case 'exit':
      case 'quit':
        return this.#leave()
      case 'help':
        return this.#note(await this.#help())
      case 'mode': {
        const mode = MODES.find(each => each === words[0])
        return mode ? this.#setMode(mode) : this.#note(`mode: ${this.#session.mode}; /mode plan, safe or auto`)
      }
      case 'new':
        return this.#startNew()
      case 'later':
        return this.#prompt(words.join(' '), 'later')
    }
    const isCommand = (await this.#kode.chatCommands()).some(command => command.name === name)
    if (!isCommand && (await this.#kode.skills()).some(skill => skill.name === name)) return this.#prompt(line, 'next')
    this.#command = new AbortController()
    try {
      this.#note(await this.#kode.runCommand(name, words, this.#command.signal))
    } finally {
      this.#command = undefined
    }
  }

  async #startNew(): Promise<void> {
    if (this.#session.isRunning) return this.#note('A turn runs; Ctrl-C stops it.')
    const mode = this.#session.mode
    await this.#session.close()
    const opened = await this.#kode.openSession({ mode })
    if (!opened.ok) throw new Error(opened.error.message)
    this.#session = opened.value
    this.#note('A new conversation.')
    this.#listen()
  }

  async #help(): Promise<string> {
    const shelf = [...(await this.#kode.chatCommands()), ...(await this.#kode.skills())].map(
      ({ name, summary }): [string, string] => [name, summary],
    )
    const rows = [...LOCAL_COMMANDS, ...shelf].map(([name, summary]) => `  /${name.padEnd(12)} ${summary}`)
    return [...rows, ...KEYS].join('\n')
  }

  #listen(): void {
    const render = textRenderer(this.#output)
    render(this.#kode.sessionEvent(this.#session))
    this.#session.subscribe(event => {
      render(event)
      if (event.type === 'mode') this.#showState()
    })
    this.#showState()
  }

  #setMode(mode: TrustMode): void {
    const set = this.#session.setMode(mode)
    if (!set.ok) this.#note(this.#output.paint('yellow', set.error.message))
  }

  #showState(): void {
    this.#editor.setPrompt(`${this.#session.mode}${this.#session.isRunning ? ' …' : ''} > `)
  }

  #note(text: string): void {
    this.#output.note(text)
  }
}

const KEYS = [
  '  Enter sends; while kode works it is heard before the next step. Alt+Enter: after this turn. \\ at the end: more lines.',
  '  Tab completes /commands and @files. Up and Ctrl-R: what was typed before. Shift+Tab: mode. Ctrl-C: stop. Ctrl-D: leave.',
]
