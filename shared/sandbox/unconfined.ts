import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '#shared/host/host'
import type { Sandbox, SandboxCommand, SandboxEnd, SandboxError } from './sandbox'

/** No sandbox: says so, so that trust asks instead. Only the environment is cut down. */
export function unconfined(description: string, processes: Processes, env: Readonly<Record<string, string>>): Sandbox {
  return {
    level: 'none',
    description,
    async run(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
      const ended = await processes.run({
        program: 'sh',
        args: ['-c', command.command],
        cwd: command.cwd,
        env: { ...env },
        timeoutMs: command.timeoutMs,
        ...(command.onOutput && { onOutput: command.onOutput }),
        ...(command.signal && { signal: command.signal }),
      })
      if (!ended.ok) return fail({ kind: 'cannot-build', message: ended.error.message })
      return ok({ ...ended.value, violations: [] })
    },
    async close() {},
  }
}
