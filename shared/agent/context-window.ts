import { factsOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'
import type { ContextFill, KodeEvent } from '#shared/protocol/events'
import type { Usage } from '#shared/protocol/messages'
import type { SessionLog } from '#shared/store/messages'
import { textOfEntry } from '#shared/store/recall'
import { COMPACT_AT, type Compaction, canCompact, compact } from './compaction'
import type { Spending } from './limits'
import { CLEARED, resultsToClear } from './micro-compaction'
import type { OpenModel } from './open-model'
import type { SessionReadLedger } from './read-ledger'
import { todoNote, todosOf } from './todos'
import { contextFill, MessageTally } from './token-budget'
import type { Toolset } from './toolset'

export interface ContextWindowParts {
  settings: Pick<Settings, 'maxContextTokens' | 'compactAt'>
  model: OpenModel
  /** Writes summaries; the conversation's own model where none is named. */
  smallModel(): Promise<OpenModel>
  log: SessionLog
  spending: Spending
  /** Is told when what was shown to the model is no longer before it. */
  ledger: SessionReadLedger
  system(): string
  tools(): Toolset
  emit(event: KodeEvent): void
}

/** After so many failed tries in a row compaction pauses. Source: spec/koda.md §9.2. */
const MAX_COMPACTION_FAILURES = 3
/** Share of the window at which it is worth a request to know it exactly. */
const ASK_WINDOW_AT = 0.3
const LOCAL_PROVIDERS = ['ollama', 'lm-studio', 'vllm']

/** What one conversation takes of its model's window, and how room is made in it. */
export class ContextWindow {
  readonly #parts: ContextWindowParts
  readonly #tally = new MessageTally()
  #tokens: number
  #isAsked = false
  #lastUsage: { usage: Usage; messageCount: number } | undefined
  #compactionFailures = 0

  constructor(parts: ContextWindowParts) {
    this.#parts = parts
    this.#tokens = this.#atMost(factsOf(parts.model.model).windowTokens)
  }

  /** How much larger than usual outputs may be. Source: spec/koda.md §9.5. */
  get factor(): number {
    return Math.min(4, Math.max(1, this.#tokens / 100_000))
  }

  /** How full it is now. */
  fill(): ContextFill {
    const { system, tools, log } = this.#parts
    return contextFill(system(), tools().specs(), log.messages(), this.#tally, this.#tokens, this.#lastUsage)
  }

  /** The provider's own count of everything up to the newest message. */
  noteUsage(usage: Usage): void {
    this.#lastUsage = { usage, messageCount: this.#parts.log.messages().length }
  }

  /** Before a request: clears old results and puts older messages away where it is time to. */
  async keepRoom(signal: AbortSignal): Promise<void> {
    await this.#learnSize(signal)
    await this.#clearOldResults()
    const { compactAt = COMPACT_AT } = this.#parts.settings
    if (this.fill().used > compactAt * this.#tokens) await this.compact(signal)
  }

  /** Puts older messages away; false when nothing could be. */
  async compact(signal: AbortSignal): Promise<boolean> {
    const { model, smallModel, log, emit } = this.#parts
    if (this.#compactionFailures >= MAX_COMPACTION_FAILURES || !canCompact(log.messages())) return false
    emit({ type: 'notice', level: 'info', text: 'The conversation is long; older messages are summarised.' })
    const small = await smallModel()
    let compaction = await this.#summarise(small, signal)
    // A small model that fails costs a moment, not the conversation.
    if (!compaction && small !== model && !signal.aborted) compaction = await this.#summarise(model, signal)
    if (!compaction) {
      this.#compactionFailures++
      const text =
        'Older messages could not be summarised. Start a new session soon, or use a model with a larger window.'
      emit({ type: 'notice', level: 'warning', text })
      return false
    }
    this.#compactionFailures = 0
    await log.archive(compaction.archived, compaction.summary)
    this.#forgetShown()
    return true
  }

  #summarise(by: OpenModel, signal: AbortSignal): Promise<Compaction | undefined> {
    const { model, log, spending } = this.#parts
    const windowTokens = by === model ? this.#tokens : factsOf(by.model).windowTokens
    const request = {
      messages: log.messages(),
      asked: { provider: by.provider, spending },
      model: by.model,
      windowTokens,
      addition: todoNote(todosOf(log)),
    }
    return compact(request, signal)
  }

  /**
   * Asks the endpoint for the size once it matters: at once for a local server, whose window is often small, else when
   * the conversation has grown.
   */
  async #learnSize(signal: AbortSignal): Promise<void> {
    const { model } = this.#parts
    const isSmall = this.fill().used < ASK_WINDOW_AT * this.#tokens
    if (this.#isAsked || (isSmall && !LOCAL_PROVIDERS.includes(model.providerName))) return
    this.#isAsked = true
    const { findWindow } = await import('#shared/providers/window')
    this.#tokens = this.#atMost(await findWindow(model.provider, model.model, signal))
  }

  #atMost(tokens: number): number {
    return Math.min(tokens, this.#parts.settings.maxContextTokens ?? tokens)
  }

  async #clearOldResults(): Promise<void> {
    const { log } = this.#parts
    const old = resultsToClear(log.messages(), this.fill().used, this.#tokens)
    if (old.length === 0) return
    const whole = new Map(log.history().map(entry => [entry.message.id, textOfEntry(entry)]))
    for (const { images: _, ...result } of old) {
      await log.append({ ...result, text: CLEARED }, { fullText: whole.get(result.id) ?? result.text })
    }
    this.#forgetShown()
  }

  #forgetShown(): void {
    this.#parts.ledger.forgetShown()
    this.#tally.reset()
    this.#lastUsage = undefined
  }
}
