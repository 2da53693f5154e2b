import type { Problem } from '#shared/languages/language'

/** What stays after a mark with a reason on the same line or the line above: kode's own, or a linter's for the same thing. */
export interface Suppressed {
  kept: readonly Problem[]
  /** "security/eval on line 3 is suppressed: the reason". */
  notes: readonly string[]
}

/** `kode-ignore security/<kind>: <reason>`; `*` is every kind. */
const OWN_MARK = /\bkode-ignore\s+security\/(?<kind>[\w-]+|\*)(?:\s*:\s*(?<reason>[^\n]*))?/

/** How linters are told to be silent, with the rules they are silent about and what stands behind them. */
const LINTER_MARKS: readonly RegExp[] = [
  /\b(?:es|ox)lint-disable(?:-next-line|-line)?\s+(?<rules>[\w@/, -]+?)(?:\s+--\s+(?<reason>[^\n]*))?\s*(?:\*\/|-->|$)/,
  /\bbiome-ignore\s+(?<rules>lint[\w/]*)(?:\s*:\s*(?<reason>[^\n]*))?/,
  /#\s*(?:noqa:|nosec:?)\s*(?<rules>[A-Z]\d+(?:\s*,\s*[A-Z]\d+)*)(?:\s*[-:#]+\s*(?<reason>[^\n]*))?/,
  /\/\/\s*(?:nolint:|#nosec)\s*(?<rules>[\w,]+)(?:\s*(?:\/\/|--)\s*(?<reason>[^\n]*))?/,
]

/** What others call it: ESLint and Biome, Ruff and Bandit, gosec. */
const LINTER_RULES: Readonly<Record<string, RegExp>> = {
  eval: /\bno-eval\b|\bnoGlobalEval\b|\b[SB](?:102|307)\b/,
  'new-function': /\bno-new-func\b|\bno-implied-eval\b/,
  'command-injection': /\bdetect-child-process\b|\b[SB]60[2-7]\b|\bG204\b|\bgosec\b/,
  'tls-off': /\b[SB]501\b|\bG402\b|\bgosec\b/,
}

/** A reason is a sentence, not a word. */
const MIN_REASON_CHARS = 10

/** Drops what the author answers for; a mark without a reason drops nothing and says so. */
export function withoutSuppressed(problems: readonly Problem[], text: string): Suppressed {
  if (problems.length === 0) return { kept: problems, notes: [] }
  const kept: Problem[] = []
  const notes: string[] = []
  const lines = text.split('\n')
  for (const problem of problems) {
    const line = text.slice(0, problem.start).split('\n').length
    const mark = [lines[line - 1], lines[line - 2]]
      .map(each => markFor(problem.kind, each ?? ''))
      .find(each => each !== undefined)
    if (!mark) kept.push(problem)
    else if (mark.reason.length >= MIN_REASON_CHARS)
      notes.push(`security/${problem.kind} on line ${line} is suppressed: ${mark.reason}`)
    else kept.push({ ...problem, message: `${problem.message}; to suppress it, give a reason ${mark.where}` })
  }
  return { kept, notes }
}

/** What a line says about one kind of problem. */
function markFor(kind: string, line: string): { reason: string; where: string } | undefined {
  const own = OWN_MARK.exec(line)?.groups
  if (own && (own.kind === kind || own.kind === '*'))
    return { reason: withoutEnd(own.reason), where: 'after the colon' }
  const rules = LINTER_RULES[kind]
  const linter = rules && LINTER_MARKS.map(each => each.exec(line)?.groups).find(each => rules.test(each?.rules ?? ''))
  return linter && { reason: withoutEnd(linter.reason), where: `in that comment: kode-ignore security/${kind}: why` }
}

/** A reason without the end of its comment. */
function withoutEnd(reason = ''): string {
  return reason.replace(/\s*(?:\*\/|-->)\s*$/, '').trim()
}
