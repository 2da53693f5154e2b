import { readdirSync, readFileSync } from 'node:fs'

/** Command lines of the processes that live and have this in their arguments or their environment. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const isMeant = command.includes(text) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text)
        return isMeant && command !== '' ? [command] : []
      } catch {
        // It ended meanwhile.
        return []
      }
    })
}

/** What a process started, and what that started; by number. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap(child => [child, ...descendantsOf(child)])
}

/** The command line of a process; empty when it has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

function childrenOf(pid: number): number[] {
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map(task => `/proc/${pid}/task/${task}/children`)
    return lists.flatMap(list => readFileSync(list, 'utf8').split(' ').filter(Boolean).map(Number))
  } catch {
    // It ended meanwhile.
    return []
  }
}
