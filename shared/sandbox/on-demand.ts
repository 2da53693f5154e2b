import { fail, type Result } from '#shared/base/result'
import type { Conversation } from './conversation'
import type { SandboxPolicy } from './policy'
import type {
  BackgroundCommand,
  BackgroundRequest,
  ConverseRequest,
  Sandbox,
  SandboxCommand,
  SandboxEnd,
  SandboxError,
} from './sandbox'

/** A sandbox that is set up with the first command; most who have one never run any. */
export class OnDemandSandbox implements Sandbox {
  readonly level: Sandbox['level']
  readonly description: string
  readonly #like: Sandbox
  readonly #open: () => Promise<Result<Sandbox, SandboxError>>
  #opened: Promise<Result<Sandbox, SandboxError>> | undefined

  /** @param like one for another folder of the same machine: what works there works here */
  constructor(like: Sandbox, open: () => Promise<Result<Sandbox, SandboxError>>) {
    this.level = like.level
    this.description = like.description
    this.#like = like
    this.#open = open
  }

  async run(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
    const opened = await this.#sandbox()
    return opened.ok ? opened.value.run(command) : opened
  }

  async start(command: BackgroundRequest): Promise<Result<BackgroundCommand, SandboxError>> {
    const opened = await this.#sandbox()
    return opened.ok ? opened.value.start(command) : opened
  }

  async converse(request: ConverseRequest): Promise<Result<Conversation, SandboxError>> {
    const opened = await this.#sandbox()
    return opened.ok ? opened.value.converse(request) : opened
  }

  async runOutside(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
    const opened = await this.#sandbox()
    return opened.ok ? opened.value.runOutside(command) : opened
  }

  effectivePolicy(): SandboxPolicy {
    return this.#like.effectivePolicy()
  }

  async close(): Promise<void> {
    const opened = await this.#opened
    if (opened?.ok) await opened.value.close()
  }

  async #sandbox(): Promise<Result<Sandbox, SandboxError>> {
    this.#opened ??= this.#open()
    const opened = await this.#opened
    // A machine on which it stopped working must not run anything unconfined.
    if (opened.ok && opened.value.level !== this.level) {
      return fail({ kind: 'cannot-build', message: opened.value.description })
    }
    return opened
  }
}
