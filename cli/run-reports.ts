import { appendFileSync, writeFileSync } from 'node:fs'
import { messageOf } from '#shared/base/message-of'
import type { RunResult } from '#shared/protocol/run-result'
import { type ParsedArgs, textFlag, UsageError } from './args'

/** A report that cannot be written is told before anything is done. */
export function prepareReports(flags: ParsedArgs['flags']): void {
  for (const name of ['patch-file', 'summary-file']) {
    const path = textFlag(flags, name)
    if (path === undefined) continue
    try {
      writeFileSync(path, '')
    } catch (error) {
      throw new UsageError(`--${name}: ${messageOf(error)}`)
    }
  }
}

/**
 * Writes `--patch-file`, and the Markdown summary to `--summary-file` or to GitHub's own file.
 *
 * @param patch all that the run changed; empty where no patch was asked for
 */
export function writeReports(result: RunResult, patch: string, flags: ParsedArgs['flags']): void {
  const patchFile = textFlag(flags, 'patch-file')
  const summaryFile = textFlag(flags, 'summary-file')
  try {
    if (patchFile !== undefined) writeFileSync(patchFile, patch)
    if (summaryFile !== undefined) writeFileSync(summaryFile, summaryText(result))
    else if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, summaryText(result))
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

/** What a reader of a CI page wants to know, from records and not from the model's words. */
function summaryText(result: RunResult): string {
  const cost = result.cost_usd === null ? 'price unknown' : `$${result.cost_usd.toFixed(4)}`
  const rows = [
    ['Result', result.success ? 'done' : `exit code ${result.exit_code}: ${result.error ?? result.stop_reason}`],
    ['Model', `${result.model}, ${result.turns} requests, ${result.usage.input + result.usage.output} tokens, ${cost}`],
    ...(result.verify
      ? [['Verified', `\`${result.verify.command}\` ${result.verify.passed ? 'passed' : 'failed'}`]]
      : []),
    ...(result.denied.length > 0
      ? [['Denied', result.denied.map(denial => `${denial.tool}: ${denial.reason}`).join('; ')]]
      : []),
  ]
  const changes = result.changes.map(change => `- ${change.status} \`${change.path}\``)
  return [
    '## kode',
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${String(value).replaceAll('|', '\\|').replaceAll('\n', ' ')} |`),
    '',
    ...(changes.length > 0 ? ['### Changes', '', ...changes, ''] : []),
    ...(result.response ? ['### Answer', '', result.response, ''] : []),
  ].join('\n')
}
