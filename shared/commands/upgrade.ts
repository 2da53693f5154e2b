import { EXIT } from '#shared/protocol/exit-codes'
import type { Command, CommandContext } from './command'

/** How kode came here, by the folder its program is in, and what brings a newer one. */
const INSTALLATIONS: readonly { how: string; place: RegExp; command: string }[] = [
  { how: 'with the VS Code extension', place: /\/\.(vscode|vscode-server|cursor)[^/]*\/extensions\//, command: '' },
  { how: 'by pnpm', place: /\/pnpm\/.*\/node_modules\//, command: 'pnpm add --global kode@latest' },
  { how: 'by bun', place: /\/\.bun\/install\/global\//, command: 'bun add --global kode@latest' },
  { how: 'by yarn', place: /\/yarn\/global\/node_modules\//, command: 'yarn global upgrade kode --latest' },
  { how: 'by npx, for one run', place: /\/_npx\//, command: 'npx kode@latest' },
  { how: 'by npm', place: /\/node_modules\//, command: 'npm install --global kode@latest' },
]

/** Says how kode was installed and what would bring a newer one; contacts nobody and changes nothing. */
export const upgradeCommand: Command = {
  name: 'upgrade',
  summary: 'says how kode was installed here and which command upgrades it',
  usage: '',
  doors: ['cli'],
  options: {},
  async run(context) {
    const named = process.argv[1] ?? ''
    const resolved = await context.files.realpath(named)
    const program = resolved.ok ? resolved.value : named
    const { how, command } = await installationOf(program, context)
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, version: context.version, program, installed: how, command: command || null },
      text: [
        `kode ${context.version}, installed ${how}: ${program}`,
        command ? `To upgrade: ${command}` : 'The editor upgrades it with its extensions.',
      ].join('\n'),
    }
  },
}

async function installationOf(program: string, { files }: CommandContext): Promise<{ how: string; command: string }> {
  const path = program.replaceAll('\\', '/')
  const known = INSTALLATIONS.find(each => each.place.test(path))
  if (known) return known
  const checkout = path.replace(/\/dist\/cli\/[^/]*$/, '')
  const isCheckout = (await files.stat(`${checkout}/.git`)).ok
  return isCheckout
    ? { how: 'from a clone', command: `git -C ${checkout} pull && npm --prefix ${checkout} run build` }
    : { how: 'by hand', command: 'npm install --global kode@latest' }
}
