import { Semaphore } from '#shared/base/semaphore'
import { circularIds, type Subtask } from './subtasks'

/** How a subtask ended. */
export type SubtaskEnd =
  | { status: 'done'; text: string }
  | { status: 'failed'; reason: string; exitCode: number }
  | { status: 'skipped'; reason: string }

/** Enough to gain time, and no storm of requests. */
const MOST_AT_ONCE = 3

/**
 * Works on each subtask once what it depends on is done; those that need nothing of each other run at the same time. Whose
 * dependencies failed, are missing, or wait for it, is skipped.
 *
 * @param work is handed what the subtask depends on, in the order it names them; never rejects
 * @param onSkip told of each that is skipped, with the reason
 * @returns in the order given
 */
export function runSubtasks(
  subtasks: readonly Subtask[],
  work: (subtask: Subtask, needed: readonly NeededResult[]) => Promise<SubtaskEnd>,
  onSkip: (subtask: Subtask, reason: string) => void,
): Promise<SubtaskEnd[]> {
  const circular = circularIds(subtasks)
  const places = new Semaphore(MOST_AT_ONCE)
  const ends = new Map<string, Promise<SubtaskEnd>>()
  const endOf = (subtask: Subtask): Promise<SubtaskEnd> => {
    const known = ends.get(subtask.id) ?? begin(subtask)
    ends.set(subtask.id, known)
    return known
  }
  const skip = (subtask: Subtask, reason: string): SubtaskEnd => {
    onSkip(subtask, reason)
    return { status: 'skipped', reason }
  }
  const begin = async (subtask: Subtask): Promise<SubtaskEnd> => {
    if (circular.has(subtask.id)) return skip(subtask, CIRCLE)
    const needed: NeededResult[] = []
    for (const id of subtask.depends) {
      const other = subtasks.find(each => each.id === id)
      if (!other) return skip(subtask, `it needs subtask ${id}, which there is not`)
      const end = await endOf(other)
      if (end.status !== 'done') return skip(subtask, `it needs subtask ${id}, which ${FATE[end.status]}`)
      needed.push({ subtask: other, text: end.text })
    }
    return places.run(() => work(subtask, needed))
  }
  return Promise.all(subtasks.map(endOf))
}

export interface NeededResult {
  subtask: Subtask
  text: string
}

const CIRCLE = 'it, or what it needs, waits for itself'
const FATE = { failed: 'failed', skipped: 'was skipped' } as const
