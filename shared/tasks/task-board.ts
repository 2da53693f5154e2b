import { joinSignals, sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import type { TaskView } from '#shared/protocol/events'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { BoardDesk, TaskOutcome, TaskReport, TaskWait } from '#shared/tools/task-desk'

/** Something that runs beside the conversation. Whoever starts it hands it to the board. */
export interface BoardTask {
  /** `process:PID` or `agent:N` */
  id: string
  kind: TaskReport['kind']
  /** What it is about, for people. */
  name: string
  startedAt: number
  /** As it stands now. */
  state(): Pick<TaskReport, 'status' | 'doing' | 'output' | 'exitCode' | 'agent'>
  /** What it printed, or said and did, so far, for people. */
  transcript(): string
  /** Resolves, and never rejects, when it has ended in whatever way. */
  ended: Promise<void>
  /** Asks it to end; `state` says so at once. */
  cancel(): void
}

/** Where commands run. */
export interface TaskPlace {
  sandbox: Sandbox
  /** Absolute. */
  root: string
}

interface Entry {
  task: BoardTask
  owner: string
  isTold: boolean
}

/** Everything that runs beside the conversations of one project, and who started it. */
export class TaskBoard {
  readonly #entries: Entry[] = []
  readonly #listeners = new Map<string, (tasks: TaskView[]) => void>()
  readonly #sandbox: Sandbox
  readonly #root: string
  readonly #now: () => number
  #agents = 0

  constructor(sandbox: Sandbox, root: string, now: () => number) {
    this.#sandbox = sandbox
    this.#root = root
    this.#now = now
  }

  /**
   * What one caller sees.
   *
   * @param owner id of the session or sub-agent
   * @param onChange told whenever one of its tasks starts, does something else, or ends
   * @param place where its commands run; by default in the project
   */
  deskOf(
    owner: string,
    onChange: (tasks: TaskView[]) => void,
    place: TaskPlace = { sandbox: this.#sandbox, root: this.#root },
  ): BoardDesk {
    this.#listeners.set(owner, onChange)
    return {
      startProcess: (command, afterEnd) => this.#startProcess(command, owner, place, afterEnd),
      list: () => this.#own(owner).map(entry => reportOf(entry.task)),
      transcript: id => {
        const found = this.#find(id, owner)
        return found.ok ? ok(found.value.task.transcript()) : found
      },
      cancel: id => {
        const found = this.#find(id, owner)
        if (!found.ok) return found
        found.value.task.cancel()
        this.announce(owner)
        return ok(undefined)
      },
      wait: (ids, timeoutMs, signal) =>
        Promise.all([...new Set(ids.map(fullId))].map(id => this.#waitFor(id, owner, timeoutMs, signal))),
      takeFinished: () => this.#takeFinished(owner),
    }
  }

  /** Whether anything runs beside some conversation. */
  get isBusy(): boolean {
    return this.#entries.some(({ task }) => isRunning(task))
  }

  /** Puts a running task on the board. */
  add(task: BoardTask, owner: string): void {
    this.#entries.push({ task, owner, isTold: false })
    this.announce(owner)
    void task.ended.then(() => this.announce(owner))
  }

  /** Puts a running agent on the board, under the next number. */
  addAgent(agent: Omit<BoardTask, 'id' | 'kind' | 'startedAt'>, owner: string): TaskReport {
    const task: BoardTask = { ...agent, id: `agent:${++this.#agents}`, kind: 'agent', startedAt: this.#now() }
    this.add(task, owner)
    return reportOf(task)
  }

  /** Ends everything that a caller started, and waits until it has ended. */
  async endAllOf(owner: string): Promise<void> {
    const tasks = this.#own(owner).map(entry => entry.task)
    for (const task of tasks) if (isRunning(task)) task.cancel()
    // Also what was cancelled before: it counts as killed at once, and what it changed is still being found.
    await Promise.all(tasks.map(task => task.ended))
    this.#listeners.delete(owner)
  }

  async #startProcess(
    command: string,
    owner: string,
    { sandbox, root }: TaskPlace,
    afterEnd: () => Promise<void>,
  ): Promise<Result<TaskReport, string>> {
    const started = await sandbox.start({ command, cwd: root })
    if (!started.ok) return fail(started.error.message)
    const { pid, output, ended, stop } = started.value
    let status: TaskReport['status'] = 'running'
    let exitCode: number | undefined
    const task: BoardTask = {
      id: `process:${pid}`,
      kind: 'process',
      name: command,
      startedAt: this.#now(),
      state: () => ({
        status,
        doing: status === 'running' ? command : '',
        output: output(),
        ...(exitCode !== undefined && { exitCode }),
      }),
      transcript: output,
      ended: ended.then(async end => {
        await afterEnd()
        if (status === 'running') status = 'exited'
        if (end.ok) exitCode = end.value.exitCode
      }),
      cancel() {
        if (status !== 'running') return
        status = 'killed'
        void stop()
      },
    }
    this.add(task, owner)
    return ok(reportOf(task))
  }

  async #waitFor(id: string, owner: string, timeoutMs: number, signal: AbortSignal): Promise<TaskWait> {
    const found = this.#find(id, owner)
    if (!found.ok) return { id, outcome: found.error }
    const { task } = found.value
    const done = new AbortController()
    await Promise.race([task.ended, sleep(timeoutMs, joinSignals(signal, done.signal))])
    done.abort()
    const report = reportOf(task)
    // Time that ran out does not consume the task: its end is told later.
    if (isRunning(task)) return { id, report, outcome: 'timeout' }
    found.value.isTold = true
    return { id, report, outcome: outcomeOf(report) }
  }

  #takeFinished(owner: string): TaskReport[] {
    const finished = this.#own(owner).filter(entry => !entry.isTold && !isRunning(entry.task))
    for (const entry of finished) entry.isTold = true
    return finished.map(entry => reportOf(entry.task))
  }

  #own(owner: string): Entry[] {
    return this.#entries.filter(entry => entry.owner === owner)
  }

  #find(id: string, owner: string): Result<Entry, 'forbidden' | 'not_found'> {
    const wanted = fullId(id)
    const entry = this.#entries.findLast(each => each.task.id === wanted)
    if (!entry) return fail('not_found')
    return entry.owner === owner ? ok(entry) : fail('forbidden')
  }

  /** Tells a caller how its tasks are now. */
  announce(owner: string): void {
    this.#listeners.get(owner)?.(this.#own(owner).map(entry => viewOf(entry.task)))
  }
}

/** `sh:7` is an older spelling of `process:7`, and a bare number means an agent. */
function fullId(id: string): string {
  if (/^\d+$/.test(id)) return `agent:${id}`
  return id.replace(/^sh:/, 'process:')
}

function isRunning(task: BoardTask): boolean {
  const { status } = task.state()
  return status === 'running' || status === 'pending'
}

function outcomeOf({ status, exitCode }: TaskReport): TaskOutcome {
  if (status === 'cancelled' || status === 'killed') return 'cancelled'
  if (status === 'errored') return 'failed'
  return (exitCode ?? 0) === 0 ? 'success' : 'failed'
}

function reportOf(task: BoardTask): TaskReport {
  return { ...viewOf(task), ...task.state(), kind: task.kind }
}

function viewOf(task: BoardTask): TaskView {
  const { status, doing } = task.state()
  return { id: task.id, name: task.name, status, doing, started_at: task.startedAt }
}
