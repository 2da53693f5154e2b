import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seccompProgram } from './seccomp'

/** What a session keeps on the disk while it runs: its /tmp and its filters. Nobody else can look in. */
export class SessionFolder {
  readonly #path: string
  readonly #removeAtExit = () => this.remove()
  #emptyFd: number | undefined

  constructor() {
    this.#path = mkdtempSync(join(tmpdir(), 'kode-'))
    mkdirSync(this.temporary)
    process.once('exit', this.#removeAtExit)
  }

  /** Commands find it as /tmp. */
  get temporary(): string {
    return `${this.#path}/tmp`
  }

  /** A browser finds it as /tmp: nothing that a command prepared is in it. */
  get browserTemporary(): string {
    const path = `${this.#path}/browser-tmp`
    mkdirSync(path, { recursive: true })
    return path
  }

  #filterFile(forBrowser: boolean): string {
    const path = `${this.#path}/${forBrowser ? 'browser-filter' : 'filter'}`
    const { arch } = process
    if (!existsSync(path) && (arch === 'x64' || arch === 'arm64')) writeFileSync(path, seccompProgram(arch, forBrowser))
    return path
  }

  /**
   * File descriptors for one command: the filter as 3, then emptiness over every descriptor that we inherited ourselves
   * and would pass on without wanting to.
   */
  openDescriptors(forBrowser = false): { fds: number[]; close(): void } {
    if (process.platform !== 'linux') return { fds: [], close: () => {} }
    // Opened each time: bubblewrap reads it to its end, and copies of a descriptor share their position.
    const filter = openSync(this.#filterFile(forBrowser), 'r')
    this.#emptyFd ??= openSync('/dev/null', 'r+')
    const fds = [filter, ...inheritedDescriptors().map(() => this.#emptyFd!)]
    return { fds, close: () => closeSync(filter) }
  }

  remove(): void {
    process.removeListener('exit', this.#removeAtExit)
    if (this.#emptyFd !== undefined) closeSync(this.#emptyFd)
    this.#emptyFd = undefined
    if (existsSync(this.#path)) rmSync(this.#path, { recursive: true, force: true })
  }
}

let knownInherited: number[] | undefined

/** Numbers from 4 up to the highest descriptor that a child of ours would inherit; Node closes its own on exec. */
function inheritedDescriptors(): number[] {
  if (knownInherited) return knownInherited
  const leaking = readdirSync('/proc/self/fd')
    .map(Number)
    .filter(fd => fd > 2 && !closesOnExec(fd))
  const highest = Math.max(3, ...leaking)
  knownInherited = Array.from({ length: highest - 3 }, (_, index) => index + 4)
  return knownInherited
}

const O_CLOEXEC = 0o2000000

function closesOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0
  } catch {
    return true // closed meanwhile: the listing's own
  }
}
