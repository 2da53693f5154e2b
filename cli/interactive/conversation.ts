import { messageOf } from '#shared/base/message-of'
import type { ConversationContext } from '#shared/commands/chat/chat-command'
import { CHAT_COMMANDS, chatCommandOf } from '#shared/commands/chat/registry'
import type { Settings } from '#shared/config/settings'
import type { Kode, Session, SessionOptions } from '#shared/kode'
import type { TrustMode } from '#shared/protocol/approvals'
import type { Failure } from '#shared/protocol/exit-codes'
import type { UserPart } from '#shared/protocol/messages'
import type { Output } from '../output'
import { endLine, textRenderer } from '../render/text'
import { VERSION } from '../version'
import { Doing } from './doing'
import type { LineEditor } from './line-editor'
import { LOCAL_COMMANDS, type Talk, TURN_RUNS } from './local-commands'
import { outputAbove } from './output-above'

const MODES: readonly TrustMode[] = ['plan', 'safe', 'auto']
/** A second Ctrl-C within this time leaves. */
const LEAVE_WITHIN_MS = 2_000

/** A project opened with some settings, and a conversation in it. */
export interface Opened {
  kode: Kode
  session: Session
}

export interface ConversationParts {
  opened: Opened
  /** Opens it again with settings changed; what was open must be closed before. */
  open(changes: Partial<Settings>, which: SessionOptions): Promise<Opened | Failure>
  terminal: Output
  /** Puts a text into the clipboard of whoever sits at the terminal. */
  copy(text: string): void
  /** Keeps the model for conversations to come. */
  remember(opened: Opened): Promise<void>
  askSecret(question: string, signal: AbortSignal): Promise<string | undefined>
  keepKey(provider: string, key: string, signal: AbortSignal): Promise<string>
  leave(): void
}

/** One conversation after the other, as lines typed and events printed. */
export class Conversation {
  readonly #parts: ConversationParts
  #kode: Kode
  #session: Session
  #changes: Partial<Settings> = {}
  #editor!: LineEditor
  #output!: Output
  #isVerbose = false
  readonly #doing = new Doing(() => this.#showState())
  #interruptedAt = 0
  #command: AbortController | undefined

  constructor(parts: ConversationParts) {
    this.#parts = parts
    this.#kode = parts.opened.kode
    this.#session = parts.opened.session
  }

  start(editor: LineEditor): void {
    this.#editor = editor
    this.#output = outputAbove(this.#parts.terminal, () => editor)
    this.#greet()
    const earlier = this.#session.messages().length
    this.#note(earlier > 0 ? `Going on after ${earlier} messages.` : 'Ask, or tell what to do. /help shows the keys.')
    this.#listen()
  }

