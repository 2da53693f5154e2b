import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'
import type { CheckingRoom } from '#shared/sandbox/checking-room'
import type { CheckerError, ProjectChecker } from '../project-checker'
import { type CargoAnswer, type CargoError, targetOf } from './cargo-answer'
import { type CargoProgram, CargoRuns } from './cargo-runs'
import { newAmong, offsetIn, ProjectState, statesOf } from './change-states'

/** Rust's own compiler over the crates that a change touches, and those that need them. */
export function rustChecker(root: string, cargo: CargoProgram, room: CheckingRoom, files: FileSystem): ProjectChecker {
  const runs = new CargoRuns(cargo, room)
  return {
    name: 'Rust',
    appliesTo: path => path.endsWith('.rs') && !/(?:^|\/)target\//.test(path),
    async newErrors(changes, paths, signal) {
      if (cargo.program === undefined) return { kind: 'unknown', reason: 'there is no cargo command on this machine' }
      const { before, after } = statesOf(changes)
      const [old, changed] = [new ProjectState(root, before, files), new ProjectState(root, after, files)]
      const found = await runs.cratesAround(paths, changed, signal)
      if (found.kind === 'unknown') return found
      const errors: CheckerError[] = []
      for (const crates of found.crates) {
        const now = await runs.check(crates, changed, signal)
        if (now.kind === 'unknown') return now
        if (now.errors.length === 0) continue
        const then = await runs.check(crates, old, signal)
        if (then.kind === 'unknown') return then
        for (const error of newIn(now, then, changes)) errors.push(placed(error, await changed.read(error.path)))
      }
      return { kind: 'judged', errors }
    },
    close: () => room.close(),
  }
}

/**
 * Errors that a change made. What depends on a crate with an error is not compiled, and an error hides others: where the state before had
 * any, only what it could show counts, or what stands in lines that the change wrote.
 */
function newIn(now: CargoAnswer, then: CargoAnswer, changes: ChangeSet): CargoError[] {
  const found = newAmong(now.errors, then.errors, ({ path, message }) => `${path} ${message}`)
  if (then.errors.length === 0) return found
  const wasWrong = new Set(then.errors.map(targetOf))
  return found.filter(error => {
    const target = targetOf(error)
    if (!wasWrong.has(target)) return then.compiled.has(target)
    const file = changes.files.find(({ path }) => path === error.path)
    const linesOf = (text: string | undefined) => text?.split('\n') ?? []
    const line = linesOf(file?.after)[error.line - 1]
    return line !== undefined && !linesOf(file?.before).includes(line)
  })
}

function placed({ path, code, message, ...place }: CargoError, text: string): CheckerError {
  // Columns count code points.
  const offsetOf = (line: number, column: number) =>
    offsetIn(text, line - 1, whole => [...whole].slice(0, column - 1).join('').length)
  const start = offsetOf(place.line, place.column)
  return { path, start, end: Math.max(start + 1, offsetOf(place.endLine, place.endColumn)), code, message }
}
