import type { Problem, SourceFile } from '#shared/languages/language'
import type { DangerRule } from './danger-rule'
import { isExamplePath } from './example-path'
import { INJECTION_RULES } from './injection-rules'
import { WEAKENING_RULES } from './weakening-rules'

const RULES = [...INJECTION_RULES, ...WEAKENING_RULES]

/** Lines before and after in which a rule's `near` may be. */
const NEIGHBOURS = 2

/**
 * Dangerous shapes of code in one file.
 *
 * @param codeOf what of it runs; asked only where something looks dangerous
 */
export async function findDanger(
  { text, path }: SourceFile,
  languageId: string,
  codeOf: () => Promise<string>,
): Promise<Problem[]> {
  const rules = RULES.filter(rule => rule.languages.includes(languageId))
  if (rules.length === 0) return []
  let code: string | undefined
  const problems: Problem[] = []
  for (const rule of rules) {
    if (rule.needs && !rule.needs.test(text)) continue
    for (const match of text.matchAll(rule.pattern)) {
      code ??= await codeOf()
      const end = match.index + match[0].length
      if (code[match.index] !== text[match.index] || isBlanked(code, text, match.index)) continue
      if (rule.near && !rule.near.test(linesAround(text, match.index, end))) continue
      if (problems.some(each => match.index < each.end && each.start < end)) continue
      const statement = match[0].replace(/\s+/g, ' ')
      problems.push({
        kind: rule.kind,
        certainty: isMeant(rule, text, path, match.index, end) ? 'likely' : rule.certainty,
        key: `${rule.kind} ${statement}`,
        start: match.index,
        end,
        message: rule.message,
        suggestion: rule.suggestion,
      })
    }
  }
  const isCertain = problems.some(problem => problem.certainty === 'certain')
  return isCertain && isBundled(text) ? problems.map(problem => ({ ...problem, certainty: 'likely' })) : problems
}

function isMeant(rule: DangerRule, text: string, path: string, start: number, end: number): boolean {
  return rule.isOftenMeant === true && (isExamplePath(path) || IF_CHOSEN.test(linesAround(text, start, end)))
}

/** `if options.skipVerify {`: whoever runs the program says so. */
const IF_CHOSEN =
  /\bif\b[^\n]*(?:insecure|skip_?(?:tls|ssl|cert|verif)|(?:no|dis\w+)_?(?:tls_?|ssl_?|cert_?)?verif|(?:allow|accept)_?(?:invalid|unauthori[sz]ed|self_?signed))/i

/** Nobody writes lines this long. */
const MAX_LINE_CHARS = 1_000

/**
 * Most of the text stands on lines that nobody writes by hand: a bundle, made of sources that were judged or are somebody else's.
 * One long line in a file of short ones is no bundle, and hides nothing.
 */
function isBundled(text: string): boolean {
  const longLines = text.split('\n').filter(line => line.length > MAX_LINE_CHARS)
  return longLines.reduce((sum, line) => sum + line.length, 0) > text.length / 2
}

/** Inside of a comment or string: its first character is kept, so the next tells. */
function isBlanked(code: string, text: string, start: number): boolean {
  return code[start + 1] === ' ' && /\S/.test(text[start + 1] ?? ' ')
}

function linesAround(text: string, start: number, end: number): string {
  let from = start
  for (let line = 0; line <= NEIGHBOURS && from > 0; line++) from = text.lastIndexOf('\n', from - 1)
  let to = end
  for (let line = 0; line <= NEIGHBOURS && to >= 0; line++) to = text.indexOf('\n', to + 1)
  return text.slice(Math.max(0, from), to < 0 ? undefined : to)
}
