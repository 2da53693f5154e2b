import { join } from 'node:path'
import * as v from 'valibot'
import type { FileSystem } from '#shared/host/host'

/** What is there and not of its kind counts as missing: other programs write such logs too. */
function lenient<T>(schema: v.GenericSchema<unknown, T>) {
  return v.optional(v.fallback(v.optional(schema), undefined))
}

const reasons = v.record(v.string(), v.string())

/** What readers use of an `AuditEntry`. */
const entrySchema = v.object({
  timestamp: v.string(),
  task_id: v.string(),
  status: v.picklist(['PASS', 'FAIL', 'ERROR']),
  rounds_used: v.number(),
  duration_ms: v.number(),
  files: lenient(v.array(v.string())),
  failures: lenient(reasons),
  repaired: lenient(reasons),
  model: lenient(v.string()),
  gate: lenient(v.string()),
  cost_usd: lenient(v.number()),
  winning_strategy: lenient(v.string()),
})

/** An entry as it was read. */
export type LoggedEntry = v.InferOutput<typeof entrySchema>

const MAX_LOG_BYTES = 200_000_000

/** Every entry of `kode.log` and its rotations, oldest first; blank and malformed lines are passed over. */
export async function readAuditLog(folder: string, files: FileSystem): Promise<LoggedEntry[] | undefined> {
  const names = ['kode.log.3', 'kode.log.2', 'kode.log.1', 'kode.log']
  const texts = await Promise.all(names.map(name => files.read(join(folder, name), MAX_LOG_BYTES)))
  if (texts.every(text => !text.ok)) return undefined
  return texts.flatMap(text => (text.ok ? parseLines(new TextDecoder().decode(text.value)) : []))
}

/** Enough for some thousand runs. */
const LATEST_BYTES = 2_000_000

/** Older entries say little about how models write today. */
const DAYS = 30
const DAY_MS = 86_400_000

/**
 * The entries of the last weeks, oldest first; reading them takes no longer however old the project is.
 *
 * @param folder of the log
 * @param now milliseconds since 1970
 */
export async function readLatestEntries(folder: string, files: FileSystem, now: number): Promise<LoggedEntry[]> {
  const since = new Date(now - DAYS * DAY_MS).toISOString()
  const path = join(folder, 'kode.log')
  const stat = await files.stat(path)
  if (!stat.ok) return []
  const end = await files.readRange(path, Math.max(0, stat.value.size - LATEST_BYTES), LATEST_BYTES)
  const entries = end.ok ? parseLines(new TextDecoder().decode(end.value)) : []
  return entries.filter(entry => entry.timestamp >= since)
}

function parseLines(text: string): LoggedEntry[] {
  return text.split('\n').flatMap(line => {
    if (line.trim() === '') return []
    try {
      const parsed = v.safeParse(entrySchema, JSON.parse(line))
      return parsed.success ? [parsed.output] : []
    } catch {
      // A line that a crash cut off says nothing.
      return []
    }
  })
}
