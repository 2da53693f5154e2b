import type { ChangeEngine } from '#shared/agent/change-engine'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import { decodeText } from '#shared/edits/text-file'
import type { Summary } from '#shared/pipelines/summary'
import { scoreBranches } from '#shared/pipelines/support/branch-score'
import { EXIT, type Failure, INTERRUPTED } from '#shared/protocol/exit-codes'
import { type CommandContext, CommandFailure } from '../command'
import { branchOf, type PatchWork } from './patch-work'
import { loopIn } from './project-loop'
import { STRATEGIES } from './strategies'
import type { PipelineEnd } from './time-limit'
import { Worktrees } from './worktrees'

const MAX_TITLE = 80

/** The same task in several working copies at once, each asked for in its own way; the best one lands here, staged. */
export async function loopInBranches(work: PatchWork, task: string, count: number): Promise<PipelineEnd> {
  const { context, settings, engine, model } = work
  const startedAt = context.now()
  const worktrees = await Worktrees.open(context)
  try {
    const roots: string[] = []
    for (const { id } of STRATEGIES.slice(0, count)) roots.push(await worktrees.add(id))
    const runs = await Promise.all(
      STRATEGIES.slice(0, count).map(async ({ id, strategy, framing }, at) => {
        const root = roots[at] ?? ''
        const progress = (text: string) => context.progress(`[${id}] ${text}`)
        const branch = await branchOf(work, { ...context, root, progress }, framing)
        const run = await loopIn(branch, task, settings.project.ghost?.test_command)
        return { id, strategy, root, ...run }
      }),
    )
    const scores = scoreBranches(
      runs.map(({ id, summary }) => ({
        id,
        passed: summary.status === 'PASS',
        gatesPassed: summary.results.filter(result => result.status === 'PASS').length,
        impact: summary.applied_files.length,
        tokens: (summary.usage?.input ?? 0) + (summary.usage?.output ?? 0),
        durationMs: summary.duration_ms,
      })),
    )
    const branches = runs.map(({ id, strategy, summary }) => ({
      id,
      strategy,
      status: summary.status,
      score: scores.get(id) ?? -1,
      files: summary.applied_files,
      duration_ms: summary.duration_ms,
      ...(summary.cost_usd !== undefined && { cost_usd: summary.cost_usd }),
      ...(summary.error !== undefined && { error: summary.error }),
    }))
    const best = runs.toSorted((a, b) => (scores.get(b.id) ?? -1) - (scores.get(a.id) ?? -1))[0]
    if (!best) throw new CommandFailure('--branches wants 2 or 3', EXIT.usage)
    const costs = { usage: { ...model.budget.total }, cost_usd: model.budget.costUsd ?? null }
    const common = { branches, ...costs, duration_ms: Math.round(context.now() - startedAt) }
    for (const { id, strategy, status, score } of branches) {
      const mark = status === 'FAIL' ? '[!]' : id === best.id ? '[+]' : '[x]'
      context.progress(`${mark} ${id} (${strategy}): ${status}, score ${score}`)
    }
    if (best.summary.status === 'FAIL') {
      const error = 'no branch passed; the files are unchanged'
      return { summary: { ...best.summary, ...common, error }, exitCode: failureOfAll(runs, context.signal) }
    }
    const landed = await landBest(best.root, best.summary, task, worktrees, context, engine)
    if (landed.ok) return { summary: { ...best.summary, ...common, winner: best.id }, exitCode: EXIT.done }
    const failure = { status: 'FAIL' as const, applied_files: [], applied_hunks: [], files: [], hunks_applied: 0 }
    const { message, exitCode } = landed.error
    return { summary: { ...best.summary, ...common, ...failure, error: message }, exitCode }
  } finally {
    await worktrees.close()
  }
}

/** Where all failed for the same reason, it is the reason. */
function failureOfAll(runs: readonly PipelineEnd[], signal: AbortSignal): number {
  if (signal.aborted) return EXIT.interrupted
  const codes = new Set(runs.map(run => run.exitCode))
  const [code = EXIT.failed] = codes
  return codes.size === 1 ? code : EXIT.failed
}

/** Judged once more where it is to be: the project may have changed meanwhile. */
async function landBest(
  root: string,
  summary: Summary,
  task: string,
  worktrees: Worktrees,
  context: CommandContext,
  engine: ChangeEngine,
): Promise<Result<void, Failure>> {
  const paths = [...new Set([...summary.applied_files, ...(await worktrees.deletedIn(root))])]
  const texts = await Promise.all(
    paths.map(async path => {
      const bytes = await context.files.read(`${root}/${path}`)
      const text = bytes.ok ? decodeText(bytes.value)?.text : undefined
      return { path, ...(text !== undefined && { after: text }) }
    }),
  )
  const { changes, problems } = await engine.proposeTexts(texts)
  const report = await engine.judge(changes, context.signal, problems)
  if (context.signal.aborted) return fail(INTERRUPTED)
  if (report.status === 'FAIL')
    return fail({ message: 'the best branch does not fit the project as it is now', exitCode: EXIT.failed })
  const landed = await engine.land(changes, { turnId: newId(), title: task.slice(0, MAX_TITLE) })
  if (!landed.ok) return fail({ message: landed.error.message, exitCode: EXIT.failed })
  await worktrees.stage(paths)
  return ok(undefined)
}
