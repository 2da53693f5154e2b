import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../host'

type Level = Parameters<Log['write']>[0]

const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error']

/** Logs older than this go. Source: spec/koda.md §17.4. */
const KEPT_DAYS = 14
const DAY_MS = 86_400_000

/** Source: spec/koda.md §17.5. */
const LARGEST_CRASH_LOG = 5_000_000
const KEPT_CRASH_LOGS = 3

/**
 * A log of this process, `kode-<pid>.log`, made with its first line. A log that cannot be written is no reason to stop.
 *
 * @param level the least that is written, as `KODE_LOG` names it; anything else means `warning`
 */
export function logFile(folder: string, level: string | undefined): Log {
  const threshold = LEVELS.indexOf(LEVELS.find(each => each === level) ?? 'warning')
  let isStarted = false
  return {
    write(lineLevel, text) {
      if (LEVELS.indexOf(lineLevel) < threshold) return
      const line = `${new Date().toISOString()} ${lineLevel} ${text.replaceAll('\n', '\n  ')}\n`
      quietly(() => {
        if (!isStarted) prune(folder)
        isStarted = true
        appendFileSync(join(folder, `kode-${process.pid}.log`), line, { mode: 0o600 })
      })
    },
  }
}

/**
 * Appends what kode died of to `crash.log`; over 5 MB it is kept as `.1`, `.2`, `.3` and begun again.
 *
 * @returns the file, or undefined when it could not be written
 */
export function recordCrash(folder: string, version: string, error: unknown): string | undefined {
  const path = join(folder, 'crash.log')
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const record = `--- ${new Date().toISOString()} kode ${version} node ${process.versions.node} pid ${process.pid}\n${text}\n`
  return quietly(() => {
    mkdirSync(folder, { recursive: true })
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_CRASH_LOG) rotate(path)
    appendFileSync(path, record, { mode: 0o600 })
    return path
  })
}

function rotate(path: string): void {
  for (let number = KEPT_CRASH_LOGS; number >= 1; number--) {
    const older = number === 1 ? path : `${path}.${number - 1}`
    if (statSync(older, { throwIfNoEntry: false })) renameSync(older, `${path}.${number}`)
  }
}

function prune(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const oldest = Date.now() - KEPT_DAYS * DAY_MS
  for (const name of readdirSync(folder)) {
    if (!/^kode-\d+\.log$/.test(name)) continue
    if (statSync(join(folder, name)).mtimeMs < oldest) rmSync(join(folder, name), { force: true })
  }
}

/** A disk that is full or read-only costs the log, nothing else. */
function quietly<Value>(write: () => Value): Value | undefined {
  try {
    return write()
  } catch {
    // There is nowhere left to say so.
    return undefined
  }
}
