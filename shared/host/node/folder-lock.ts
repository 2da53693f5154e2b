import { randomBytes } from 'node:crypto'
import { promises as fs, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError } from '#shared/host/host'
import { fileError } from './file-error'

/**
 * A lock that a kill -9 cannot leave behind: see FileSystem.lock.
 *
 * Whoever wants it puts a claim, a file named after his process, into the folder and then looks around. He has the lock
 * when no other living process has a claim there; otherwise he takes his back and tries again a little later. Of two
 * that come at once, at least one sees the other, so never do both hold it. A claim of a dead process may be removed by
 * anybody: its name belongs to nobody else, ever.
 */
export async function lockFolder(folder: string, maxWaitMs: number): Promise<Result<() => Promise<void>, FileError>> {
  const claim = join(folder, claimName())
  const endsAt = performance.now() + maxWaitMs
  try {
    await fs.mkdir(folder, { recursive: true })
    for (let tries = 1; ; tries++) {
      if ((await livingClaims(folder)).length === 0) {
        await fs.writeFile(claim, '', { flag: 'wx' })
        const others = (await livingClaims(folder)).filter(path => path !== claim)
        if (others.length === 0) return ok(() => fs.unlink(claim))
        await fs.unlink(claim)
      }
      if (performance.now() > endsAt) {
        return fail({ kind: 'busy', path: folder, message: 'another kode is writing in this project' })
      }
      await sleep(Math.random() * Math.min(tries, LONGEST_PAUSE_MS))
    }
  } catch (error) {
    return fail(fileError(folder, error))
  }
}

const LONGEST_PAUSE_MS = 20

/** Where process numbers mean something else we cannot ask; such a claim counts for this long. */
const FOREIGN_CLAIM_LIVES_MS = 60_000

async function livingClaims(folder: string): Promise<string[]> {
  const living: string[] = []
  for (const name of await fs.readdir(folder)) {
    const path = join(folder, name)
    if (await isAlive(path, name)) living.push(path)
    else await fs.rm(path, { force: true })
  }
  return living
}

/** Space of process numbers, number, start time (numbers are used again), and something of its own for each try. */
function claimName(): string {
  return [PROCESS_SPACE, process.pid, startTimeOf(process.pid), randomBytes(6).toString('hex')].join('_')
}

async function isAlive(path: string, name: string): Promise<boolean> {
  const [space, pid, startTime] = name.split('_')
  if (space !== PROCESS_SPACE) {
    const stat = await fs.stat(path).catch(() => undefined)
    return stat !== undefined && Date.now() - stat.mtimeMs < FOREIGN_CLAIM_LIVES_MS
  }
  return startTimeOf(Number(pid)) === startTime
}

const PROCESS_SPACE = Buffer.from(`${hostname()} ${pidNamespace()}`).toString('base64url').slice(-48)

function pidNamespace(): string {
  if (process.platform !== 'linux') return ''
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    fileError('/proc/self/ns/pid', error)
    return ''
  }
}

/** Tells two processes with the same number apart; `gone` when there is none. Without /proc only whether there is one. */
function startTimeOf(pid: number): string {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (fileError(String(pid), error).kind !== 'denied') return 'gone'
  }
  if (process.platform !== 'linux') return 'running'
  try {
    // The name in parentheses may hold blanks and parentheses; the start time is the 20th field after it.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'latin1').split(')').at(-1) ?? ''
    const fields = afterName.trim().split(' ')
    // Ended, but its parent has not asked how.
    const isZombie = fields[0] === 'Z' || fields[0] === 'X'
    return isZombie ? 'gone' : (fields[19] ?? 'running')
  } catch (error) {
    fileError(`/proc/${pid}/stat`, error)
    return 'running'
  }
}
