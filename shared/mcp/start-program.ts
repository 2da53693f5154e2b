import type { Result } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import { type Conversation, startConversation } from '#shared/sandbox/conversation'
import { commandEnvironment } from '#shared/sandbox/environment'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { ProgramTarget } from './server-config'

/** Where servers run. */
export interface ProgramPlace {
  /** Absolute. */
  root: string
  env: Readonly<Record<string, string | undefined>>
  sandbox: Sandbox
}

/** Starts a program, or says in one line why it did not start. */
export type StartProgram = () => Promise<Result<Conversation, { message: string }>>

/** Starts a server with the environment of a command of the model, and what its configuration adds. */
export function startProgram(target: ProgramTarget, place: ProgramPlace): ReturnType<StartProgram> {
  const line = [target.command, ...target.args].map(shellWord).join(' ')
  const cwd = target.cwd ?? place.root
  if (target.isSandboxed) return place.sandbox.converse({ command: `exec ${line}`, cwd, env: target.env })
  return startConversation({
    program: target.command,
    args: target.args,
    cwd,
    env: { ...commandEnvironment(line, place.env), ...target.env },
  })
}
