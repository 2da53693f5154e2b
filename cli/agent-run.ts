import { resolve } from 'node:path'
import type { Settings } from '#shared/config/settings'
import { createKode, createOutputCheck, type Kode, type SessionOptions } from '#shared/kode'
import type { KodeEvent } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'
import { RunRecord, type RunResult } from '#shared/protocol/run-result'
import { COUNT, filledFlag, listFlag, numberFlag, type ParsedArgs, textFlag, UsageError } from './args'
import { cliHost } from './cli-host'
import type { Interruption } from './interruption'
import type { LineControl } from './line-control'
import type { Output } from './output'
import { textRenderer } from './render/text'
import { prepareReports, writeReports } from './run-reports'
import { modelSettings } from './settings-flags'
import { readPipedContext, readStdin } from './stdin'
import { VERSION } from './version'

const FORMATS = ['text', 'json', 'stream-json'] as const
type Format = (typeof FORMATS)[number]

export interface AgentRun extends ParsedArgs {
  root: string
  output: Output
  interruption: Interruption
}

/** Headless agent turns: prompts in, answers on stdout, exit code by what really happened. */
export async function runAgent(run: AgentRun): Promise<number> {
  const format = outputFormat(run.flags)
  try {
    return await runPrompts(run, format)
  } catch (error) {
    const isForScripts = error instanceof UsageError && format !== 'text'
    if (isForScripts) failEarly(error.message, EXIT.usage, format, run.output)
    throw error
  }
}

async function runPrompts({ words, flags, root, output, interruption }: AgentRun, format: Format): Promise<number> {
  const lines = readsLines(flags, words, format)
    ? new (await import('./line-control')).LineControl(process.stdin)
    : undefined
  const verify = filledFlag(flags, 'verify')
  const prompt = lines ? undefined : await readPrompt(words, flags, output)
  if (!lines && prompt === undefined) {
    throw new UsageError('no prompt: give it as words, with -p, or on stdin')
  }
  const schema = await readOutputSchema(flags)
  const reports = prepareReports(flags, root)
  const host = cliHost()
  const answersOnStdin = flags['answer-on-stdin'] === true
  const opened = await createKode(lines && answersOnStdin ? lines.answering(host) : host, {
    root,
    settings: agentSettings(flags),
    env: process.env,
    version: VERSION,
    isInteractive: answersOnStdin,
    ...traffic(flags),
  })
  if (!opened.ok) return failEarly(opened.error.message, opened.error.exitCode, format, output)
  const kode = opened.value
  for (const warning of kode.warnings) output.note(`warning: ${warning}`)

  const session = await kode.openSession(sessionOptions(flags))
  if (!session.ok) return failEarly(session.error.message, session.error.exitCode, format, output)

  const render = rendererFor(format, output, schema !== undefined)
  session.value.subscribe(render)
  const turnIds: string[] = []
  session.value.subscribe(event => {
    if (event.type === 'turn_started') turnIds.push(event.turn_id)
  })
  render(kode.sessionEvent(session.value))
  const run = async (texts: readonly string[]) => {
    const result = await kode.run(session.value, {
      prompt: texts.map(text => ({ type: 'text', text })),
      ...(schema && { schema }),
      signal: interruption.signal,
      allowDenied: flags['allow-denied'] === true,
      requireChanges: flags['require-changes'] === true,
      ...(verify && { verify: { command: verify, attempts: numberFlag(flags, 'verify-attempts', COUNT) ?? 1 } }),
    })
    return interruption.exitCode === undefined ? result : { ...result, exit_code: interruption.exitCode }
  }
  /** What the run left running ends with the session; what that changed last is part of the result. */
  const finish = async (result: RunResult): Promise<RunResult> => {
    const record = new RunRecord(session.value.spent, result.changes)
    session.value.subscribe(event => record.see(event))
    await session.value.close()
    const patch = textFlag(flags, 'patch-file') === undefined ? '' : await patchText(kode, turnIds, output)
    await kode.close()
    const whole = { ...result, changes: record.changes }
    writeReports(whole, patch, reports)
    return whole
  }
  if (!lines) {
    const result = await finish(await run(prompt ?? []))
    printResult(result, format, output)
    return result.exit_code
  }
  lines.steer(session.value)
  try {
    const last = await runLines(lines, run, result => printResult(result, format, output), interruption.signal)
    if (last) return (await finish(last)).exit_code
    throw new UsageError('no prompt came on stdin: send lines such as {"type":"user","text":"…"}')
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    await session.value.close()
    await kode.close()
    output.note(`error: ${error.message}`)
    return failEarly(error.message, EXIT.usage, format, output, session.value.id)
  }
}

