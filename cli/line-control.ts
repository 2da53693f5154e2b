import { createInterface } from 'node:readline'
import type { Host } from '#shared/host/host'
import type { Session } from '#shared/kode'
import type { ApprovalAnswer } from '#shared/protocol/approvals'
import { approvalOf, type InputLine, parseInputLine } from '#shared/protocol/input-lines'
import { UsageError } from './args'

/** What a program on the other side of stdin says: prompts, steering, interrupts and answers, one JSON line each. */
export class LineControl {
  readonly #prompts: string[] = []
  readonly #waiting = new Map<string, (line: InputLine | undefined) => void>()
  #session: Session | undefined
  #isEnded = false
  #problem: string | undefined
  #wake: () => void = () => undefined

  constructor(stdin: NodeJS.ReadableStream) {
    const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })
    lines.on('line', line => {
      if (line.trim() !== '') this.#hear(line)
    })
    lines.on('close', () => this.#end())
  }

  /** Lines that are not prompts go to this session. */
  steer(session: Session): void {
    this.#session = session
  }

  /** The next prompt; undefined once stdin has ended. Throws `UsageError` for a line that was not understood. */
  async nextPrompt(signal: AbortSignal): Promise<string | undefined> {
    const woken = () => this.#wake()
    signal.addEventListener('abort', woken)
    while (this.#prompts.length === 0 && !this.#isEnded && this.#problem === undefined && !signal.aborted) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    signal.removeEventListener('abort', woken)
    const prompt = signal.aborted ? undefined : this.#prompts.shift()
    if (prompt === undefined && this.#problem !== undefined) throw new UsageError(this.#problem)
    return prompt
  }

  /** The host with approvals and questions answered by lines. */
  answering(host: Host): Host {
    return {
      ...host,
      approve: async (request, signal): Promise<ApprovalAnswer> => {
        const line = await this.#answerTo(request.id, signal)
        return line?.type === 'approval' ? approvalOf(line) : { kind: 'unavailable' }
      },
      ask: async (question, signal) => {
        const line = await this.#answerTo(question.id, signal)
        return line?.type === 'answer' ? line.text : ''
      },
    }
  }

  #answerTo(id: string, signal: AbortSignal): Promise<InputLine | undefined> {
    if (this.#isEnded || signal.aborted) return Promise.resolve(undefined)
    return new Promise(resolve => {
      const settle = (line: InputLine | undefined) => {
        this.#waiting.delete(id)
        signal.removeEventListener('abort', onAbort)
        resolve(line)
      }
      const onAbort = () => settle(undefined)
      signal.addEventListener('abort', onAbort)
      this.#waiting.set(id, settle)
    })
  }

  #hear(text: string): void {
    const line = parseInputLine(text)
    if (typeof line === 'string') {
      // What was understood before it is still done; nothing after it can be trusted.
      this.#problem ??= `stdin: ${line}`
      this.#wake()
      return
    }
    if (this.#problem !== undefined) return
    switch (line.type) {
      case 'user':
        if (line.lane === 'next' && this.#session?.isRunning) {
          void this.#session.prompt([{ type: 'text', text: line.text }], 'next')
        } else {
          this.#prompts.push(line.text)
          this.#wake()
        }
        break
      case 'interrupt':
        this.#session?.cancel()
        break
      case 'mode': {
        const set = this.#session?.setMode(line.mode)
        if (set && !set.ok) this.#session?.emit({ type: 'notice', level: 'warning', text: set.error.message })
        break
      }
      case 'approval':
      case 'answer':
        // An answer to nothing that is asked is ignored.
        this.#waiting.get(line.id)?.(line)
        break
    }
  }

  #end(): void {
    this.#isEnded = true
    for (const settle of [...this.#waiting.values()]) settle(undefined)
    this.#wake()
  }
}
