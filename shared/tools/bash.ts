import * as v from 'valibot'
import { cutMiddle, RESULT_LIMIT_CHARS } from '#shared/base/cut'
import { SecretFilter } from '#shared/sandbox/redact-secrets'
import type { SandboxCommand } from '#shared/sandbox/sandbox'
import type { Effect } from '#shared/trust/effects'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const DEFAULT_TIMEOUT_S = 60
const MAX_TIMEOUT_S = 300

const input = v.object({
  command: v.pipe(v.string(), v.minLength(1)),
  timeout: v.optional(
    v.pipe(v.number(), v.minValue(1), v.description(`Seconds, at most ${MAX_TIMEOUT_S}`)),
    DEFAULT_TIMEOUT_S,
  ),
  outside_sandbox: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        'Only after the sandbox itself got in the way: asks the user to run this one command outside of it',
      ),
    ),
    false,
  ),
  background: v.optional(v.pipe(v.boolean(), v.description('Goes on beside you, such as a server')), false),
  pty: v.optional(
    v.pipe(v.boolean(), v.description('On a terminal, for programs that behave differently without one')),
    false,
  ),
})
type Input = v.InferOutput<typeof input>

/** A command line, in the sandbox. */
export const bashTool = defineTool({
  name: 'Bash',
  aliases: ['shell', 'run_command', 'run_shell_command'],
  description:
    'Runs a shell command in the project, in a sandbox that reaches package registries, code hosts and allowed hosts only. Change files with Write and Edit, not with the shell.',
  input,
  isReadOnly: false,
  async prepare(request, context) {
    if (request.command.trim() === '') return { kind: 'refused', text: 'Error: the command is empty.' }
    const effect = await context.classify(request.command)
    const isOutside = request.outside_sandbox && context.sandbox.level !== 'none'
    if (isOutside && request.background) {
      return { kind: 'refused', text: 'Error: what goes on in the background runs in the sandbox.' }
    }
    if (request.pty && request.background) {
      return { kind: 'refused', text: 'Error: what goes on in the background has no terminal. Leave out pty.' }
    }
    return {
      kind: 'action',
      title: request.command,
      effect: isOutside ? outsideTheWall(effect) : effect,
      run: (signal, onOutput, callId) =>
        request.background
          ? startCommand(request.command, context, callId)
          : runCommand(request, isOutside, context, signal, onOutput),
    }
  },
})

/** Nobody but a human allows this, and no rule remembers it: what cannot be known beforehand always asks. */
function outsideTheWall(effect: Effect): Effect {
  return { ...effect, class: 'destructive', isKnown: false, reason: `runs outside the sandbox and ${effect.reason}` }
}

async function startCommand(command: string, context: ToolContext, callId: string): Promise<ToolOutput> {
  const started = await context.session.tasks.startProcess(command, callId)
  if (!started.ok) return { isError: true, text: `Error: ${started.error}` }
  const { id } = started.value
  return {
    text: `Started as ${id}. ListBackgroundTasks shows its output, WaitTask waits for it, CancelTask ends it; it ends with the session.`,
  }
}

async function runCommand(
  request: Input,
  isOutside: boolean,
  context: ToolContext,
  signal: AbortSignal,
  onOutput: (text: string) => void,
): Promise<ToolOutput> {
  const timeoutMs = Math.min(request.timeout, MAX_TIMEOUT_S) * 1000
  const decoder = new TextDecoder()
  // Surfaces may write down what they show.
  const filter = new SecretFilter(context.env)
  const command: SandboxCommand = {
    command: request.command,
    cwd: context.root,
    timeoutMs,
    isOnTerminal: request.pty,
    onOutput: piece => onOutput(filter.take(decoder.decode(piece, { stream: true }))),
    signal,
  }
  const ended = await (isOutside ? context.sandbox.runOutside(command) : context.sandbox.run(command))
  onOutput(filter.end())
  if (!ended.ok) return { isError: true, text: `Error: ${ended.error.message}` }

  const { exitCode, stdout, stderr, timedOut, cancelled, omittedBytes, violations } = ended.value
  const status = timedOut
    ? `Timed out after ${timeoutMs / 1000} s; everything it started was ended.`
    : cancelled
      ? 'Cancelled.'
      : `Exit code ${exitCode}${lineCounts(stdout, stderr)}`
  const fullText = [
    status,
    section('stdout', stdout),
    section('stderr', stderr),
    omittedBytes > 0 ? `[${omittedBytes} bytes of output were not kept]` : '',
    section('held back by the sandbox', violations.join('\n')),
  ]
    .filter(part => part !== '')
    .join('\n')
  const cut = cutMiddle(fullText, Math.floor(RESULT_LIMIT_CHARS * context.contextFactor))
  const isError = exitCode !== 0 || timedOut
  const ran = { isError, ...(!timedOut && !cancelled && { exitCode }) }
  if (cut === fullText) return { ...ran, text: cut }
  return { ...ran, text: `${cut}\n[The whole output is kept; RecallContext finds it.]`, fullText }
}

function lineCounts(stdout: string, stderr: string): string {
  const counts = [
    ['stdout', linesIn(stdout)],
    ['stderr', linesIn(stderr)],
  ].flatMap(([name, count]) => (count === 0 ? [] : [`${name} ${count} lines`]))
  return counts.length === 0 ? '' : ` (${counts.join(', ')})`
}

function linesIn(text: string): number {
  const body = text.trimEnd()
  return body === '' ? 0 : body.split('\n').length
}

function section(name: string, text: string): string {
  const body = text.trimEnd()
  return body === '' ? '' : `--- ${name} ---\n${body}`
}
