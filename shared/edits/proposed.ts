import { buildWhatFits } from './build-change-set'
import type { ChangeSet, EditProblem } from './change-set'
import type { ProjectSource } from './project-file'
import type { Proposal } from './proposal'

/** What a proposal became: the part of it that fits, and what does not. */
export interface Proposed {
  changes: ChangeSet
  hunkIds: readonly string[]
  problems: readonly EditProblem[]
  /** The same with some of its hunks only; absent where it has no hunks to choose from. */
  only?(ids: ReadonlySet<string>): Promise<Proposed>
}

/** A proposal over the files as they are; its hunks can be tried apart. */
export async function applyInMemory(proposal: Proposal, source: ProjectSource): Promise<Proposed> {
  const { changes, failed } = await buildWhatFits(proposal, source)
  return {
    changes,
    hunkIds: proposal.steps.map(step => step.id),
    problems: failed,
    only: ids => applyInMemory({ ...proposal, steps: proposal.steps.filter(step => ids.has(step.id)) }, source),
  }
}

/** Nothing of it could be read. */
export function unreadable(problems: readonly EditProblem[]): Proposed {
  const hunkIds = problems.flatMap(problem => problem.hunkId ?? [])
  return { changes: { id: 'none', files: [] }, hunkIds, problems }
}