  /** A line the user entered. Never rejects. */
  async take(text: string, lane: 'next' | 'later'): Promise<void> {
    try {
      await this.#kode.sessions.rememberInput(text)
      // A path begins with a slash too, and a prompt of an MCP server has `__` in its name.
      if (/^\/[a-z][^\s/]*(\s|$)/.test(text) && !/^\/\S+__/.test(text)) await this.#runCommand(text)
      else await this.#prompt(text, lane)
    } catch (error) {
      this.#note(this.#output.paint('red', `error: ${messageOf(error)}`))
    }
    this.#showState()
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
    if (Date.now() - this.#interruptedAt < LEAVE_WITHIN_MS) this.#parts.leave()
    else this.#note('Ctrl-C again, or Ctrl-D, leaves.')
    this.#interruptedAt = Date.now()
  }

  switchMode(): void {
    const next = MODES[(MODES.indexOf(this.#session.mode) + 1) % MODES.length] ?? 'safe'
    const refusal = this.#setMode(next)
    if (refusal !== undefined) this.#note(this.#output.paint('yellow', refusal))
  }

  /** Id of the conversation, once something was said in it. */
  get kept(): string | undefined {
    return this.#session.messages().length > 0 ? this.#session.id : undefined
  }

  async close(): Promise<void> {
    this.#command?.abort()
    this.#doing.stop()
    await this.#session.close()
    await this.#kode.close()
  }

  async #prompt(parts: string | UserPart[], lane: 'next' | 'later'): Promise<void> {
    if (this.#session.isRunning) {
      this.#note(lane === 'next' ? '(heard before the next step)' : '(waits for the end of this turn)')
    }
    const ended = this.#session.prompt(typeof parts === 'string' ? [{ type: 'text', text: parts }] : parts, lane)
    this.#showState()
    await ended
  }

  async #runCommand(line: string): Promise<void> {
    const [name = '', ...words] = line.slice(1).trim().split(/\s+/)
    const local = LOCAL_COMMANDS.find(each => each.name === (name === 'quit' ? 'exit' : name))
    const ofChat = chatCommandOf(line)
    if ((local?.needsIdle || ofChat?.command.needsIdle) && this.#session.isRunning) throw new Error(TURN_RUNS)
    const command = new AbortController()
    this.#command = command
    let isPrompt = false
    try {
      if (local) return this.#tell((await local.run(this.#talk(command.signal), words)) ?? '')
      if (ofChat) {
        const answer = await ofChat.command.run(this.#conversationContext(command.signal), ofChat.words)
        if ('text' in answer) return this.#tell(answer.text)
        this.#command = undefined
        return await this.#prompt(answer.prompt, 'next')
      }
      isPrompt = await this.#isSkill(name)
      if (!isPrompt) this.#tell(await this.#kode.shelf.run(name, words, command.signal, this.#session.spending))
    } finally {
      this.#command = undefined
    }
    if (isPrompt) await this.#prompt(line, 'next')
  }

  async #isSkill(name: string): Promise<boolean> {
    if ((await this.#kode.shelf.commands()).some(command => command.name === name)) return false
    return (await this.#kode.shelf.skills()).some(skill => skill.name === name)
  }

  #talk(signal: AbortSignal): Talk {
    const conversation = this
    return {
      signal,
      get kode() {
        return conversation.#kode
      },
      get session() {
        return conversation.#session
      },
      get isVerbose() {
        return conversation.#isVerbose
      },
      set isVerbose(isVerbose) {
        conversation.#isVerbose = isVerbose
      },
      prompt: (text, lane) => void this.#prompt(text, lane),
      setMode: mode => this.#setMode(mode),
      reopen: (changes, which) => this.#reopen(changes, which),
      askSecret: question => this.#parts.askSecret(question, signal),
      keepKey: (provider, key) => this.#parts.keepKey(provider, key, signal),
      help: () => this.#help(),
      leave: () => this.#parts.leave(),
    }
  }

  #conversationContext(signal: AbortSignal): ConversationContext {
    return {
      session: this.#session,
      root: this.#kode.root,
      env: process.env,
      processes: this.#kode.gitProcesses,
      copy: this.#parts.copy,
      signal,
    }
  }

  /** What fits neither the old settings nor the new ones ends in the old ones, with the reason. */
  async #reopen(changes: Partial<Settings>, which?: SessionOptions): Promise<void> {
    const { id, mode } = this.#session
    const here: SessionOptions = this.#session.messages().length > 0 ? { resume: id, mode } : { mode }
    await this.close()
    const wanted = { ...this.#changes, ...changes }
    // Another agent brings its own mode.
    const there = which ?? here
    const opened = await this.#parts.open(wanted, { mode, ...there, ...(changes.agent && { mode: undefined }) })
    const kept = 'kode' in opened ? opened : await this.#parts.open(this.#changes, here)
    if (!('kode' in kept)) throw new Error(kept.message)
    this.#kode = kept.kode
    this.#session = kept.session
    this.#listen()
    if (!('kode' in opened)) throw new Error(opened.message)
    this.#changes = wanted
    if ('model' in changes) await this.#parts.remember(opened)
  }

  async #help(): Promise<string> {
    const shelf = [...(await this.#kode.shelf.commands()), ...(await this.#kode.shelf.skills())]
    const rows = [...LOCAL_COMMANDS, ...CHAT_COMMANDS, ...shelf].map(
      ({ name, summary }) => `  /${name.padEnd(12)} ${summary}`,
    )
    return [...rows, ...KEYS].join('\n')
  }

  #greet(): void {
    const { sandbox, warnings } = this.#kode
    this.#note(`kode ${VERSION} · ${this.#kode.model} · sandbox: ${sandbox.level} · ${this.#kode.root}`)
    for (const warning of warnings) this.#note(`warning: ${warning}`)
  }

  #listen(): void {
    const render = textRenderer(this.#output, () => this.#isVerbose)
    render(this.#kode.sessionEvent(this.#session))
    this.#session.subscribe(event => {
      render(event)
      // Where nothing can be drawn again, seconds that go by would be lines.
      if (!this.#editor.isPlain) this.#doing.see(event)
      if (event.type === 'mode') this.#showState()
      const why = event.type === 'turn_ended' ? endLine(event.end) : ''
      if (why !== '') this.#note(this.#output.paint('yellow', why))
    })
    this.#showState()
  }

  /** @returns why it was refused */
  #setMode(mode: TrustMode): string | undefined {
    const set = this.#session.setMode(mode)
    return set.ok ? undefined : set.error.message
  }

  #showState(): void {
    const { mode, isRunning } = this.#session
    this.#editor.setPrompt(isRunning ? `${mode} …${this.#doing.text} > ` : `${mode} > `)
  }

  #tell(text: string): void {
    if (text !== '') this.#note(text)
  }

  #note(text: string): void {
    this.#output.note(text)
  }
}

const KEYS = [
  '  Enter sends; while kode works it is heard before the next step. Alt+Enter: after this turn. \\ at the end: more lines.',
  '  Tab completes /commands and @files. Up and Ctrl-R: what was typed before. Shift+Tab: mode. Ctrl-C: stop. Ctrl-D: leave.',
]
