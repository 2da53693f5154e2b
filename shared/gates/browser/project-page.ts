import { joinSignals } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import { type PageStep, readPageSteps } from '#shared/config/page-steps'
import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'
import type { CheckingRoom } from '#shared/sandbox/checking-room'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { PageCheck, PageProblem } from '../page-check'
import { newAmong, ProjectState, statesOf } from '../support/change-states'
import { DevServer, findServerCommand } from './dev-server'
import { writeEvidence } from './evidence'
import { BROWSER_ADVICE } from './find-browser'
import { type PageProgress, type Visit, visitPage } from './visit'

/** What somebody wants of a project's page. */
export interface PageWish {
  /** How it is served; without it, as the project's manifest says. */
  serverCommand?: string
  /** From `/`. */
  path: string
  /** In the language of config/page-steps.ts. */
  instructions: readonly string[]
  /** The steps are what the change is made for: one that fails without the change too is a failure. */
  areStepsDemanded: boolean
  onProgress?(progress: PageProgress): void
}

export interface ProjectPageParts {
  /** Absolute, links resolved. */
  root: string
  files: FileSystem
  /** Absolute; undefined: there is none on this machine. */
  browser: string | undefined
  /** A new one for each look: servers leave things behind. Commands in it reach each other and nobody else. */
  openRoom(): CheckingRoom
}

const SERVER_MS = 30_000
const LOOK_MS = 80_000

/** One state of a project, looked at. */
type Look =
  | { kind: 'seen'; command: string; visit: Visit; told: string }
  /** There is nothing that would serve a page. */
  | { kind: 'unserved' }
  | { kind: 'down'; command: string; reason: string; told: string }

/** A project's page, served from a copy and opened in a browser, both in the sandbox. */
export function projectPage(wish: PageWish, parts: ProjectPageParts): PageCheck {
  return {
    async check(changes: ChangeSet, signal: AbortSignal) {
      const steps = readPageSteps(wish.instructions)
      if (!steps.ok) return { kind: 'unknown', reason: steps.error }
      const progress: PageProgress[] = []
      const onProgress = (step: PageProgress) => {
        progress.push(step)
        wish.onProgress?.(step)
      }
      const { before, after } = statesOf(changes)
      const lookAt = (texts: typeof before, tell: (progress: PageProgress) => void) => {
        const looking = { ...wish, steps: steps.value, onProgress: tell }
        return look(new ProjectState(parts.root, texts, parts.files), looking, parts, signal)
      }
      const now = await lookAt(after, onProgress)
      if (!now.ok) return { kind: 'unknown', reason: now.error }
      if (now.value.kind === 'unserved') return { kind: 'unknown', reason: NO_SERVER }
      const problems = problemsOf(now.value)
      const visit = now.value.kind === 'seen' ? now.value.visit : undefined
      const evidence = await writeEvidence(parts.root, { steps: progress, told: now.value.told, ...visit }, parts.files)
      const notes = [...notesOf(now.value), ...evidence]
      if (problems.length === 0) return { kind: 'works', notes }
      const isDemanded = ({ kind }: PageProblem) => wish.areStepsDemanded && kind === 'step-failed'
      if (problems.every(isDemanded)) return { kind: 'broken', added: problems, older: [], notes }
      onProgress({ status: 'RUNNING', step: 'compare', message: 'the same without the change' })
      const then = await lookAt(before, () => undefined)
      if (!then.ok) return { kind: 'unknown', reason: `not compared: ${then.error}` }
      if (now.value.kind === 'down' && then.value.kind !== 'seen')
        return { kind: 'unknown', reason: downReason(now.value) }
      const worse = new Set([...addedTo(problems, then.value), ...problems.filter(isDemanded)])
      return { kind: 'broken', added: [...worse], older: problems.filter(problem => !worse.has(problem)), notes }
    },
  }
}

const NO_SERVER = 'nothing serves a page here: set engine.dev_server_command in .kode/kode.json, or --dev-server'

/** What was wrong before is not the change's fault; where nothing came up before, nobody can tell. */
function addedTo(problems: readonly PageProblem[], then: Look): PageProblem[] {
  if (then.kind === 'unserved') return [...problems]
  if (then.kind === 'down') return []
  return newAmong(problems, then.visit.problems, ({ kind, message }) => `${kind} ${message}`)
}

type Looking = PageWish & { steps: readonly PageStep[]; onProgress(progress: PageProgress): void }

async function look(
  state: ProjectState,
  wish: Looking,
  { root, browser, openRoom }: ProjectPageParts,
  signal: AbortSignal,
): Promise<Result<Look, string>> {
  const command = wish.serverCommand ?? (await findServerCommand(state))
  if (command === undefined) return ok({ kind: 'unserved' })
  if (browser === undefined) return fail(`no browser was found: ${BROWSER_ADVICE}`)
  const time = joinSignals(signal, AbortSignal.timeout(LOOK_MS))
  const room = openRoom()
  try {
    return await room.occupy(state.texts, LOOK_MS, async sandbox => {
      if (sandbox.level !== 'bubblewrap')
        return fail('a page is only opened where commands have a network of their own (Linux)')
      const { onProgress } = wish
      onProgress({ status: 'START', step: 'server', message: command })
      const looked = await serveAndVisit(
        command,
        room.project,
        `${root}/node_modules`,
        { ...wish, browser },
        sandbox,
        time,
      )
      if (looked.ok && looked.value.kind === 'down')
        onProgress({ status: 'FAIL', step: 'server', message: looked.value.reason })
      return looked
    })
  } finally {
    await room.close()
  }
}

async function serveAndVisit(
  command: string,
  project: string,
  modules: string,
  plan: Parameters<typeof visitPage>[1],
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<Result<Look, string>> {
  const server = await DevServer.start(command, project, modules, sandbox)
  if (!server.ok) return server
  try {
    const port = await server.value.port(SERVER_MS, signal)
    if (signal.aborted) return fail('it took too long')
    if (!port.ok) return ok({ kind: 'down', command, reason: port.error, told: server.value.told })
    plan.onProgress({ status: 'PASS', step: 'server', message: `port ${port.value}` })
    const visited = await visitPage(port.value, plan, sandbox, signal)
    return visited.ok
      ? ok({ kind: 'seen', command, visit: visited.value, told: server.value.told })
      : fail(`the browser did not work: ${visited.error}`)
  } finally {
    await server.value.stop()
  }
}

function problemsOf(look: Exclude<Look, { kind: 'unserved' }>): readonly PageProblem[] {
  if (look.kind === 'seen') return look.visit.problems
  return [{ kind: 'server-failed', message: downReason(look) }]
}

function downReason({ command, reason, told }: Extract<Look, { kind: 'down' }>): string {
  const last = told.split('\n').findLast(line => line.trim() !== '')
  return `the server does not come up (${command}): ${reason}${last ? `; its last words: ${last.trim()}` : ''}`
}

function notesOf(look: Exclude<Look, { kind: 'unserved' }>): string[] {
  return look.kind === 'seen' ? [`${look.command}: ${look.visit.url}`] : [look.told].filter(text => text !== '')
}
