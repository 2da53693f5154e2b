import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { ChangeSet, EditProblem } from './change-set'
import { inLandingOrder } from './landing-order'
import type { ProjectSource } from './project-file'
import type { Proposal } from './proposal'
import { Workbench } from './workbench'

/** Applies a proposal to the files as they are now, in memory; all of it, or every reason why not. */
export async function buildChangeSet(
  proposal: Proposal,
  source: ProjectSource,
): Promise<Result<ChangeSet, EditProblem[]>> {
  const { changes, failed } = await buildWhatFits(proposal, source)
  if (failed.length > 0) return fail(failed)
  if (changes.files.length > 0) return ok(changes)
  const path = proposal.steps[0]?.path ?? ''
  return fail([{ kind: 'no-change', path, message: 'The proposal leaves every file as it is.' }])
}

/**
 * Applies the steps that fit and reports the others, each under its id.
 * Later steps see what earlier ones of the same file left; a failed step leaves the file as it was before it.
 */
export async function buildWhatFits(
  proposal: Proposal,
  source: ProjectSource,
): Promise<{ changes: ChangeSet; failed: EditProblem[] }> {
  const bench = new Workbench(source, proposal.steps)
  const failed: EditProblem[] = []
  for (const step of proposal.steps) {
    const problem = await bench.apply(step)
    if (problem) failed.push({ ...problem, hunkId: step.id })
  }
  return { changes: { id: newId(), files: inLandingOrder(bench.changes()) }, failed }
}
