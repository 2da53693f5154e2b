import { join } from 'node:path'
import { EXIT } from '#shared/protocol/exit-codes'
import { redactSecrets } from '#shared/sandbox/redact-secrets'
import { openStore, type Store } from '#shared/store/sessions'
import { type Command, type CommandContext, CommandFailure } from './command'
import { doctorCommand } from './doctor'

/** Variables told as they are. Source: spec/koda.md §17.3. */
const VERBATIM =
  /^(KODE_(?!.*(KEY|TOKEN|SECRET)).*|LC_.*|LANG|TERM|COLORTERM|SHELL|EDITOR|PAGER|VISUAL|TZ|TMPDIR|NO_COLOR|CI)$/
/** Variables of which only is told that they are set, and how long they are. */
const PRESENCE_ONLY = /(_API_KEY|_TOKEN|_SECRET|_ACCESS_KEY|_ACCESS_KEY_ID)$|^(HTTPS?|ALL|NO)_PROXY$/i

/** Of each log, from its end. */
const MAX_LOG_BYTES = 1_000_000

/** One file to hand to somebody who helps; it leaves the machine only when the user sends it. */
export const debugBundleCommand: Command = {
  name: 'debug-bundle',
  summary: 'packs session, logs and settings, secrets removed, into one zip file for whoever helps you',
  usage: '[session] [--dry-run]',
  doors: ['cli', 'chat'],
  options: { 'dry-run': { type: 'boolean', help: 'only list what would be in it' } },
  async run(context, args) {
    const members = { ...(await sessionMembers(context, args.words[0])), ...(await machineMembers(context)) }
    const clean = Object.fromEntries(
      Object.entries(members).map(([name, text]) => [name, redactSecrets(text, context.env)]),
    )
    const rows = Object.entries(clean).map(([name, text]) => `  ${name} (${Buffer.byteLength(text)} bytes)`)
    if (args.flags['dry-run']) {
      return {
        exitCode: EXIT.done,
        json: { schema_version: 1, members: Object.keys(clean) },
        text: ['Would pack:', ...rows].join('\n'),
      }
    }
    const stamp = new Date(context.now()).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
    const path = join(context.paths.config, 'debug-bundles', `kode-debug-${stamp}.zip`)
    const { strToU8, zipSync } = await import('fflate')
    const bytes = zipSync(Object.fromEntries(Object.entries(clean).map(([name, text]) => [name, strToU8(text)])))
    const written = await context.files.replace(path, bytes, 0o600)
    if (!written.ok) throw new CommandFailure(written.error.message, EXIT.failed)
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, path, members: Object.keys(clean) },
      text: [`Packed ${path}`, ...rows, `Logs are in ${context.paths.logs}. Look at it before you share it.`].join(
        '\n',
      ),
    }
  },
}

/** The conversation; the last one of the project unless another is named. */
async function sessionMembers(context: CommandContext, id: string | undefined): Promise<Record<string, string>> {
  const opened = openStore({ folder: context.paths.db, now: context.now })
  if (!opened.ok) return { 'session-error.txt': opened.error.message }
  const store = opened.value
  try {
    const wanted = id ?? store.lastSession(context.root)?.id
    if (wanted === undefined) return {}
    return {
      'conversation.md': await exported(store, wanted, 'markdown', context),
      'session.json': await exported(store, wanted, 'json', context),
    }
  } finally {
    await store.close()
  }
}

async function exported(
  store: Store,
  id: string,
  format: 'json' | 'markdown',
  context: CommandContext,
): Promise<string> {
  const bytes = await store.exportSession(id, format, context.root)
  if (!bytes.ok) throw new CommandFailure(bytes.error.message, EXIT.usage)
  return new TextDecoder().decode(bytes.value)
}

async function machineMembers(context: CommandContext): Promise<Record<string, string>> {
  const { json } = await doctorCommand.run(context, { words: [], flags: {} })
  return {
    'README.md': README,
    'metadata.json': JSON.stringify(
      { version: context.version, packed_at: new Date(context.now()).toISOString(), pid: process.pid },
      null,
      2,
    ),
    'doctor.json': JSON.stringify(json, null, 2),
    'env.txt': environmentText(context),
    ...(await logs(context)),
  }
}

function environmentText({ env, paths }: CommandContext): string {
  const rows = Object.entries(env).flatMap(([name, value = '']) => {
    if (name === 'PATH') return [`PATH=${value.replaceAll(paths.home, '~')}`]
    if (VERBATIM.test(name)) return [`${name}=${value}`]
    return PRESENCE_ONLY.test(name) ? [`${name}: set, ${Buffer.byteLength(value)} bytes`] : []
  })
  return `${rows.sort().join('\n')}\n`
}

async function logs({ files, paths }: CommandContext): Promise<Record<string, string>> {
  const listed = await files.list(paths.logs)
  const members: Record<string, string> = {}
  for (const { name, type } of listed.ok ? listed.value : []) {
    if (type !== 'file') continue
    const path = join(paths.logs, name)
    const stat = await files.stat(path)
    if (!stat.ok) continue
    const start = Math.max(0, stat.value.size - MAX_LOG_BYTES)
    const read = await files.readRange(path, start, MAX_LOG_BYTES)
    if (read.ok) members[`logs/${name}`] = new TextDecoder().decode(read.value)
  }
  return members
}

const README = `# A debug bundle of kode

- conversation.md and session.json: the conversation, for people and for programs
- doctor.json: what works on this machine
- env.txt: variables by an allow-list; of keys and tokens only whether they are set
- logs/: the logs and the record of crashes

Values of secret variables and everything with the shape of a well-known secret were replaced before packing. Files that
the conversation quotes are in it: look before you share it.
`