async function patchText(kode: Kode, turnIds: readonly string[], output: Output): Promise<string> {
  const patch = await kode.changes.patchOf(turnIds)
  if (!patch.ok) throw new UsageError(`--patch-file: ${patch.error.message}`)
  for (const path of patch.value.leftOut) output.note(`warning: --patch-file leaves out ${path}, which is too large`)
  return patch.value.text
}

/**
 * One run for each prompt that comes, with its own result line, until stdin ends.
 *
 * @returns the first result that did not succeed, else the last; undefined when no prompt came
 */
async function runLines(
  lines: LineControl,
  run: (texts: readonly string[]) => Promise<RunResult>,
  print: (result: RunResult) => void,
  signal: AbortSignal,
): Promise<RunResult | undefined> {
  let decisive: RunResult | undefined
  while (true) {
    const text = await lines.nextPrompt(signal)
    if (text === undefined) return decisive
    const result = await run([text])
    print(result)
    if (decisive === undefined || decisive.success) decisive = result
  }
}

/** Whether stdin holds a conversation instead of a text. */
function readsLines(flags: ParsedArgs['flags'], words: readonly string[], format: Format): boolean {
  const name = textFlag(flags, 'input-format') ?? 'text'
  if (name !== 'text' && name !== 'stream-json') {
    throw new UsageError(`--input-format "${name}" is not one of text, stream-json`)
  }
  if (name === 'text') {
    if (flags['answer-on-stdin']) throw new UsageError('--answer-on-stdin needs --input-format stream-json')
    return false
  }
  if (format !== 'stream-json') throw new UsageError('--input-format stream-json needs --output-format stream-json')
  if (words.length > 0 || flags.prompt !== undefined) {
    throw new UsageError('with --input-format stream-json prompts come on stdin, not as words or with -p')
  }
  return true
}

/** Which session the flags name. */
export function sessionOptions(flags: ParsedArgs['flags']): SessionOptions {
  const resume = filledFlag(flags, 'resume') ?? filledFlag(flags, 'session')
  const id = filledFlag(flags, 'session-id')
  const isFork = flags.fork === true || (flags.ephemeral === true && goesOn(flags))
  if (id !== undefined && goesOn(flags) && !isFork) {
    throw new UsageError('--session-id names a new session: with --resume or --continue it needs --fork')
  }
  if (flags.fork && resume === undefined && !flags.continue) {
    throw new UsageError('--fork needs --resume or --continue')
  }
  return {
    ...(resume && { resume }),
    ...(id && { id }),
    continueLast: flags.continue === true,
    isFork,
    isEphemeral: flags.ephemeral === true,
  }
}

function goesOn(flags: ParsedArgs['flags']): boolean {
  return flags.continue === true || flags.resume !== undefined || flags.session !== undefined
}

function outputFormat(flags: ParsedArgs['flags']): Format {
  const name = textFlag(flags, 'output-format') ?? (flags.json ? 'json' : 'text')
  const format = FORMATS.find(each => each === name)
  if (!format) throw new UsageError(`--output-format "${name}" is not one of ${FORMATS.join(', ')}`)
  return format
}

function traffic(flags: ParsedArgs['flags']): { traffic?: { record: string } | { replay: string } } {
  const record = textFlag(flags, 'record')
  const replay = textFlag(flags, 'replay')
  if (record !== undefined && replay !== undefined) throw new UsageError('--record and --replay exclude each other')
  if (record !== undefined) return { traffic: { record: resolve(record) } }
  return replay === undefined ? {} : { traffic: { replay: resolve(replay) } }
}

