import { messageOf } from '#shared/base/message-of'
import { nodeUtil } from '#shared/host/node/builtins'

export interface OptionSpec {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  value?: string
  help: string
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

export interface ParsedArgs {
  words: string[]
  flags: Record<string, string | boolean | string[] | undefined>
}

/** Understood by every command. */
export const COMMON_OPTIONS = {
  'project-root': { type: 'string', value: 'DIR', help: 'the project; default: the current folder' },
  'project-dir': { type: 'string', value: 'DIR', help: 'same as --project-root' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies OptionSpecs

/** Choice of the model, understood by every command that needs one. */
export const MODEL_OPTIONS = {
  model: { type: 'string', value: 'NAME', help: 'model, as name or provider/name' },
  provider: { type: 'string', value: 'NAME', help: 'provider' },
  'base-url': { type: 'string', value: 'URL', help: "the provider's endpoint" },
  'max-tokens': { type: 'string', value: 'N', help: 'output tokens per reply' },
  temperature: { type: 'string', value: 'F', help: '0.0 to 2.0' },
  'thinking-budget': { type: 'string', value: 'N', help: 'tokens for thinking' },
  'reasoning-effort': { type: 'string', value: 'LEVEL', help: 'low, medium or high' },
} as const satisfies OptionSpecs

/** `kode [flags] [prompt…]` */
export const AGENT_OPTIONS = {
  prompt: { type: 'string', short: 'p', value: 'TEXT', help: 'the prompt; - reads it from stdin' },
  agent: { type: 'string', short: 'a', value: 'NAME', help: 'agent that does it, such as plan; see kode agents' },
  resume: { type: 'string', short: 's', value: 'ID', help: 'go on with a session, by id prefix' },
  session: { type: 'string', value: 'ID', help: 'same as --resume' },
  'session-id': { type: 'string', value: 'ID', help: 'id for the new session' },
  continue: { type: 'boolean', short: 'c', help: 'go on with the last session of this project' },
  fork: { type: 'boolean', help: 'with --resume or --continue: go on in a copy of the session' },
  ...MODEL_OPTIONS,
  mode: { type: 'string', value: 'MODE', help: 'plan, safe or auto' },
  'output-format': { type: 'string', value: 'FORMAT', help: 'text, json or stream-json' },
  'input-format': { type: 'string', value: 'FORMAT', help: 'text, or stream-json: a prompt per line of stdin' },
  'answer-on-stdin': {
    type: 'boolean',
    help: 'with --input-format stream-json: lines also answer approvals and questions',
  },
  'output-schema': { type: 'string', value: 'FILE', help: 'the reply must be JSON that satisfies this JSON schema' },
  'max-turns': { type: 'string', value: 'N', help: 'model requests at most' },
  'max-cost': { type: 'string', value: 'USD', help: 'stop at this cost' },
  'max-total-tokens': { type: 'string', value: 'N', help: 'stop at this many tokens' },
  timeout: { type: 'string', value: 'SECONDS', help: 'stop after this time' },
  'idle-timeout': { type: 'string', value: 'SECONDS', help: 'give up on a silent stream' },
  'allowed-tools': { type: 'string', value: 'A,B', help: 'only these tools' },
  'disallowed-tools': { type: 'string', value: 'A,B', help: 'all but these tools' },
  verify: { type: 'string', value: 'COMMAND', help: 'kode runs this after the turn; its result decides' },
  'verify-attempts': { type: 'string', value: 'N', help: 'gives a failed --verify back to the model; default 1 try' },
  'require-changes': { type: 'boolean', help: 'exit 1 when no file was changed' },
  'patch-file': { type: 'string', value: 'FILE', help: "write the run's changes there, as one diff" },
  'summary-file': {
    type: 'string',
    value: 'FILE',
    help: 'write a Markdown summary there; default: $GITHUB_STEP_SUMMARY',
  },
  record: { type: 'string', value: 'FILE', help: 'write what the model answers there' },
  replay: { type: 'string', value: 'FILE', help: 'answer from a recording instead of asking a model' },
  'log-dir': { type: 'string', value: 'DIR', help: 'where kode.log is; default: logs' },
  ephemeral: { type: 'boolean', help: 'leave nothing on the disk' },
  bare: { type: 'boolean', help: 'no saved keys, memory, instruction files or plugins of the user' },
  'fail-fast': { type: 'boolean', help: 'no retries; the first denied call or failed request ends the run' },
  'allow-net': { type: 'string', value: 'A,B', multiple: true, help: 'hosts that commands may reach' },
  'allow-denied': { type: 'boolean', help: 'exit 0 although a call was denied' },
  'no-sandbox': { type: 'boolean', help: 'for diagnosis: run commands unconfined (not in auto)' },
  version: { type: 'boolean', help: 'version and state of the sandbox' },
} as const satisfies OptionSpecs

/** Why a command line was not understood. */
export class UsageError extends Error {}

/** Parses words and flags; unknown flags, missing values and unexpected values are usage errors. */
export function parse(args: readonly string[], options: OptionSpecs): ParsedArgs {
  try {
    const config = Object.fromEntries(
      Object.entries(options).map(([name, { type, short, multiple }]) => [
        name,
        { type, ...(short && { short }), ...(multiple && { multiple }) },
      ]),
    )
    const { values, positionals } = nodeUtil().parseArgs({
      args: [...args],
      options: config,
      allowPositionals: true,
      strict: true,
    })
    return { words: positionals, flags: values as ParsedArgs['flags'] }
  } catch (error) {
    throw new UsageError(usageText(error))
  }
}

function usageText(error: unknown): string {
  const text = messageOf(error)
  // Node adds a hint about `--` that is about positionals, not about what was mistyped.
  return text.replace(/\. To specify a positional argument.*$/s, '')
}

/** What a number may be; by default anything above 0. */
interface NumberRange {
  least?: number
  most?: number
  isWhole?: boolean
}

/** A whole number from 1. */
export const COUNT: NumberRange = { least: 1, isWhole: true }

/** A port; 0 is any free one. */
export const PORT: NumberRange = { least: 0, most: 65_535, isWhole: true }

/** A number flag; undefined when it was not given. */
export function numberFlag(flags: ParsedArgs['flags'], name: string, range: NumberRange = {}): number | undefined {
  const text = flags[name]
  if (text === undefined) return undefined
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN
  const { least, most = Number.MAX_VALUE, isWhole } = range
  const isFine = (least === undefined ? value > 0 : value >= least) && value <= most
  if (isFine && (!isWhole || Number.isInteger(value))) return value
  const wanted = isWhole ? 'a whole number' : 'a number'
  const from = least === undefined ? ' above 0' : ` from ${least}${range.most === undefined ? '' : ` to ${most}`}`
  throw new UsageError(`--${name} wants ${wanted}${from}, not "${String(text)}"`)
}

/** A text flag; undefined when it was not given. */
export function textFlag(flags: ParsedArgs['flags'], name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** As `textFlag`; an empty text, mostly of a variable that a script forgot to set, is a usage error. */
export function filledFlag(flags: ParsedArgs['flags'], name: string): string | undefined {
  const value = textFlag(flags, name)
  if (value?.trim() === '') throw new UsageError(`--${name} is empty`)
  return value
}

/** A comma-separated list. */
export function listFlag(flags: ParsedArgs['flags'], name: string): string[] | undefined {
  const given = flags[name]
  const value = Array.isArray(given) ? given.join(',') : textFlag(flags, name)
  return value
    ?.split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
