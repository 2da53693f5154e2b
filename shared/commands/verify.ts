import { resolve } from 'node:path'
import { architectureRules, openEngine } from '#shared/agent/open-engine'
import type { Summary } from '#shared/pipelines/summary'
import { diffSubject } from '#shared/pipelines/support/diff-subject'
import { gitSubject } from '#shared/pipelines/support/git-subject'
import { toGithub, toJunit, toSarif, toText } from '#shared/pipelines/support/report-formats'
import { readVerifyInput } from '#shared/pipelines/support/verify-input'
import { verifyPatch } from '#shared/pipelines/verify'
import { EXIT } from '#shared/protocol/exit-codes'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
} from './command'
import { auditOf } from './support/audit-entry'
import { PAGE_OPTIONS, pageWish } from './support/page-options'

const FORMATS = ['json', 'text', 'sarif', 'junit', 'github'] as const

/** The gates over a patch, without a model; writes nothing but the log, and what the gate `browser` saw. */
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'puts hunks, files, a diff or a range of commits through the gates; writes nothing',
  usage: '--input FILE | --diff FILE | --staged | --base REV',
  doors: ['cli'],
  options: {
    input: { type: 'string', value: 'FILE', help: 'hunks or whole files as JSON; - is stdin' },
    diff: { type: 'string', value: 'FILE', help: 'a unified diff; - is stdin' },
    staged: { type: 'boolean', help: 'what is staged in git' },
    base: { type: 'string', value: 'REV', help: 'everything changed since this commit' },
    all: { type: 'boolean', help: 'go on after the first gate that fails' },
    deep: {
      type: 'boolean',
      help: 'also ask the language’s own checkers (TypeScript, Go, Rust, Python); only new errors count',
    },
    ...PAGE_OPTIONS,
    format: { type: 'string', value: 'FORMAT', help: FORMATS.join(', ') },
    'block-architecture': { type: 'boolean', help: 'architecture violations fail' },
    'max-blast-radius': { type: 'string', value: 'N', help: 'files downstream that may be affected' },
    'log-dir': { type: 'string', value: 'DIR', help: 'where kode.log is; default: logs' },
    model: { type: 'string', value: 'NAME', help: 'recorded in the log only' },
  },
  isJsonByDefault: true,
  run: verify,
}

async function verify(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const format = formatOf(args)
  const subject = await readSubject(context, args)
  const settings = await context.settings()
  const logFolder = textFlag(args, 'log-dir')
  const engine = openEngine({
    root: context.root,
    files: context.files,
    paths: context.paths,
    project: settings.project,
    now: context.now,
    ...(args.flags.deep === true && { deep: true }),
    ...(await pageWish(args, settings.project, context)),
    ...(logFolder && { logFolder: resolve(context.root, logFolder) }),
  })
  const gates = {
    ...engine.gateSettings,
    runAll: args.flags.all === true,
    blockArchitecture:
      args.flags['block-architecture'] === true || subject.blockArchitecture || engine.gateSettings.blockArchitecture,
    architectureRules: [
      ...engine.gateSettings.architectureRules,
      ...subject.architectureRules.flatMap(architectureRules),
    ],
    ...blastRadius(args),
  }
  const summary = await verifyPatch(
    subject,
    {
      judge: (changes, problems, signal, only) =>
        engine.judge(changes, signal, problems, only ? { ...gates, only } : gates, subject.project),
      asked: [...(args.flags.deep === true ? DEEP : []), ...(gates.maxBlastRadius ? LIMIT : [])],
      now: context.now,
    },
    context.signal,
  )
  for (const line of subject.unjudged ?? []) context.printError(`warning: ${line}`)
  const model = textFlag(args, 'model')
  await engine.audit({ ...auditOf(summary, context.version, context.now(), subject.source), ...(model && { model }) })
  return {
    exitCode: summary.status === 'PASS' ? EXIT.done : EXIT.failed,
    ...rendered(summary, format, context.version),
  }
}

const DEEP = ['static_analysis'] as const
const LIMIT = ['blast_radius'] as const

async function readSubject(context: CommandContext, args: CommandArgs) {
  const given = ['input', 'diff', 'staged', 'base'].filter(name => args.flags[name] !== undefined)
  if (given.length !== 1)
    throw new CommandFailure('give one of --input FILE, --diff FILE, --staged, --base REV', EXIT.usage)
  const input = textFlag(args, 'input')
  if (input !== undefined) return readVerifyInput(await readText(input, context), input, context)
  const diff = textFlag(args, 'diff')
  if (diff !== undefined) return diffSubject(await readText(diff, context), diff, context)
  return gitSubject(textFlag(args, 'base'), context)
}

async function readText(path: string, context: CommandContext): Promise<string> {
  if (path === '-') return context.readInput()
  const bytes = await context.files.read(resolve(path))
  if (!bytes.ok)
    throw new CommandFailure(
      `${path}: ${bytes.error.kind === 'not-found' ? 'no such file' : bytes.error.message}`,
      EXIT.usage,
    )
  return new TextDecoder().decode(bytes.value)
}

function rendered(
  summary: Summary,
  format: (typeof FORMATS)[number],
  version: string,
): Omit<CommandResult, 'exitCode'> {
  switch (format) {
    case 'json':
      return { json: summary }
    case 'text':
      return { raw: `${toText(summary)}\n` }
    case 'sarif':
      return { raw: `${JSON.stringify(toSarif(summary, version), null, 2)}\n` }
    case 'junit':
      return { raw: toJunit(summary) }
    case 'github':
      return { raw: toGithub(summary) }
  }
}

function formatOf(args: CommandArgs): (typeof FORMATS)[number] {
  const name = textFlag(args, 'format') ?? 'json'
  const format = FORMATS.find(each => each === name)
  if (!format) throw new CommandFailure(`--format "${name}" is not one of ${FORMATS.join(', ')}`, EXIT.usage)
  return format
}

function blastRadius(args: CommandArgs): { maxBlastRadius?: number } {
  const text = textFlag(args, 'max-blast-radius')
  if (text === undefined) return {}
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 0) return { maxBlastRadius: limit }
  throw new CommandFailure(`--max-blast-radius wants a whole number, not "${text}"`, EXIT.usage)
}
