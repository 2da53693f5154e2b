import { join } from 'node:path'
import * as v from 'valibot'
import { decodeText } from '#shared/edits/text-file'
import { effectOf, effectOfFiles } from '#shared/trust/effects'
import { wholeFileChange } from './support/file-change'
import { defineTool, type Prepared, type ToolContext } from './tool'

const PROJECT_MEMORY = 'MEMORY.md'
const MAX_MEMORY_BYTES = 1_000_000

const input = v.object({
  content: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')),
  scope: v.optional(v.picklist(['project', 'global']), 'project'),
})

/** Something to remember. */
export const memoryWriteTool = defineTool({
  name: 'MemoryWrite',
  aliases: ['memory_write'],
  description: 'Remembers a fact for later sessions, of this project or everywhere.',
  input,
  isReadOnly: false,
  async prepare({ content, scope }, context) {
    return scope === 'project' ? inProject(content, context) : everywhere(content, context)
  },
})

/** The project's memory is a file like any other: through the gates, and undone with the turn. */
async function inProject(content: string, context: ToolContext): Promise<Prepared> {
  const bytes = await context.files.read(join(context.root, PROJECT_MEMORY), MAX_MEMORY_BYTES)
  const before = bytes.ok ? decodeText(bytes.value)?.text : ''
  if (before === undefined) return { kind: 'refused', text: `Error: ${PROJECT_MEMORY} is no text file.` }
  if (!bytes.ok && bytes.error.kind !== 'not-found') return { kind: 'refused', text: `Error: ${bytes.error.message}` }
  const change = await wholeFileChange(PROJECT_MEMORY, withParagraph(before, content), true, context)
  if (!change.ok) return { kind: 'refused', text: `Error: ${change.error}` }
  return {
    kind: 'change',
    title: PROJECT_MEMORY,
    changes: change.value.changes,
    effect: effectOfFiles('write', [change.value.absolute], context.scope),
    done: () => ({ text: `Remembered in ${PROJECT_MEMORY}.` }),
  }
}

async function everywhere(content: string, context: ToolContext): Promise<Prepared> {
  return {
    kind: 'action',
    title: context.userMemory,
    effect: effectOf('local_mutation', 'remembers something for all projects'),
    async run() {
      const bytes = await context.files.read(context.userMemory, MAX_MEMORY_BYTES)
      const before = bytes.ok ? (decodeText(bytes.value)?.text ?? '') : ''
      const added = withParagraph(before, content).slice(before.length)
      const written = await context.files.append(context.userMemory, new TextEncoder().encode(added), true)
      if (!written.ok) return { isError: true, text: `Error: ${written.error.message}` }
      return { text: `Remembered in ${context.userMemory}.` }
    },
  }
}

/** The text with one more paragraph at its end. */
function withParagraph(text: string, content: string): string {
  const gap = text === '' ? '' : text.endsWith('\n\n') ? '' : text.endsWith('\n') ? '\n' : '\n\n'
  return `${text}${gap}- ${content.replace(/\n/g, '\n  ')}\n`
}