async function readOutputSchema(flags: ParsedArgs['flags']) {
  const path = textFlag(flags, 'output-schema')
  if (path === undefined) return undefined
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`--output-schema ${path}: no such file`)
  })
  const check = await createOutputCheck(text, path)
  if (!check.ok) throw new UsageError(check.error)
  return check.value
}

/** Words, or `-p`, or stdin; a prompt and piped text together: the text is context. */
async function readPrompt(
  words: readonly string[],
  flags: ParsedArgs['flags'],
  output: Output,
): Promise<string[] | undefined> {
  const flag = textFlag(flags, 'prompt')
  if (flag !== undefined && words.length > 0) throw new UsageError('give the prompt as words or with -p, not both')
  if (flag === '-') return onlyPart((await readStdin()).trim())
  const given = nonBlank(flag ?? words.join(' '))
  if (given === undefined) return process.stdin.isTTY ? undefined : onlyPart((await readStdin()).trim())
  const piped = await readPipedContext(() => output.note('note: stdin stayed silent; going on without it'))
  return piped.trim() === '' ? [given] : [given, `<stdin>\n${piped}\n</stdin>`]
}

function onlyPart(text: string): string[] | undefined {
  return text === '' ? undefined : [text]
}

function nonBlank(text: string): string | undefined {
  return text.trim() === '' ? undefined : text
}

/** What the flags of the agent set. */
export function agentSettings(flags: ParsedArgs['flags']): Partial<Settings> {
  const settings = modelSettings(flags)
  const agent = textFlag(flags, 'agent')
  if (agent !== undefined) settings.agent = agent
  const numbers = {
    maxTurns: numberFlag(flags, 'max-turns', COUNT),
    maxCostUsd: numberFlag(flags, 'max-cost'),
    maxTotalTokens: numberFlag(flags, 'max-total-tokens', COUNT),
    timeoutS: numberFlag(flags, 'timeout'),
    idleTimeoutS: numberFlag(flags, 'idle-timeout'),
  }
  for (const [name, value] of Object.entries(numbers))
    if (value !== undefined) Object.assign(settings, { [name]: value })
  const allowed = listFlag(flags, 'allowed-tools')
  if (allowed) settings.allowedTools = allowed
  const disallowed = listFlag(flags, 'disallowed-tools')
  if (disallowed) settings.disallowedTools = disallowed
  const hosts = listFlag(flags, 'allow-net')
  if (hosts) settings.allowNet = hosts
  const logFolder = textFlag(flags, 'log-dir')
  if (logFolder !== undefined) settings.logFolder = logFolder
  if (flags.bare) settings.isBare = true
  // A session that goes on was on the disk before; then only its copy is not.
  if (flags.ephemeral && !goesOn(flags)) settings.isEphemeral = true
  if (flags['fail-fast']) settings.isFailFast = true
  return settings
}

/** With an output schema only the value that satisfies it is the result; what the model says on the way is told. */
function rendererFor(format: Format, output: Output, hasSchema: boolean): (event: KodeEvent) => void {
  if (format === 'text') return textRenderer(hasSchema ? { ...output, result: output.errors } : output)
  if (format === 'stream-json') return event => output.result(`${JSON.stringify(event)}\n`)
  return () => undefined
}

function printResult(result: RunResult, format: Format, output: Output): void {
  if (format !== 'text') {
    output.result(`${JSON.stringify(result)}\n`)
    return
  }
  if ('output' in result) output.result(`${JSON.stringify(result.output, undefined, 2)}\n`)
  if (result.error) output.note(`error: ${result.error}`)
}

/** Also a run that could not start leaves its one object on stdout. */
function failEarly(message: string, exitCode: number, format: Format, output: Output, sessionId = ''): number {
  if (format === 'text') {
    output.note(`error: ${message}`)
    return exitCode
  }
  const stop = exitCode === EXIT.provider ? 'provider_failed' : 'refused'
  const result: RunResult = {
    type: 'result',
    schema_version: 1,
    success: false,
    exit_code: exitCode,
    response: '',
    session_id: sessionId,
    model: '',
    stop_reason: stop,
    usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 },
    cost_usd: null,
    turns: 0,
    changes: [],
    denied: [],
    error: message,
  }
  output.result(`${JSON.stringify(result)}\n`)
  return exitCode
}
