import type { Finding } from '#shared/protocol/gate-report'
import type { Gate, GateInput } from './gate'
import type { PageProblem } from './page-check'
import { fileFinding, findingLine } from './support/findings'

const GATE = 'browser'

const ADVICE: Readonly<Record<PageProblem['kind'], string>> = {
  'page-error': 'the page works without the change; see .kode/artifacts/walkthrough.md',
  'failed-request': 'make the server deliver it',
  'step-failed': 'see .kode/artifacts/screenshot.png, or correct the step',
  'server-failed': 'it comes up without the change',
}

/**
 * The project's page opens in a browser without errors, and the steps on it succeed. Runs only where somebody is handed in who can
 * look. What is wrong without the change too only warns. Findings: `browser/page-error`, `browser/failed-request`,
 * `browser/step-failed`, `browser/server-failed`.
 */
export const browser: Gate = {
  name: GATE,
  budgetMs: 200_000,
  isWanted: input => input.page !== undefined,
  async judge(input) {
    const seen = await input.page?.check(input.changes, input.signal)
    if (!seen || seen.kind === 'unknown') return { kind: 'skip', reason: seen?.reason ?? 'nobody can open a page here' }
    const { notes } = seen
    if (seen.kind === 'works') return { kind: 'pass', notes }
    const isWorse = seen.added.length > 0
    const problems = isWorse ? seen.added : seen.older
    const findings: Finding[] = []
    for (const problem of problems) findings.push(await findingOf(problem, isWorse, input))
    const message = findings[0] ? findingLine(findings[0]) : ''
    return { kind: isWorse ? 'fail' : 'warn', message, findings, notes }
  },
}

async function findingOf(problem: PageProblem, isWorse: boolean, input: GateInput): Promise<Finding> {
  const { kind, message, path, line } = problem
  const file = path === undefined ? undefined : await fileOf(path, input)
  return fileFinding(GATE, kind, file ?? input.changes.files[0]?.path ?? '', message, {
    severity: isWorse ? 'error' : 'warning',
    suggestion: isWorse ? ADVICE[kind] : 'it is so without the change too',
    ...(file !== undefined && line !== undefined && { line }),
  })
}

/** The file of the project that a server calls so: from its root, from its public folder, or the changed one with such an end. */
async function fileOf(served: string, { changes, changedProject }: GateInput): Promise<string | undefined> {
  const path = served.replace(/^\/+/, '').replace(/(^|\/)$/, '$1index.html')
  for (const candidate of [path, `public/${path}`, `static/${path}`])
    if ((await changedProject.kindOf(candidate)) === 'file') return candidate
  return changes.files.map(file => file.path).find(changed => changed.endsWith(`/${path}`))
}
