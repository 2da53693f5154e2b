import { joinSignals } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import type { CheckingRoom } from '#shared/sandbox/checking-room'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { PageProblem } from '../page-check'
import type { ProjectState } from '../support/change-states'
import { linkPackages } from '../support/link-packages'
import { DevServer, findServerCommand } from './dev-server'
import { BROWSER_ADVICE } from './find-browser'
import { pageText } from './page-text'
import { type Visit, type VisitPlan, visitPage } from './visit'

/** Where a page is looked at. */
export interface LookingPlace {
  /** The project: absolute, links resolved. */
  root: string
  /** Absolute; undefined: there is none on this machine. */
  browser: string | undefined
  /** A new one for each look: servers leave things behind. Commands in it reach each other and nobody else. */
  openRoom(): CheckingRoom
}

export interface LookPlan extends Omit<VisitPlan, 'browser'> {
  /** How the page is served; without it, as the project's manifest says. */
  serverCommand?: string
}

/** What was seen of one state of a project. `told`: what the server printed last. */
export type Look =
  | { kind: 'seen'; command: string; told: string; visit: Visit }
  | { kind: 'down'; command: string; told: string; reason: string }
  /** There is nothing that would serve a page. */
  | { kind: 'unserved' }

const SERVER_MS = 30_000
const LOOK_MS = 80_000

/** Serves a state of a project and opens its page. Nothing that was started for it is left. On failure why nobody can look. */
export async function lookAt(
  state: ProjectState,
  plan: LookPlan,
  { browser, openRoom }: LookingPlace,
  signal: AbortSignal,
): Promise<Result<Look, string>> {
  const command = plan.serverCommand ?? (await findServerCommand(state))
  if (command === undefined) return ok({ kind: 'unserved' })
  if (browser === undefined) return fail(`no browser was found: ${BROWSER_ADVICE}`)
  const time = joinSignals(signal, AbortSignal.timeout(LOOK_MS))
  const room = openRoom()
  try {
    return await room.occupy(state.texts, LOOK_MS, async sandbox => {
      const refusal = whyNotIn(sandbox)
      if (refusal !== undefined) return fail(refusal)
      plan.onProgress({ status: 'START', step: 'server', message: command })
      const server = await DevServer.start(command, room.project, await linkPackages(state), sandbox)
      if (!server.ok) return server
      try {
        return await lookThrough(server.value, command, { ...plan, browser }, sandbox, time)
      } finally {
        await server.value.stop()
      }
    })
  } finally {
    await room.close()
  }
}

function whyNotIn(sandbox: Sandbox): string | undefined {
  if (sandbox.level !== 'bubblewrap')
    return 'a page is only opened where commands have a network of their own: on Linux, with bubblewrap'
  if (sandbox.effectivePolicy().network.mode === 'none')
    return 'commands in the sandbox cannot reach each other here: install nsenter (util-linux)'
  return undefined
}

async function lookThrough(
  server: DevServer,
  command: string,
  plan: VisitPlan,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<Result<Look, string>> {
  const port = await server.port(SERVER_MS, signal)
  if (signal.aborted) return fail('it took too long')
  if (!port.ok) {
    plan.onProgress({ status: 'FAIL', step: 'server', message: port.error })
    return ok({ kind: 'down', command, reason: port.error, told: server.told })
  }
  plan.onProgress({ status: 'PASS', step: 'server', message: `port ${port.value}` })
  const visited = await visitPage(port.value, plan, sandbox, signal)
  if (!visited.ok) return fail(`the browser did not work: ${visited.error}`)
  return ok({ kind: 'seen', command, visit: visited.value, told: server.told })
}

/** What is wrong there. */
export function problemsIn(look: Exclude<Look, { kind: 'unserved' }>): readonly PageProblem[] {
  if (look.kind === 'seen') return look.visit.problems
  const last = look.told.split('\n').findLast(line => line.trim() !== '')
  const lastWords = last === undefined ? '' : `; its last words: ${last.trim()}`
  const message = `the server does not come up (${pageText(look.command)}): ${look.reason}${lastWords}`
  return [{ kind: 'server-failed', message }]
}
