import type { Judgement, Problem, Unknown } from '../language'

/** The verdict on a file that parses. */
export const VALID: Judgement = { kind: 'judged', problems: [] }

/** The verdict on a file with one known problem; offsets are UTF-16, half-open. */
export function invalid(message: string, start: number, end: number): Judgement {
  return { kind: 'judged', problems: [syntaxProblem(message, start, end)] }
}

/** One place that does not parse; `likely` where the format's own readers disagree. */
export function syntaxProblem(
  message: string,
  start: number,
  end: number,
  certainty: Problem['certainty'] = 'certain',
): Problem {
  return { kind: 'parse-error', certainty, key: `parse-error ${message}`, start, end: Math.max(end, start), message }
}

/** The verdict on what nobody could judge. */
export function unknown(reason: string): Unknown {
  return { kind: 'unknown', reason }
}

/** Marks of template languages: what holds them becomes a file of its format only after they are filled in. */
export function isTemplate(text: string): boolean {
  return /\{\{|\{%|<%|\$\{\{?|<\?php|@@[A-Z_]+@@/.test(text)
}
