import type { FileChange } from './change-set'

/**
 * Changes in an order in which every name is free before another file takes it. Files that exchange their names with one
 * another, for which there is none, become changes of their texts.
 */
export function inLandingOrder(changes: readonly FileChange[]): FileChange[] {
  const ordered: FileChange[] = []
  let waiting = [...changes]
  while (waiting.length > 0) {
    const taken = new Set(waiting.flatMap(change => freedPath(change) ?? []))
    const ready = waiting.filter(change => isFreed(change) || !taken.has(change.path))
    if (ready.length === 0) return [...ordered, ...waiting.map(change => asModified(change, waiting))]
    ordered.push(...ready)
    waiting = waiting.filter(change => !ready.includes(change))
  }
  return ordered
}

/** The path where nothing is after the change. */
function freedPath(change: FileChange): string | undefined {
  if (change.kind === 'rename') return change.oldPath
  return change.kind === 'delete' ? change.path : undefined
}

function isFreed(change: FileChange): boolean {
  return change.kind === 'delete' || change.kind === 'modify'
}

/** A rename, as the new text of the file whose name it takes. */
function asModified(change: FileChange, all: readonly FileChange[]): FileChange {
  const replaced = all.find(each => each.oldPath === change.path)
  const { path, after, mode, hunkIds, notes, base, format } = change
  if (!replaced?.base || !base) return change
  const { encoding, hasBom } = format ?? base
  return {
    path,
    kind: 'modify',
    ...(replaced.before !== undefined && { before: replaced.before }),
    ...(after !== undefined && { after }),
    base: replaced.base,
    format: { encoding, hasBom },
    ...(mode !== undefined && { mode }),
    hunkIds,
    ...(notes && { notes }),
  }
}
