import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Limits } from './limits'

/** Root is exempt from the limit on processes; only a control group holds it. Elsewhere the limit itself does. */
export class ControlGroup {
  /** A process joins by writing 0 there. */
  readonly joinFile: string
  readonly #folder: string

  readonly #removeAtExit = () => removeIfThere(this.#folder)

  private constructor(folder: string) {
    this.#folder = folder
    process.once('exit', this.#removeAtExit)
    // Version 1 moves a single thread at once; moving a process waits up to 20 ms for all others of the machine.
    const tasks = join(folder, 'tasks')
    this.joinFile = existsSync(tasks) ? tasks : join(folder, 'cgroup.procs')
  }

  /** Undefined where none can be made: without root, or where the machine does not delegate them. */
  static create(limits: Limits): ControlGroup | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
    for (const parent of processControllers()) {
      // Several sandboxes of one process may begin in the same moment.
      const folder = join(parent, `kode-${process.pid}-${randomUUID()}`)
      try {
        mkdirSync(folder)
        writeFileSync(join(folder, 'pids.max'), `${limits.processes}`)
        return new ControlGroup(folder)
      } catch {
        removeIfThere(folder)
      }
    }
    return undefined
  }

  close(): void {
    process.removeListener('exit', this.#removeAtExit)
    removeIfThere(this.#folder)
  }
}

/** Where the controller for processes is mounted, with our own place in it: version 1, then version 2. */
function processControllers(): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const own = new Map(
    readFileSync('/proc/self/cgroup', 'utf8')
      .split('\n')
      .map(line => [line.split(':')[1], line.split(':')[2]]),
  )
  return mounts.flatMap(line => {
    const [before = '', after = ''] = line.split(' - ')
    const mountPoint = before.split(' ')[4]
    if (mountPoint === undefined) return []
    if (after.startsWith('cgroup ') && /[ ,]pids(,|$)/.test(after)) return [join(mountPoint, own.get('pids') ?? '/')]
    if (after.startsWith('cgroup2 ')) return [join(mountPoint, own.get('') ?? '/'), mountPoint]
    return []
  })
}

/** A group that still has a dying process cannot be removed; it is empty and costs nothing. */
function removeIfThere(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    return
  }
}
