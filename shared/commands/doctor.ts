import { type OpenModel, openModel } from '#shared/agent/open-model'
import { openSmallModel } from '#shared/agent/small-model'
import { messageOf } from '#shared/base/message-of'
import { BROWSER_ADVICE, findBrowser } from '#shared/gates/browser/find-browser'
import { EXIT } from '#shared/protocol/exit-codes'
import { openSandbox } from '#shared/sandbox/open'
import type { Command, CommandContext } from './command'

interface Check {
  name: string
  status: 'ok' | 'warning' | 'error'
  message: string
  /** How to mend it. */
  advice?: string
}

/** Tells what works here and how to mend what does not. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'checks sandbox, provider, tools and settings, and says how to mend each',
  usage: '',
  doors: ['cli', 'chat'],
  options: {},
  needsModel: true,
  async run(context) {
    const checked = await Promise.all([
      checkSettings(context),
      checkSandbox(context),
      checkModels(context),
      checkProgram('ripgrep', 'rg', 'error', 'apt-get install ripgrep, or brew install ripgrep', context),
      checkProgram('git', 'git', 'warning', 'apt-get install git', context),
      checkBrowser(context),
      checkFolder(context),
    ])
    const checks = checked.flat()
    const lines = checks.map(
      check => `${MARKS[check.status]} ${check.name}: ${check.message}${check.advice ? `\n    ${check.advice}` : ''}`,
    )
    const isFine = checks.every(check => check.status !== 'error')
    return {
      exitCode: isFine ? EXIT.done : EXIT.failed,
      json: {
        schema_version: 1,
        version: context.version,
        node: process.versions.node,
        platform: `${process.platform} ${process.arch}`,
        checks,
      },
      text: [
        `kode ${context.version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
        ...lines,
      ].join('\n'),
    }
  },
}

const MARKS = { ok: '✓', warning: '!', error: '✗' } as const

async function checkSettings(context: CommandContext): Promise<Check> {
  try {
    await context.settings()
    return { name: 'settings', status: 'ok', message: 'readable' }
  } catch (error) {
    return { name: 'settings', status: 'error', message: messageOf(error) }
  }
}

async function checkSandbox(context: CommandContext): Promise<Check> {
  const opened = await openSandbox({ ...context, stateFolder: context.paths.config, useSandbox: true })
  if (!opened.ok) return { name: 'sandbox', status: 'error', message: opened.error.message }
  const { level, description } = opened.value
  await opened.value.close()
  if (level !== 'none') return { name: 'sandbox', status: 'ok', message: description }
  return {
    name: 'sandbox',
    status: 'error',
    message: description,
    advice: 'Until then only --mode safe and --mode plan can be used.',
  }
}

async function checkModels(context: CommandContext): Promise<Check[]> {
  const settings = await context.settings().catch(() => undefined)
  if (!settings) return [{ name: 'model', status: 'warning', message: 'not checked: the settings are broken' }]
  const model = openModel(settings, context.env)
  if (!model.ok) return [{ name: 'model', status: 'error', message: model.error, ...(await localAdvice(context)) }]
  const main = checkModel('model', model.value, 'error', context.signal)
  const { model: small, note } = openSmallModel(settings, context.env, model.value)
  if (note) return [await main, { name: 'small model', status: 'warning', message: note }]
  // What it is asked for can be done without it.
  return small === model.value
    ? [await main]
    : [await main, await checkModel('small model', small, 'warning', context.signal)]
}

async function checkModel(
  name: string,
  { provider, model, providerName }: OpenModel,
  ifSilent: Check['status'],
  signal: AbortSignal,
): Promise<Check> {
  const { checkEndpoint } = await import('#shared/providers/check')
  const checked = await checkEndpoint(provider, model, signal)
  const who = `${providerName}/${model}`
  if ('failure' in checked) {
    const { message, advice } = checked.failure
    return { name, status: ifSilent, message: `${who}: ${message}`, ...(advice && { advice }) }
  }
  if (checked.check.hasModel === false) {
    const message = `${who}: the endpoint does not list this model`
    return { name, status: 'warning', message, advice: 'See: kode models' }
  }
  return { name, status: 'ok', message: `${who} answers after ${checked.check.durationMs} ms` }
}

/** A model server that runs here already needs no key. */
async function localAdvice({ env, signal }: CommandContext): Promise<{ advice?: string }> {
  const { findLocalServers } = await import('#shared/providers/local-servers')
  const [found] = await findLocalServers(env, signal)
  return found ? { advice: `${found.provider} runs on this machine: --provider ${found.provider}` } : {}
}

async function checkProgram(
  name: string,
  program: string,
  ifMissing: Check['status'],
  install: string,
  context: CommandContext,
): Promise<Check> {
  const ended = await context.processes.run({
    program,
    args: ['--version'],
    cwd: context.root,
    env: { PATH: context.env.PATH ?? '' },
    timeoutMs: 5_000,
  })
  if (ended.ok && ended.value.exitCode === 0)
    return { name, status: 'ok', message: ended.value.stdout.split('\n')[0] ?? '' }
  return { name, status: ifMissing, message: 'not installed', advice: install }
}

/** Of the gate `browser`; without that nobody needs one. */
async function checkBrowser({ root, paths, env, ...context }: CommandContext): Promise<Check> {
  const settings = await context.settings().catch(() => undefined)
  const isWanted = settings?.project.engine?.browser_verification === true
  const found = findBrowser(root, paths.home, env)
  if (found !== undefined) return { name: 'browser', status: 'ok', message: found }
  if (!isWanted) return { name: 'browser', status: 'ok', message: 'none; only the gate `browser` needs one' }
  return { name: 'browser', status: 'warning', message: 'none: the gate `browser` is skipped', advice: BROWSER_ADVICE }
}

async function checkFolder(context: CommandContext): Promise<Check> {
  const made = await context.files.makeFolder(context.paths.config)
  if (made.ok) return { name: 'state', status: 'ok', message: context.paths.config }
  return {
    name: 'state',
    status: 'warning',
    message: made.error.message,
    advice: 'Sessions and undo need it; --ephemeral does without.',
  }
}
