import type { Problem } from '#shared/languages/language'

/** What stays after `kode-ignore security/<kind>: <reason>` on the same line or the line above. */
export interface Suppressed {
  kept: readonly Problem[]
  /** "security/eval on line 3: the reason". */
  notes: readonly string[]
}

const MARK = /\bkode-ignore\s+security\/(?<kind>[\w-]+|\*)(?:\s*:\s*(?<reason>[^\n]*?))?\s*(?:\*\/|-->)?\s*$/

/** A reason is a sentence, not a word. */
const MIN_REASON_CHARS = 10

/** Drops what the author answers for; a mark without a reason drops nothing and says so. */
export function withoutSuppressed(problems: readonly Problem[], text: string): Suppressed {
  if (!text.includes('kode-ignore')) return { kept: problems, notes: [] }
  const kept: Problem[] = []
  const notes: string[] = []
  const lines = text.split('\n')
  for (const problem of problems) {
    const line = text.slice(0, problem.start).split('\n').length
    const mark = [lines[line - 1], lines[line - 2]]
      .map(each => MARK.exec(each ?? ''))
      .find(each => each && (each.groups?.kind === problem.kind || each.groups?.kind === '*'))
    const reason = mark?.groups?.reason ?? ''
    if (!mark) kept.push(problem)
    else if (reason.length >= MIN_REASON_CHARS)
      notes.push(`security/${problem.kind} on line ${line} is suppressed: ${reason}`)
    else kept.push({ ...problem, message: `${problem.message}; to suppress it, give a reason after the colon` })
  }
  return { kept, notes }
}
