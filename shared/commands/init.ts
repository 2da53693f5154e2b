import { join } from 'node:path'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, CommandFailure } from './command'

const FILE = '.kode/kode.json'
/** Made by kode and of no use to others. */
const IGNORED = ['logs/kode.log*', '.kode/artifacts/']

/** Writes the project's settings. */
export const initCommand: Command = {
  name: 'init',
  summary: 'writes .kode/kode.json with what it finds; changes nothing that is there',
  usage: '[--gitignore]',
  doors: ['cli', 'chat'],
  options: { gitignore: { type: 'boolean', help: "also add kode's own files to .gitignore" } },
  async run({ root, files }, args) {
    const path = join(root, FILE)
    const inside = files.confinedTo(root)
    const notes: string[] = []
    if ((await files.stat(path)).ok) {
      notes.push(`${FILE} is there already; it stays as it is.`)
    } else {
      const testCommand = await detectTestCommand(root, files)
      const engine = { ...(testCommand && { test_command: testCommand }), max_rounds: 3, token_budget_usd: 1.5 }
      const config = { version: '1', instructions: ['AGENTS.md'], engine }
      const written = await inside.replace(path, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`))
      if (!written.ok) throw new CommandFailure(`${FILE}: ${written.error.message}`, EXIT.failed)
      notes.push(
        `${FILE} written.`,
        testCommand ? `Tests: ${testCommand}` : 'No test command was found; set engine.test_command.',
      )
    }
    if (args.flags.gitignore) {
      const ignore = join(root, '.gitignore')
      const before = await inside.read(ignore)
      if (!before.ok && before.error.kind !== 'not-found')
        throw new CommandFailure(`.gitignore: ${before.error.message}`, EXIT.failed)
      const text = before.ok ? new TextDecoder().decode(before.value) : ''
      const missing = IGNORED.filter(line => !text.split(/\r?\n/).includes(line))
      if (missing.length > 0) {
        const separator = text === '' || text.endsWith('\n') ? '' : '\n'
        await inside.replace(ignore, new TextEncoder().encode(`${text}${separator}${missing.join('\n')}\n`))
        notes.push(`.gitignore: ${missing.join(', ')}`)
      }
    } else {
      notes.push(`Consider for .gitignore: ${IGNORED.join(', ')} (kode init --gitignore adds them).`)
    }
    return { exitCode: EXIT.done, json: { schema_version: 1, notes }, text: notes.join('\n') }
  },
}
