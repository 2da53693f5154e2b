import type { EffectClass } from '#shared/protocol/approvals'
import type { Stdin } from './commands/command'
import { worseClass } from './effects'

/** What one simple command does at worst, while it is being found out. */
export class Judgement {
  effectClass: EffectClass = 'read_only'
  reason = ''
  isKnown = true
  stdin: Stdin
  readonly outside = new Set<string>()
  #raised: EffectClass = 'read_only'

  constructor(stdin: Stdin) {
    this.stdin = stdin
  }

  /** The class of the command itself, before its arguments. */
  start(effectClass: EffectClass, reason: string): void {
    if (worseClass(this.#raised, effectClass) === this.#raised && this.#raised !== 'read_only') return
    this.effectClass = effectClass
    this.reason = reason
  }

  raise(effectClass: EffectClass, reason: string): void {
    this.#raised = worseClass(this.#raised, effectClass)
    if (worseClass(this.effectClass, effectClass) === this.effectClass && this.reason !== '') return
    if (effectClass === 'read_only' && this.effectClass !== 'read_only') return
    this.effectClass = worseClass(this.effectClass, effectClass)
    this.reason = reason
  }

  settle(effectClass: EffectClass, reason: string): void {
    if (worseClass(this.#raised, effectClass) === this.#raised && this.#raised !== 'read_only') {
      this.effectClass = this.#raised
      return
    }
    this.effectClass = effectClass
    this.reason = reason
  }

  unknown(reason: string): void {
    this.isKnown = false
    this.raise('destructive', reason)
  }

  /** What a wrapped command does, its wrapper does. */
  take(inner: Judgement): void {
    this.isKnown &&= inner.isKnown
    for (const path of inner.outside) this.outside.add(path)
    this.raise(inner.effectClass, inner.reason)
  }
}
