import { tick } from 'svelte'
import { type ChatItem, type ChatState, EMPTY_CHAT } from '#shared/protocol/chat-state'
import { foldChat } from '#shared/protocol/fold-chat'
import { PANEL_VERSION, type PanelFacts, type PanelPush, type RequestInput } from '#shared/protocol/requests'
import { Bridge } from './bridge'
import { useWords } from './l10n'

const NO_FACTS: PanelFacts = {
  project: '',
  hasFolders: false,
  model: '',
  missing: '',
  commands: [],
  hasVim: false,
  isVerbose: false,
  agent: '',
  words: {},
}

/** The conversation as the page shows it, and what the user can do to it. */
export class Chat {
  /** Raw: the state is folded by a pure function and replaced as a whole. */
  state: ChatState = $state.raw(EMPTY_CHAT)
  facts: PanelFacts = $state.raw(NO_FACTS)
  isLoaded = $state(false)
  /** While earlier items are put before the others: what the user looks at stays where it is. */
  isPrepending = $state(false)
  /** Names one life of a conversation in the host: another one is drawn from the start. */
  epoch = $state('')
  /** One line about a request that failed. */
  problem = $state('')
  draft = $state('')
  /** Waiting messages that were dropped last, until others wait or a prompt is sent. */
  dropped: readonly string[] = $state.raw([])

  readonly bridge = new Bridge(push => this.#take(push))
  #seq = 0

  constructor() {
    this.draft = this.bridge.loadDraft()
    this.do('open', { version: PANEL_VERSION })
  }

  /** Sends a request whose reply nobody waits for; a failure becomes `problem`. */
  do<Name extends Parameters<Bridge['request']>[0]>(name: Name, input: RequestInput<Name>): void {
    this.problem = ''
    this.bridge.request(name, input).catch((error: Error) => {
      this.problem = error.message
    })
  }

  /**
   * Sends a prompt that the user chose instead of typing it.
   *
   * @param maxTurns requests to the model that the turn may make, instead of what the settings say
   */
  say(text: string, maxTurns?: number): void {
    const limit = maxTurns === undefined ? {} : { max_turns: maxTurns }
    this.do('prompt', { parts: [{ type: 'text', text }], lane: 'next', ...limit })
  }

  /** An earlier message goes into the composer; sent again, it continues a copy of what was said before it. */
  editAgain(id: string, text: string): void {
    this.draft = text
    this.do('fork', { id })
  }

  /** What was dropped with a turn goes into the composer, before what is typed there. */
  putBack(): void {
    this.draft = [...this.dropped, this.draft].filter(text => text.trim() !== '').join('\n\n')
    this.dropped = []
  }

  async #putBefore(items: readonly ChatItem[]): Promise<void> {
    this.isPrepending = true
    this.state = { ...this.state, items: [...items, ...this.state.items] }
    await tick()
    this.isPrepending = false
  }

  #take(push: PanelPush): void {
    switch (push.kind) {
      case 'start':
        useWords(push.facts.words)
        this.state = push.state
        this.facts = push.facts
        this.epoch = push.epoch
        this.#seq = push.seq
        this.dropped = []
        this.isLoaded = true
        return
      case 'earlier':
        if (push.epoch === this.epoch) void this.#putBefore(push.items)
        return
      case 'events':
        if (push.epoch !== this.epoch || push.seq <= this.#seq) return
        // Something was missed; what is shown must be what happened.
        if (push.seq > this.#seq + 1) {
          this.do('open', { version: PANEL_VERSION })
          return
        }
        this.#seq = push.seq
        this.state = foldChat(this.state, push.events)
        return
      case 'facts':
        this.facts = push.facts
        return
      case 'dropped':
        this.dropped = push.texts
        return
      case 'compose':
        this.draft = this.draft ? `${this.draft.trimEnd()}\n${push.text}` : push.text
        return
    }
  }
}
