import { countOf } from '#shared/base/count-of'
import type { FileChange } from '#shared/edits/change-set'
import type { Judgement, Language, Problem, SourceFile } from '#shared/languages/language'
import type { ProjectView } from '#shared/languages/project-view'
import type { Finding, GateName } from '#shared/protocol/gate-report'
import type { GateInput, Verdict } from '../gate'
import { findingLine, problemsAdded, toFinding } from './findings'
import { keepsMeaning } from './keeps-meaning'

/** Judges one state of one file; undefined when the gate has nothing to say about this language. */
export type FileJudge = (
  language: Language,
  source: SourceFile,
  project: ProjectView,
  before?: SourceFile,
) => Promise<Judgement | undefined> | undefined

/** Runs a judge over each changed file, before and after, and reports what the change adds. */
export async function judgeFiles(input: GateInput, gate: GateName, judge: FileJudge): Promise<Verdict> {
  const findings: Finding[] = []
  const notes: string[] = []
  let judgedFiles = 0
  for (const file of input.changes.files) {
    if (file.after === undefined) continue
    if (input.signal.aborted) return { kind: 'skip', reason: 'stopped before every file was judged' }
    const language = await input.languages.languageOf(file.path)
    const source = { path: file.path, text: file.after }
    const known =
      file.before !== undefined && (await keepsMeaning(input)) ? { path: file.path, text: file.before } : undefined
    const after = language && (await judge(language, source, input.changedProject, known))
    if (!after) continue
    if (after.kind === 'unknown') {
      notes.push(`${file.path}: ${after.reason}`)
      continue
    }
    judgedFiles++
    // Most changes are right: the state before is looked at only when there is something to subtract it from.
    if (after.problems.length === 0) continue
    const before = await problemsBefore(input, file, judge)
    if (before === undefined) notes.push(`${file.path}: could not be judged as it was before, so nothing in it blocks`)
    const added = problemsAdded(before ?? [], after.problems)
    const kept = after.problems.length - added.length
    if (kept > 0)
      notes.push(`${file.path}: ${countOf(kept, 'problem')} that ${kept === 1 ? 'was' : 'were'} there before`)
    const text = file.after
    findings.push(
      ...added.map(problem => toFinding(gate, before ? problem : { ...problem, certainty: 'likely' }, file, text)),
    )
  }
  return verdictFrom(findings, notes, judgedFiles)
}

/** Errors fail, warnings warn, nothing judged is a skip. */
export function verdictFrom(findings: readonly Finding[], notes: readonly string[], judgedFiles: number): Verdict {
  const errors = findings.filter(finding => finding.severity === 'error')
  if (errors.length > 0) return { kind: 'fail', message: headline(errors), findings, notes }
  if (findings.length > 0) return { kind: 'warn', message: headline(findings), findings, notes }
  if (judgedFiles > 0) return { kind: 'pass', notes }
  return {
    kind: 'skip',
    reason: notes.length > 0 ? `not checked: ${notes.join('; ')}` : 'no changed file it knows how to check',
  }
}

/** One line for many findings: the first, and how many more. */
export function headline(findings: readonly Finding[]): string {
  const [first, ...others] = findings
  if (!first) return ''
  return findingLine(first) + (others.length > 0 ? ` (and ${others.length} more)` : '')
}

async function problemsBefore(
  input: GateInput,
  file: FileChange,
  judge: FileJudge,
): Promise<readonly Problem[] | undefined> {
  if (file.before === undefined) return []
  const path = file.oldPath ?? file.path
  const language = await input.languages.languageOf(path)
  // A file that becomes code by being renamed had no problems as code before.
  const before = language && (await judge(language, { path, text: file.before }, input.project))
  if (!before) return []
  return before.kind === 'judged' ? before.problems : undefined
}
