import type { FileChange } from '#shared/edits/change-set'
import type { Problem } from '#shared/languages/language'
import type { Finding } from '#shared/protocol/gate-report'
import type { Gate, GateInput, Verdict } from './gate'
import { findBuildRisks } from './support/build-risks'
import { codeOf } from './support/code-mask'
import { findDanger } from './support/danger'
import { findDisguisedNames } from './support/disguised-names'
import { findEndlessLoops } from './support/endless-loops'
import { problemsAdded, toFinding } from './support/findings'
import { findHiddenEncoding } from './support/hidden-encoding'
import { verdictFrom } from './support/judge-files'
import { readScannerReport } from './support/scanner'
import { SECRET_RULES } from './support/secret-rules'
import { findSecrets } from './support/secrets'
import { findSourceSurprises } from './support/source-surprises'
import { withoutSuppressed } from './support/suppressions'
import { findTextTricks } from './support/text-tricks'

/**
 * The change adds no secret, no dangerous call and no surprise in a build file. Findings: `security/` and the kind of a rule in
 * support/secret-rules.ts, injection-rules.ts, weakening-rules.ts, build-risks.ts, source-surprises.ts, text-tricks.ts, disguised-names.ts or hidden-encoding.ts; `security/scanner` from a scanner that was handed in.
 */
export const security: Gate = {
  name: 'security',
  async judge(input) {
    const findings: Finding[] = []
    const notes: string[] = []
    let judgedFiles = 0
    for (const file of input.changes.files) {
      if (file.after === undefined) continue
      if (input.signal.aborted) return { kind: 'skip', reason: 'stopped before every file was judged' }
      if (file.after.length > MAX_CHARS) {
        notes.push(`${file.path}: too large to be searched`)
        continue
      }
      judgedFiles++
      const { kept, notes: suppressed } = withoutSuppressed(await problemsIn(file, file.after, input), file.after)
      notes.push(...suppressed.map(note => `${file.path}: ${note}`))
      if (kept.length === 0) continue
      const before = file.before === undefined ? [] : await problemsIn(file, file.before, input)
      findings.push(...problemsAdded(before, kept).map(problem => toSafeFinding(problem, file, file.after!)))
    }
    const scanned = await askScanner(input)
    if (scanned.kind === 'missing') return scanned.verdict
    return verdictFrom([...findings, ...scanned.findings], [...notes, ...scanned.notes], judgedFiles)
  },
}

/** A larger file holds data, and every rule would read all of it. */
const MAX_CHARS = 3_000_000

async function problemsIn(file: FileChange, text: string, { languages }: GateInput): Promise<Problem[]> {
  const source = { path: file.path, text }
  const languageId = languages.idOf(file.path)
  let asked: Promise<string> | undefined
  const code = () => (asked ??= codeOf(source, languages))
  return [
    ...findSecrets(text, file.path),
    ...(languageId ? await findDanger(source, languageId, code) : []),
    ...(languageId ? await findEndlessLoops(text, languageId, code) : []),
    ...findBuildRisks(text, file.path),
    ...findSourceSurprises(text === file.after ? file.before : undefined, text, file.path),
    ...(await findTextTricks(text, languageId, code)),
    ...(languageId ? await findDisguisedNames(text, languageId, code) : []),
    ...findHiddenEncoding(text, languageId),
  ]
}

const SECRET_KINDS = new Set(SECRET_RULES.map(rule => rule.kind))

/** What is shown of a line with a secret in it is the line without it. */
function toSafeFinding(problem: Problem, file: FileChange, text: string): Finding {
  const finding = toFinding('security', problem, file, text)
  const hidden = SECRET_KINDS.has(problem.kind) ? text.slice(problem.start, problem.end).split('\n')[0]! : ''
  const snippet = finding.snippet ?? ''
  const shown = hidden && snippet.includes(hidden) ? snippet.replaceAll(hidden, '…') : hidden ? '' : snippet
  return { ...finding, snippet: findSecrets(shown, '').length > 0 ? '' : shown }
}

type Scanned = { kind: 'scanned'; findings: Finding[]; notes: string[] } | { kind: 'missing'; verdict: Verdict }

async function askScanner({ scanner, settings, changes, signal }: GateInput): Promise<Scanned> {
  const notes: string[] = []
  const findings: Finding[] = []
  const missing = (reason: string): Scanned | undefined => {
    notes.push(`scanner skipped: ${reason}`)
    if (!settings.requireScanner) return undefined
    const message = `the security scanner is required, but ${reason}`
    return { kind: 'missing', verdict: { kind: 'fail', message, findings: [], notes } }
  }
  if (!scanner) {
    if (!settings.requireScanner) return { kind: 'scanned', findings, notes }
    return missing('none is set up') ?? { kind: 'scanned', findings, notes }
  }
  for (const file of changes.files) {
    if (file.after === undefined) continue
    const after = await scanFile(scanner, file.path, file.after, signal)
    if (!after.ok) {
      const stop = missing(after.error)
      if (stop) return stop
      continue
    }
    if (after.value.length === 0) continue
    const before = file.before === undefined ? undefined : await scanFile(scanner, file.path, file.before, signal)
    const known = (before?.ok ? before.value : []).map(finding => finding.message)
    for (const finding of after.value) {
      const place = known.indexOf(finding.message)
      if (place < 0) findings.push(finding)
      else known.splice(place, 1)
    }
  }
  return { kind: 'scanned', findings, notes }
}

async function scanFile(scanner: NonNullable<GateInput['scanner']>, path: string, text: string, signal: AbortSignal) {
  const output = await scanner.scan(path, text, signal)
  return output.ok ? readScannerReport(scanner.name, path, output.value) : output
}
