import { fail } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import type { Processes } from '#shared/host/host'
import type { Sandbox } from './sandbox'

const TIMEOUT_MS = 30_000

/** Programs of kode's own that look at what commands are changing right now: they can do no more than those. */
export function processesInside(sandbox: Sandbox): Processes {
  return {
    async run({ program, args, cwd, timeoutMs = TIMEOUT_MS }) {
      const ended = await sandbox.run({ command: [program, ...args].map(shellWord).join(' '), cwd, timeoutMs })
      return ended.ok ? ended : fail({ kind: 'other', message: ended.error.message })
    },
  }
}
