import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { newId } from '#shared/base/ids'
import { errorCode, ifThere, storeFailure } from './failure'
import { isObject, parseJson } from './json'

/** Who runs something. A process id alone says little: they are given out again, and each container has its own. */
export interface Owner {
  pid: number
  host: string
  /** Changes when the machine starts again; empty where the system does not tell. */
  boot: string
  /** The namespace the process id belongs to; empty where there is none. */
  pidSpace: string
  /** When the process started, as the system counts it; tells a process from a later one of the same id. */
  startedAt: string
}

/**
 * The right of one process to run a session. It is the file `<path>.<n>.owner` with the highest number; the next number is
 * taken with link(2), so exactly one of several takers wins. Free when there is none or its process has ended.
 */
export class Lease {
  readonly #file: string
  readonly #renewal: NodeJS.Timeout

  private constructor(file: string) {
    this.#file = file
    this.#renewal = setInterval(() => this.#renew(), RENEWED_EVERY_MS).unref()
  }

  /** Takes the lease, or tells who holds it. */
  static take(path: string): { kind: 'taken'; lease: Lease } | { kind: 'held'; by: Owner } {
    const made = `${path}.${newId()}.tmp`
    try {
      writeFileSync(made, JSON.stringify(thisProcess()), { flag: 'wx', mode: 0o600 })
      for (;;) {
        const holder = holderOf(path)
        if (holder) return { kind: 'held', by: holder }
        const numbers = numbersOf(path)
        const number = (numbers.at(-1) ?? 0) + 1
        if (!isLinked(made, leaseFile(path, number))) continue

        // Somebody may have taken another number, from an older look at the folder. Each links before it looks again,
        // so at least one of both sees the other, and steps back.
        const rival = numbersOf(path).find(each => each !== number && isAlive(leaseFile(path, each)))
        if (rival !== undefined) {
          const owner = readOwner(leaseFile(path, rival))
          rmSync(leaseFile(path, number), { force: true })
          if (owner) return { kind: 'held', by: owner }
          continue
        }
        for (const each of numbers) rmSync(leaseFile(path, each), { force: true })
        return { kind: 'taken', lease: new Lease(leaseFile(path, number)) }
      }
    } catch (thrown) {
      throw storeFailure(thrown, path)
    } finally {
      rmSync(made, { force: true })
    }
  }

  #renew(): void {
    const now = new Date()
    ifThere(() => utimesSync(this.#file, now, now))
  }

  release(): void {
    clearInterval(this.#renewal)
    rmSync(this.#file, { force: true })
  }

  /** Ends as a crash would: who finds it looks at what it was held for. */
  abandon(): void {
    clearInterval(this.#renewal)
    ifThere(() => truncateSync(this.#file))
  }
}

/** The living process that holds a lease, if there is one. */
export function holderOf(path: string): Owner | undefined {
  const file = numbersOf(path)
    .map(number => leaseFile(path, number))
    .findLast(isAlive)
  return file === undefined ? undefined : readOwner(file)
}

/** Removes what an ended process left of its lease. */
export function removeLeases(path: string): void {
  for (const number of numbersOf(path)) rmSync(leaseFile(path, number), { force: true })
}

/** The file names that a lease may have left in a folder. */
export const LEASE_NAME = /^(.+)\.(\d+)\.owner$/

const RENEWED_EVERY_MS = 20_000

/** An owner that this process cannot see counts as ended when it did not renew its lease for so long. */
const UNSEEN_FOR_MS = 120_000

function leaseFile(path: string, number: number): string {
  return `${path}.${number}.owner`
}

function numbersOf(path: string): number[] {
  const name = basename(path)
  return (ifThere(() => readdirSync(dirname(path))) ?? [])
    .flatMap(each => {
      const match = each.startsWith(name) && LEASE_NAME.exec(each)
      return match && match[1] === name ? [Number(match[2])] : []
    })
    .sort((a, b) => a - b)
}

function isLinked(existing: string, path: string): boolean {
  try {
    linkSync(existing, path)
    return true
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false
    throw thrown
  }
}

function readOwner(file: string): Owner | undefined {
  const text = ifThere(() => readFileSync(file, 'utf8'))
  return text === undefined ? undefined : ownerFrom(text)
}

function ownerFrom(text: string): Owner | undefined {
  // A power cut can leave the name without the contents; such a process is gone.
  const value = parseJson(text)
  if (!isObject(value) || typeof value.pid !== 'number') return undefined
  const textOf = (name: string) => {
    const field = value[name]
    return typeof field === 'string' ? field : ''
  }
  return {
    pid: value.pid,
    host: textOf('host'),
    boot: textOf('boot'),
    pidSpace: textOf('pidSpace'),
    startedAt: textOf('startedAt'),
  }
}

function isAlive(file: string): boolean {
  const owner = readOwner(file)
  if (!owner) return false
  const self = thisProcess()
  if (owner.host === self.host && owner.boot !== self.boot) return false
  if (owner.host !== self.host || owner.pidSpace !== self.pidSpace) {
    const stat = statSync(file, { throwIfNoEntry: false })
    return stat !== undefined && Date.now() - stat.mtimeMs < UNSEEN_FOR_MS
  }
  if (!isRunning(owner.pid)) return false
  const startedAt = startOf(owner.pid)
  // It runs, but the system does not say since when: better to respect it.
  return startedAt === '' || startedAt === owner.startedAt
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return errorCode(thrown) === 'EPERM'
  }
}

let self: Owner | undefined

function thisProcess(): Owner {
  self ??= {
    pid: process.pid,
    host: hostname(),
    boot: ifThere(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? '',
    pidSpace: ifThere(() => readlinkSync('/proc/self/ns/pid')) ?? '',
    startedAt: startOf(process.pid),
  }
  return self
}

/** From /proc, where there is one: the 22nd field, counted after the name, which may hold blanks and brackets itself. */
function startOf(pid: number): string {
  const line = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (line === undefined) return ''
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  // A zombie has ended, although its entry stays until its parent looks.
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
}
