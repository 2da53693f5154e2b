import { join } from 'node:path'
import type { FileSystem } from '#shared/host/host'
import type { PageProgress } from './visit'

const FOLDER = '.kode/artifacts'

/** Of one look at a page; what was not seen is absent. */
interface Evidence {
  steps: readonly PageProgress[]
  /** What the server printed last. */
  told: string
  url?: string | undefined
  screenshot?: Uint8Array | undefined
}

/**
 * Leaves what was seen where people look for it: a picture of the page and what was done. The folder ignores itself in git.
 *
 * @returns where it is, or why it is not there; one line
 */
export async function writeEvidence(
  root: string,
  { steps, told, url, screenshot }: Evidence,
  files: FileSystem,
): Promise<string[]> {
  const folder = join(root, FOLDER)
  // A project could bring a link that leads elsewhere.
  const made = await files.makeFolder(folder)
  const place = await files.realpath(folder)
  if (!made.ok || !place.ok || place.value !== folder)
    return [`no evidence was kept: ${FOLDER} is no folder of its own`]
  const texts = { '.gitignore': '*\n', 'walkthrough.md': walkthrough({ steps, told, url, screenshot }) }
  await files.remove(join(folder, 'screenshot.png'))
  const all: Record<string, Uint8Array> = { ...(screenshot && { 'screenshot.png': screenshot }) }
  for (const [name, text] of Object.entries(texts)) all[name] = new TextEncoder().encode(text)
  for (const [name, bytes] of Object.entries(all)) {
    await files.remove(join(folder, name))
    const written = await files.replace(join(folder, name), bytes)
    if (!written.ok) return [`no evidence was kept: ${written.error.message}`]
  }
  return [`see ${FOLDER}/walkthrough.md`]
}

function walkthrough({ steps, told, url, screenshot }: Evidence): string {
  const done = steps.filter(each => each.status !== 'RUNNING')
  return [
    '# Walkthrough',
    '',
    ...(url === undefined ? [] : [`Page: <${url}>`, '']),
    ...done.map(({ status, step, message }) =>
      `- **${status}** ${code(step)} ${message === '' ? '' : code(message)}`.trimEnd(),
    ),
    ...(screenshot ? ['', '![The page at the end](screenshot.png)'] : []),
    ...(told === '' ? [] : ['', '## What the server printed last', '', ...told.split('\n').map(line => `    ${line}`)]),
    '',
  ].join('\n')
}

/** As it is, whatever it holds. */
function code(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``
}
