import {
  appendFileSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { messageOf } from '#shared/base/message-of'
import { isInside } from '#shared/host/inside'
import type { RunResult } from '#shared/protocol/run-result'
import { type ParsedArgs, textFlag, UsageError } from './args'

/** Where reports go, by flag. */
export type ReportPlaces = ReadonlyMap<string, ReportPlace>

interface ReportPlace {
  path: string
  /** Which file it is; undefined for pipes and devices. */
  identity: string | undefined
}

/**
 * A report that cannot be written is told before anything is done.
 *
 * @param root of the project
 */
export function prepareReports(flags: ParsedArgs['flags'], root: string): ReportPlaces {
  const places = new Map<string, ReportPlace>()
  for (const name of ['patch-file', 'summary-file']) {
    const given = textFlag(flags, name)
    if (given === undefined) continue
    try {
      places.set(name, emptied(resolve(given), root))
    } catch (error) {
      throw new UsageError(`--${name}: ${messageOf(error)}`)
    }
  }
  return places
}

function emptied(path: string, root: string): ReportPlace {
  if (leadsOut(path, root)) throw new Error(`${path} is a link out of the project`)
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK)
  try {
    const identity = identityOf(file)
    if (identity !== undefined) ftruncateSync(file)
    return { path, identity }
  } finally {
    closeSync(file)
  }
}

/** A command of an earlier run may have put a link there, to a file that some program runs. */
function leadsOut(path: string, root: string): boolean {
  if (!isInside(path, root)) return false
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  return !isInside(realpathSync(isLink ? path : dirname(path)), root)
}

function identityOf(file: number): string | undefined {
  const stat = fstatSync(file)
  return stat.isFile() ? `${stat.dev}:${stat.ino}` : undefined
}

/** What a command put in the file's place meanwhile is not written to. */
function rewrite({ path, identity }: ReportPlace, text: string): void {
  if (identity === undefined) {
    writeFileSync(path, text)
    return
  }
  const file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    if (identityOf(file) !== identity) throw new Error(`${path} was replaced by another file while kode ran`)
    ftruncateSync(file)
    writeFileSync(file, text)
  } finally {
    closeSync(file)
  }
}

/**
 * Writes `--patch-file`, and the Markdown summary to `--summary-file` or to GitHub's own file.
 *
 * @param patch all that the run changed; empty where no patch was asked for
 */
export function writeReports(result: RunResult, patch: string, places: ReportPlaces): void {
  const patchFile = places.get('patch-file')
  const summaryFile = places.get('summary-file')
  try {
    if (patchFile) rewrite(patchFile, patch)
    if (summaryFile) rewrite(summaryFile, summaryText(result))
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
