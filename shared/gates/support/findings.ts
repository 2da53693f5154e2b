import type { FileChange } from '#shared/edits/change-set'
import type { Problem } from '#shared/languages/language'
import type { Finding, GateName } from '#shared/protocol/gate-report'

const SNIPPET_CHARS = 160

/** A problem of one file's text, as it is shown and stored. */
export function toFinding(gate: GateName, problem: Problem, file: FileChange, text: string): Finding {
  const start = placeOf(text, problem.start)
  const end = placeOf(text, Math.max(problem.end, problem.start))
  const [hunkId, ...others] = file.hunkIds
  return {
    id: `${gate}/${problem.kind}`,
    gate,
    severity: problem.certainty === 'certain' ? 'error' : 'warning',
    file: file.path,
    line: start.line,
    column: start.column,
    end_line: end.line,
    end_column: end.column,
    message: problem.message,
    ...(problem.suggestion ? { suggestion: problem.suggestion } : {}),
    snippet: snippetAt(text, problem.start),
    ...(hunkId !== undefined && others.length === 0 ? { hunk_id: hunkId } : {}),
  }
}

/** A finding about a file as a whole, or about a place known by line only. */
export function fileFinding(
  gate: GateName,
  kind: string,
  file: string,
  message: string,
  more: Partial<Pick<Finding, 'severity' | 'line' | 'suggestion' | 'hunk_id'>> = {},
): Finding {
  const line = more.line ?? 1
  return {
    id: `${gate}/${kind}`,
    gate,
    severity: 'error',
    file,
    column: 1,
    end_line: line,
    end_column: 1,
    message,
    ...more,
    line,
  }
}

/** What one side has and the other has not, each as often as it has it more. */
export function problemsAdded(before: readonly Problem[], after: readonly Problem[]): Problem[] {
  const known = new Map<string, number>()
  for (const problem of before) known.set(problem.key, (known.get(problem.key) ?? 0) + 1)
  return after.filter(problem => {
    const left = known.get(problem.key) ?? 0
    if (left > 0) known.set(problem.key, left - 1)
    return left === 0
  })
}

/** "src/a.ts:3:9: message; suggestion", as compilers write it. */
export function findingLine(finding: Finding): string {
  const advice = finding.suggestion ? `; ${finding.suggestion}` : ''
  return `${finding.file}:${finding.line}:${finding.column}: ${finding.message}${advice}`
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return { line, column: Math.min(offset, text.length) - lineStart + 1 }
}

function snippetAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', Math.min(offset, text.length) - 1) + 1
  const end = text.indexOf('\n', offset)
  const line = text.slice(start, end < 0 ? undefined : end).trimEnd()
  if (line.length <= SNIPPET_CHARS) return line
  const from = Math.max(0, Math.min(offset - start - SNIPPET_CHARS / 2, line.length - SNIPPET_CHARS))
  return line.slice(from, from + SNIPPET_CHARS)
}
