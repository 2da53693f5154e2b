import { readPageSteps } from '#shared/config/page-steps'
import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'
import type { PageCheck, PageProblem } from '../page-check'
import { newAmong, ProjectState, statesOf } from '../support/change-states'
import { writeEvidence } from './evidence'
import { type Look, type LookingPlace, type LookPlan, lookAt, problemsIn } from './look'
import { pageText } from './page-text'
import type { PageProgress } from './visit'

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
  /** Somebody asks for it now: that nobody can look is a failure. */
  isDemanded?: boolean
  onProgress?(progress: PageProgress): void
}

/** A project's page, served from a copy and opened in a browser, both in the sandbox. */
export function projectPage(wish: PageWish, files: FileSystem, place: LookingPlace): PageCheck {
  const { root } = place
  return {
    async check(changes: ChangeSet, signal: AbortSignal) {
      const steps = readPageSteps(wish.instructions)
      if (!steps.ok) return { kind: 'unknown', reason: steps.error }
      const told: PageProgress[] = []
      const onProgress = (progress: PageProgress) => {
        told.push(progress)
        wish.onProgress?.(progress)
      }
      const { before, after } = statesOf(changes)
      const plan: LookPlan = { ...wish, steps: steps.value, onProgress }
      const now = await lookAt(new ProjectState(root, after, files), plan, place, signal)
      if (!now.ok) return { kind: 'unknown', reason: now.error }
      if (now.value.kind === 'unserved') return { kind: 'unknown', reason: NO_SERVER }
      const notes = [...notesOf(now.value), ...(await writeEvidence(root, told, now.value, files))]

      const problems = problemsIn(now.value)
      const isDemanded = ({ kind }: PageProblem) => wish.areStepsDemanded && kind === 'step-failed'
      if (problems.length === 0) return { kind: 'works', notes }
      if (problems.every(isDemanded)) return { kind: 'broken', added: problems, older: [], notes }

      onProgress({ status: 'RUNNING', step: 'compare', message: 'the same without the change' })
      const unheard = { ...plan, onProgress: () => undefined }
      const then = await lookAt(new ProjectState(root, before, files), unheard, place, signal)
      if (!then.ok) return { kind: 'unknown', reason: `not compared: ${then.error}` }
      if (now.value.kind === 'down' && then.value.kind !== 'seen')
        return { kind: 'unknown', reason: problems[0]?.message ?? '' }
      const worse = new Set([...addedTo(problems, then.value), ...problems.filter(isDemanded)])
      return { kind: 'broken', added: [...worse], older: problems.filter(problem => !worse.has(problem)), notes }
    },
  }
}

const NO_SERVER = 'nothing serves a page here: set engine.dev_server_command in .kode/kode.json, or --dev-server'

/** What was wrong before is not the change's fault; where nothing came up before, nobody can tell. */
function addedTo(problems: readonly PageProblem[], then: Look): readonly PageProblem[] {
  if (then.kind === 'unserved') return problems
  if (then.kind === 'down') return []
  return newAmong(problems, then.visit.problems, ({ kind, message }) => `${kind} ${message}`)
}

function notesOf(look: Exclude<Look, { kind: 'unserved' }>): string[] {
  return look.kind === 'seen'
    ? [`${pageText(look.command)}: ${look.visit.url}`]
    : [look.told].filter(text => text !== '')
}
