import { createHash } from 'node:crypto'
import type { ChatEvent, KodeEvent, RecalledTurn, RecordedRun } from '#shared/protocol/events'

/** A turn's commands that ran to their end, and the files they saw. */
interface TurnRuns {
  id: string
  changed: Set<string>
  runs: RecordedRun[]
}

/**
 * What the commands of a turn prove about the files it changed, told from records: the command, its exit code, and the
 * hashes of those files when it had ended. A run turns stale when one of them is different from what it saw.
 */
export class Evidence {
  readonly #read: (path: string) => Promise<Uint8Array | undefined>
  readonly #announce: (event: ChatEvent) => void
  readonly #turns: TurnRuns[] = []
  readonly #commands = new Map<string, string>()
  /** Events are looked at one after the other, though files are read in between. */
  #busy: Promise<void> = Promise.resolve()

  /**
   * @param read the bytes of a project file as they are now; undefined when it is not there
   * @param announce gets `evidence` events
   */
  constructor(read: (path: string) => Promise<Uint8Array | undefined>, announce: (event: ChatEvent) => void) {
    this.#read = read
    this.#announce = announce
  }

  /** Takes note of an event of the conversation. */
  observe(event: KodeEvent): void {
    if (event.type === 'turn_started') this.#turns.push({ id: event.turn_id, changed: new Set(), runs: [] })
    if (event.type === 'tool_started') this.#commands.set(event.call.id, event.title)
    if (event.type === 'tool_result') {
      const turn = this.#turns.at(-1)
      if (turn) this.#then(() => this.#takeResult(turn, event))
    }
  }

  /** Goes on watching what a turn of a stored conversation proved; what is different by now is announced. */
  recall({ turn_id, changes, runs }: RecalledTurn): void {
    if (runs.length === 0) return
    const turn = { id: turn_id, changed: new Set(changes.map(change => change.path)), runs }
    this.#turns.push(turn)
    this.#then(() => this.#checkAgain(turn))
  }

  /** Something wrote a file, whoever it was. */
  fileChanged(path: string): void {
    for (const turn of this.#turns) {
      if (turn.runs.some(run => run.covers.some(file => file.path === path))) this.#then(() => this.#checkAgain(turn))
    }
  }

  /** Resolves once everything so far was looked at. */
  async settled(): Promise<void> {
    await this.#busy
  }

  #then(work: () => Promise<void>): void {
    this.#busy = this.#busy.then(work)
  }

  async #takeResult(turn: TurnRuns, event: Extract<KodeEvent, { type: 'tool_result' }>): Promise<void> {
    const { call_id } = event.message
    const command = this.#commands.get(call_id) ?? ''
    this.#commands.delete(call_id)
    for (const { path } of event.changes ?? []) turn.changed.add(path)
    if (event.changes?.length) await this.#checkAgain(turn)
    // A command that ran before anything had changed proves nothing about the change.
    if (event.exit_code === undefined || turn.changed.size === 0) return
    const covers = await Promise.all(
      [...turn.changed].map(async path => ({ path, sha256: sha256(await this.#read(path)) })),
    )
    const run = { call_id, command, exit_code: event.exit_code, duration_ms: event.duration_ms, covers, stale: [] }
    turn.runs = [...turn.runs, run]
    this.#announce({ type: 'evidence', turn_id: turn.id, runs: turn.runs })
  }

  async #checkAgain(turn: TurnRuns): Promise<void> {
    const now = new Map<string, string>()
    for (const path of turn.changed) now.set(path, sha256(await this.#read(path)))
    const checked = turn.runs.map(run => {
      const seen = new Map(run.covers.map(file => [file.path, file.sha256]))
      return { ...run, stale: [...now].filter(([path, hash]) => seen.get(path) !== hash).map(([path]) => path) }
    })
    const isSame = checked.every((run, index) => run.stale.join('\n') === turn.runs[index]?.stale.join('\n'))
    turn.runs = checked
    if (!isSame) this.#announce({ type: 'evidence', turn_id: turn.id, runs: checked })
  }
}

/** Empty for a file that is not there. */
function sha256(bytes: Uint8Array | undefined): string {
  return bytes ? createHash('sha256').update(bytes).digest('hex') : ''
}
