import { cutMiddle } from '#shared/base/cut'
import { EXIT } from '#shared/protocol/exit-codes'
import type { VerifyOutcome } from '#shared/protocol/run-result'
import type { Sandbox } from '#shared/sandbox/sandbox'

/** Runs the command that says whether a turn's work holds, in the sandbox. @param root absolute */
export async function runVerifyCommand(
  command: string,
  root: string,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<VerifyOutcome> {
  const ended = await sandbox.run({ command, cwd: root, timeoutMs: TIMEOUT_S * 1000, signal })
  if (!ended.ok) return { command, passed: false, exit_code: EXIT.refused, output: ended.error.message }
  const { exitCode, stdout, stderr, timedOut } = ended.value
  const note = timedOut ? `\n(timed out after ${TIMEOUT_S} s)` : ''
  const output = cutMiddle(`${stdout}${stderr}${note}`, MAX_OUTPUT_CHARS)
  return { command, passed: exitCode === 0 && !timedOut, exit_code: exitCode, output }
}

/** Source: spec/kode.md §9.3 gives tests 120 s; a whole check of a project may take longer. */
const TIMEOUT_S = 600
const MAX_OUTPUT_CHARS = 20_000
