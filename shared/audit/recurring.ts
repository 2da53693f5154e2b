import type { LoggedEntry } from './read-log'

/** One time is chance. */
const MIN_RUNS = 2
const MAX_REASONS = 5
const MAX_REASON_CHARS = 240

/** What the gates refused here in several runs, as `gate: reason`, most often first: what the next patch had better not repeat. */
export function recurringFailures(entries: readonly LoggedEntry[]): string[] {
  const runs = new Map<string, number>()
  for (const reason of entries.flatMap(reasonsOf)) runs.set(reason, (runs.get(reason) ?? 0) + 1)
  return [...runs]
    .filter(([, count]) => count >= MIN_RUNS)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, MAX_REASONS)
    .map(([reason]) => reason)
}

/** Of one run, each once. */
function reasonsOf({ failures = {}, repaired = {} }: LoggedEntry): string[] {
  const reasons = [...Object.values(failures), ...Object.values(repaired)]
  return [...new Set(reasons.map(reason => reason.replaceAll(/\s+/g, ' ').slice(0, MAX_REASON_CHARS)))]
}
