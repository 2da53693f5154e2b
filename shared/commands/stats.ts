import { basename, resolve } from 'node:path'
import { readAuditLog } from '#shared/audit/read-log'
import { type Stats, statsOf } from '#shared/audit/stats'
import { countOf } from '#shared/base/count-of'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, CommandFailure, textFlag, wholeNumber } from './command'
import { statsPage } from './support/stats-page'

const BAR_CELLS = 20
const MAX_NAME = 45

/** The audit log summed up. */
export const statsCommand: Command = {
  name: 'stats',
  summary: 'sums up the audit log: verdicts, failing gates and files, models, trend',
  usage: '[--since DATE] [--days N] [--top N] [--html]',
  doors: ['cli', 'chat'],
  options: {
    'log-dir': { type: 'string', value: 'DIR', help: 'where kode.log is; default: logs' },
    since: { type: 'string', value: 'DATE', help: 'only entries from this day on, as 2026-01-31' },
    days: { type: 'string', value: 'N', help: 'days in the trend; default 14' },
    html: { type: 'boolean', help: 'print one self-contained page' },
    top: { type: 'string', value: 'N', help: 'files shown; default 10' },
  },
  async run(context, args) {
    const folder = resolve(context.root, textFlag(args, 'log-dir') ?? 'logs')
    const entries = await readAuditLog(folder, context.files)
    if (!entries)
      throw new CommandFailure(`there is no audit log in ${folder}; kode writes it with the first verdict`, EXIT.failed)
    const since = textFlag(args, 'since')
    if (since !== undefined && Number.isNaN(Date.parse(since))) {
      throw new CommandFailure(`--since wants a date such as 2026-01-31, not "${since}"`, EXIT.usage)
    }
    const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
    const chosen = entries.filter(entry => Date.parse(entry.timestamp) >= from)
    const stats = statsOf(chosen, wholeNumber(args, 'days') ?? 14, wholeNumber(args, 'top') ?? 10, context.now())
    if (args.flags.html) return { exitCode: EXIT.done, raw: statsPage(stats, basename(context.root)) }
    return { exitCode: EXIT.done, json: stats, text: stats.total === 0 ? 'The audit log is empty.' : toText(stats) }
  },
}

function toText(stats: Stats): string {
  const share = (count: number) => `${count} (${((count / stats.total) * 100).toFixed(1)} %)`
  const section = (title: string, lines: string[]) =>
    lines.length === 0 ? [] : ['', title, ...lines.map(line => `  ${line}`)]
  return [
    `${countOf(stats.total, 'verdict')}: ${share(stats.passed)} passed, ${share(stats.failed)} failed`,
    `on average ${stats.average_duration_ms} ms, ${(stats.total_duration_ms / 1000).toFixed(1)} s in all`,
    ...section(
      'Failures by gate',
      stats.failures_by_gate.map(
        row => `${row.gate.padEnd(16)} ${row.count}  (${row.percent_of_failed} % of failed runs)`,
      ),
    ),
    ...section(
      'Most failed files',
      stats.most_failed_files.map(row => `${shortened(row.path).padEnd(MAX_NAME)} ${row.count}`),
    ),
    ...section(
      'Models',
      stats.models.map(row => `${row.model.padEnd(30)} ${row.count}  (${row.percent} %)`),
    ),
    ...section(
      'Trend',
      stats.days.map(day => `${day.date} ${bar(day.passed, day.total)} ${day.passed}/${day.total}`),
    ),
    ...section('Recent', [stats.recent.map(status => (status === 'PASS' ? '✓' : '✗')).join('')]),
  ].join('\n')
}

function bar(passed: number, total: number): string {
  const filled = total === 0 ? 0 : Math.floor((passed / total) * BAR_CELLS)
  return '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled)
}

function shortened(name: string): string {
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 3)}...`
}
