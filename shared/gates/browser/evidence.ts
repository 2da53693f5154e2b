import { join } from 'node:path'
import type { FileSystem } from '#shared/host/host'
import type { Look } from './look'
import type { PageProgress } from './visit'

const FOLDER = '.kode/artifacts'

/**
 * Leaves what was seen where people look for it: a picture of the page and what was done. The folder ignores itself in git.
 *
 * @returns where it is, or why it is not there; one line
 */
export async function writeEvidence(
  root: string,
  steps: readonly PageProgress[],
  look: Exclude<Look, { kind: 'unserved' }>,
  files: FileSystem,
): Promise<string[]> {
  const folder = join(root, FOLDER)
  // A project could bring a link that leads elsewhere.
  const inside = files.confinedTo(root)
  const made = await inside.makeFolder(folder)
  if (!made.ok) return [`no evidence was kept: ${FOLDER} is no folder of its own`]
  const screenshot = look.kind === 'seen' ? look.visit.screenshot : undefined
  const all: Record<string, Uint8Array | undefined> = {
    '.gitignore': bytesOf('*\n'),
    'walkthrough.md': bytesOf(walkthrough(steps, look)),
    'screenshot.png': screenshot,
  }
  for (const [name, bytes] of Object.entries(all)) {
    await inside.remove(join(folder, name))
    const written = bytes && (await inside.replace(join(folder, name), bytes))
    if (written && !written.ok) return [`no evidence was kept: ${written.error.message}`]
  }
  return [`see ${FOLDER}/walkthrough.md`]
}

function walkthrough(steps: readonly PageProgress[], look: Exclude<Look, { kind: 'unserved' }>): string {
  const visit = look.kind === 'seen' ? look.visit : undefined
  const done = steps.filter(each => each.status !== 'RUNNING')
  const printed = look.told === '' ? [] : look.told.split('\n').map(line => `    ${line}`)
  return [
    '# Walkthrough',
    '',
    ...(visit ? [`Page: <${visit.url}>`, ''] : []),
    ...done.map(({ status, step, message }) => `- **${status}** ${code(step)} ${code(message)}`),
    ...(visit?.screenshot ? ['', '![The page at the end](screenshot.png)'] : []),
    ...(printed.length > 0 ? ['', '## What the server printed last', '', ...printed] : []),
    '',
  ].join('\n')
}

/** As it is, whatever it holds. */
function code(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
