import type { LoggedEntry } from './read-log'

/** The audit log summed up; the data of `kode stats --json`. */
export interface Stats {
  schema_version: 1
  total: number
  passed: number
  failed: number
  average_duration_ms: number
  total_duration_ms: number
  /** Failed runs by gate; one run may fail in several hunks for one gate. */
  failures_by_gate: { gate: string; count: number; percent_of_failed: number }[]
  most_failed_files: { path: string; count: number }[]
  models: { model: string; count: number; percent: number }[]
  /** One per calendar day, oldest first, days without entries included. */
  days: { date: string; passed: number; total: number }[]
  /** The last twenty, oldest first. */
  recent: ('PASS' | 'FAIL')[]
  cost_usd: number
}

const RECENT = 20
const DAY_MS = 86_400_000

/** @param days calendar days shown, today included; older entries still count in the totals */
export function statsOf(entries: readonly LoggedEntry[], days: number, top: number, now: number): Stats {
  const failed = entries.filter(entry => !isPass(entry))
  const gates = failed.flatMap(entry => [...new Set(gatesOf(entry))])
  const files = failed.flatMap(entry => filesOf(entry))
  const models = entries.flatMap(entry => (entry.model ? [entry.model] : []))
  const duration = sum(entries.map(entry => entry.duration_ms))
  return {
    schema_version: 1,
    total: entries.length,
    passed: entries.length - failed.length,
    failed: failed.length,
    average_duration_ms: entries.length === 0 ? 0 : Math.round(duration / entries.length),
    total_duration_ms: duration,
    failures_by_gate: counted(gates).map(([gate, count]) => ({
      gate,
      count,
      percent_of_failed: percent(count, failed.length),
    })),
    most_failed_files: counted(files)
      .slice(0, top)
      .map(([path, count]) => ({ path, count })),
    models: counted(models).map(([model, count]) => ({ model, count, percent: percent(count, entries.length) })),
    days: trend(entries, days, now),
    recent: entries.slice(-RECENT).map(entry => (isPass(entry) ? 'PASS' : 'FAIL')),
    cost_usd: sum(entries.map(entry => entry.cost_usd ?? 0)),
  }
}

function isPass(entry: LoggedEntry): boolean {
  return entry.status.toUpperCase() === 'PASS'
}

function gatesOf(entry: LoggedEntry): string[] {
  const reasons = Object.values(entry.failures ?? {}).map(reason => reason.split(':', 1)[0] ?? '')
  return reasons.length > 0 ? reasons : entry.gate ? [entry.gate] : []
}

/** Paths of failed files; ids of hunks are no files. */
function filesOf(entry: LoggedEntry): string[] {
  return entry.files ?? []
}

function trend(entries: readonly LoggedEntry[], days: number, now: number): Stats['days'] {
  const dates = Array.from({ length: days }, (_, back) => dateOf(now - (days - 1 - back) * DAY_MS))
  return dates.map(date => {
    const ofDay = entries.filter(entry => entry.timestamp.startsWith(date))
    return { date, passed: ofDay.filter(isPass).length, total: ofDay.length }
  })
}

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** Most frequent first; equal ones in alphabetical order. */
function counted(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
