import * as v from 'valibot'
import { cutMiddle, RESULT_LIMIT_CHARS } from '#shared/base/cut'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const DEFAULT_TIMEOUT_S = 60
const MAX_TIMEOUT_S = 300

const input = v.object({
  command: v.pipe(v.string(), v.minLength(1)),
  timeout: v.optional(
    v.pipe(v.number(), v.minValue(1), v.description(`Seconds, at most ${MAX_TIMEOUT_S}`)),
    DEFAULT_TIMEOUT_S,
  ),
})
type Input = v.InferOutput<typeof input>

/** A command line, in the sandbox. */
export const bashTool = defineTool({
  name: 'Bash',
  aliases: ['shell', 'run_command', 'run_shell_command'],
  description:
    'Runs a shell command in the project, in a sandbox without network. Change files with Write and Edit, not with the shell.',
  input,
  isReadOnly: false,
  async prepare(request, context) {
    if (request.command.trim() === '') return { kind: 'refused', text: 'Error: the command is empty.' }
    const effect = await context.classify(request.command)
    return {
      kind: 'action',
      title: request.command,
      effect,
      run: (signal, onOutput) => runCommand(request, context, signal, onOutput),
    }
  },
})

async function runCommand(
  request: Input,
  context: ToolContext,
  signal: AbortSignal,
  onOutput: (text: string) => void,
): Promise<ToolOutput> {
  const timeoutMs = Math.min(request.timeout, MAX_TIMEOUT_S) * 1000
  const decoder = new TextDecoder()
  const ended = await context.sandbox.run({
    command: request.command,
    cwd: context.root,
    timeoutMs,
    onOutput: piece => onOutput(decoder.decode(piece, { stream: true })),
    signal,
  })
  if (!ended.ok) return { isError: true, text: `Error: ${ended.error.message}` }

  const { exitCode, stdout, stderr, timedOut, cancelled, omittedBytes, violations } = ended.value
  const status = timedOut
    ? `Timed out after ${timeoutMs / 1000} s; everything it started was ended.`
    : cancelled
      ? 'Cancelled.'
      : `Exit code ${exitCode}`
  const fullText = [
    status,
    section('stdout', stdout),
    section('stderr', stderr),
    omittedBytes > 0 ? `[${omittedBytes} bytes of output were not kept]` : '',
    ...violations,
  ]
    .filter(part => part !== '')
    .join('\n')
  const text = cutMiddle(fullText, RESULT_LIMIT_CHARS * context.contextFactor)
  return { text, isError: exitCode !== 0 || timedOut, ...(text !== fullText && { fullText }) }
}

function section(name: string, text: string): string {
  const body = text.trimEnd()
  return body === '' ? '' : `--- ${name} ---\n${body}`
}
