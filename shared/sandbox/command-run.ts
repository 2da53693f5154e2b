import type { Result } from '#shared/base/result'
import { withoutOverwritten } from '#shared/base/text'
import type { ProcessEnd } from '#shared/host/host'
import { OutputBuffer } from '#shared/host/node/output-buffer'
import { redactSecrets } from './redact-secrets'
import type { BackgroundCommand, BackgroundRequest, SandboxCommand, SandboxEnd, SandboxError } from './sandbox'
import { TerminalFilter, withoutControlSequences } from './terminal-filter'

type Stream = 'stdout' | 'stderr'
type OnOutput = (piece: Uint8Array, stream: Stream) => void

/** Longest command line: the kernel takes no longer argument (MAX_ARG_STRLEN, with its final NUL). */
const MAX_COMMAND_BYTES = 128 * 1024 - 1

/** Kept of what a background command prints. */
const BACKGROUND_LOG_BYTES = 1024 * 1024

/** Why a command line cannot be handed to a shell; undefined when it can. */
export function whyNotRunnable(command: string): SandboxError | undefined {
  if (command.includes('\0'))
    return { kind: 'refused', message: 'The command contains a NUL byte; no shell can run it.' }
  if (Buffer.byteLength(command) > MAX_COMMAND_BYTES) {
    return {
      kind: 'refused',
      message: `The command is longer than ${MAX_COMMAND_BYTES} bytes. Write it to a script file, then run that.`,
    }
  }
  return undefined
}

/** Hands pieces on without control sequences. */
export function cleaned(onOutput: OnOutput): OnOutput {
  const filters = { stdout: new TerminalFilter(), stderr: new TerminalFilter() }
  return (piece, stream) => {
    const clean = filters[stream].clean(piece)
    if (clean.length > 0) onOutput(clean, stream)
  }
}

/** What a command printed, without control sequences and secrets. */
export function readable(
  { stdout, stderr }: ProcessEnd,
  { isOnTerminal }: Pick<SandboxCommand, 'isOnTerminal'>,
  env: Readonly<Record<string, string | undefined>>,
): { stdout: string; stderr: string } {
  const printed = withoutControlSequences(stdout)
  return {
    stdout: redactSecrets(isOnTerminal ? withoutOverwritten(printed) : printed, env),
    stderr: redactSecrets(withoutControlSequences(stderr), env),
  }
}

type RunInBackground = (
  signal: AbortSignal,
  onStart: (pid: number) => void,
  onOutput: OnOutput,
) => Promise<Result<SandboxEnd, SandboxError>>

/** Starts a command that goes on by itself; resolves once it runs, or could not be started. */
export async function startInBackground(
  request: BackgroundRequest,
  env: Readonly<Record<string, string | undefined>>,
  run: RunInBackground,
): Promise<Result<BackgroundCommand, SandboxError>> {
  const log = new OutputBuffer(BACKGROUND_LOG_BYTES)
  const stopping = new AbortController()
  let ended: Promise<Result<SandboxEnd, SandboxError>> | undefined
  const pid = await new Promise<number | undefined>(resolve => {
    ended = run(stopping.signal, resolve, (piece, stream) => {
      log.push(piece)
      request.onOutput?.(piece, stream)
    })
    // Without a start there is only an end.
    ended.then(() => resolve(undefined))
  })
  if (pid === undefined) {
    const end = await ended!
    if (!end.ok) return end
    return { ok: false, error: { kind: 'cannot-build', message: 'The command did not start.' } }
  }
  const stop = async () => {
    stopping.abort()
    await ended
  }
  return { ok: true, value: { pid, output: () => redactSecrets(log.text(), env), ended: ended!, stop } }
}
