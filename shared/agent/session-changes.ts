import { ok, type Result } from '#shared/base/result'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { CommandChanges } from '#shared/edits/scan'
import type { Cause } from '#shared/edits/write'
import { feedbackFor } from '#shared/gates/support/feedback'
import type { ChangedFile } from '#shared/protocol/events'
import type { BoardDesk, TaskReport } from '#shared/tools/task-desk'
import type { ToolOutput } from '#shared/tools/tool'
import type { Effect } from '#shared/trust/effects'
import type { ChangeEngine } from './change-engine'
import type { NetworkQuestions } from './network-questions'
import type { SessionReadLedger } from './read-ledger'
import type { SessionBinding } from './session'
import type { ObservedAction } from './tool-call'

export interface SessionChangesParts {
  engine: ChangeEngine
  session: SessionBinding
  sessionId: string
  tasks: BoardDesk
  network: NetworkQuestions
  ledger: SessionReadLedger
  /** Nobody but this session works in the project, as far as it knows. */
  isAlone: boolean
}

/** What one session changes in the workspace: by landing, by commands, and by what commands leave running. */
export class SessionChanges {
  readonly #parts: SessionChangesParts
  /** Paths that this session has made. */
  readonly ownedFiles = new Set<string>()

  constructor(parts: SessionChangesParts) {
    this.#parts = parts
  }

  /** Lands a change and keeps the read ledger true, so that a second edit needs no new read. */
  async land(changes: ChangeSet): Promise<Result<ChangedFile[], EditProblem>> {
    const { engine, ledger } = this.#parts
    const landed = await engine.land(changes, this.#cause())
    if (!landed.ok) return landed
    for (const file of landed.value.files) {
      if (file.status === 'created') this.ownedFiles.add(file.path)
      if (file.hash) ledger.note(file.absolute, file.hash)
    }
    return ok(landed.value.files.map(({ path, status }) => ({ path, status })))
  }

  /** The shell goes around the gates: what it changed is found afterwards, judged as advice, and undone with the turn. */
  async observe(effect: Effect, action: () => Promise<ToolOutput>): Promise<ObservedAction> {
    const { engine, session, network } = this.#parts
    network.askedBy(session.emit)
    if (effect.class === 'read_only') return { output: await action(), changes: [], diff: '', advice: '' }
    const watch = await engine.watch(this.#cause())
    const output = await action()
    const finished = watch.ok ? await watch.value.finish() : watch
    if (!finished.ok) {
      return { output, changes: [], diff: '', advice: 'What this changed in the project could not be determined.' }
    }
    const { files, changes } = finished.value
    for (const file of files) if (file.status === 'created') this.ownedFiles.add(file.path)
    return { output, ...toldOf(finished.value), advice: await this.#adviceOn(changes) }
  }

  /** Starts a command in the background; what it changes is found when it has ended, told, and undone with the turn. */
  async startBeside(command: string, callId: string): Promise<Result<TaskReport, string>> {
    const { engine, session, tasks, isAlone } = this.#parts
    const watch = await engine.watchBeside(this.#cause(), command, isAlone, changes => {
      session.emit({ type: 'landed', call_id: callId, ...toldOf(changes) })
    })
    const finish = async () => {
      const finished = watch.ok ? await watch.value.finish() : watch
      const paths = finished.ok ? finished.value.files.map(file => file.path) : []
      if (paths.length === 0) return
      const text = `"${command}" changed ${paths.join(', ')} in the background; undo knows of it.`
      session.emit({ type: 'notice', level: 'info', text })
    }
    const started = await tasks.startProcess(command, finish)
    if (!started.ok) await finish()
    return started
  }

  #cause(): Cause {
    const { session, sessionId } = this.#parts
    return { turnId: session.turnId(), sessionId, title: session.turnTitle() }
  }

  async #adviceOn(changes: ChangeSet): Promise<string> {
    if (changes.files.length === 0) return ''
    const { engine } = this.#parts
    const before = engine.before(changes)
    const report = await engine.judge(changes, new AbortController().signal, [], engine.gateSettings, before)
    if (report.status !== 'FAIL') return ''
    return `The command changed files in a way that the checks object to:\n${feedbackFor(report)}`
  }
}

/** What a command changed, as events tell it. */
function toldOf({ files }: CommandChanges): { changes: ChangedFile[]; diff: string } {
  return { changes: files.map(({ path, status }) => ({ path, status })), diff: files.map(file => file.diff).join('') }
}
