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
