import { fail, ok, type Result } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import { findProgram } from './find-program'
import type { SandboxCommand, SandboxError } from './sandbox'

/** What a shell has to run for a command: the command itself, or a line that gives it a terminal. */
export function lineToRun(
  { command, cwd, isOnTerminal }: Pick<SandboxCommand, 'command' | 'cwd' | 'isOnTerminal'>,
  path: string | undefined,
): Result<string, SandboxError> {
  if (!isOnTerminal) return ok(command)
  const script = findProgram('script', path, cwd)
  if (script === undefined) return fail({ kind: 'unavailable', message: NO_SCRIPT })
  return ok(terminalLine(command, script, process.platform))
}

const NO_SCRIPT =
  'There is no terminal to run it on: the program `script` is missing (package util-linux or bsdutils). Run the command without pty, or ask the user to install it.'

/**
 * A line that runs a command on a terminal of its own and ends with its exit code; all it prints comes on stdout.
 *
 * @param script of util-linux, or on macOS that of BSD; absolute
 */
export function terminalLine(command: string, script: string, platform: NodeJS.Platform): string {
  const inside = shellWord(`${SET_UP}\n${command}`)
  // util-linux takes the user's own shell, which may be another kind.
  return platform === 'darwin'
    ? `TERM=dumb ${shellWord(script)} -q /dev/null /bin/sh -c ${inside}`
    : `TERM=dumb SHELL=/bin/sh ${shellWord(script)} -qec ${inside} /dev/null`
}

/** A new terminal has no size; lines shall end as they do elsewhere. */
const SET_UP = 'stty cols 80 rows 24 -onlcr 2>/dev/null'
