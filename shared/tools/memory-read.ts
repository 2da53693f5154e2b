import { join } from 'node:path'
import * as v from 'valibot'
import { decodeText } from '#shared/edits/text-file'
import { effectOf } from '#shared/trust/effects'
import { defineTool, type ToolContext } from './tool'

/** What is remembered. */
export const memoryReadTool = defineTool({
  name: 'MemoryRead',
  aliases: ['memory_read'],
  description: 'Reads what earlier sessions were asked to remember.',
  input: v.object({}),
  isReadOnly: true,
  async prepare(_, context) {
    return {
      kind: 'action',
      title: '',
      effect: effectOf('read_only', 'reads memory'),
      async run() {
        const project = await read(join(context.root, 'MEMORY.md'), context)
        const user = await read(context.userMemory, context)
        const parts = [project && `# Project (MEMORY.md)\n${project}`, user && `# User\n${user}`].filter(
          part => part !== '',
        )
        return { text: parts.length > 0 ? parts.join('\n\n') : 'Nothing is remembered yet; MemoryWrite adds to it.' }
      },
    }
  },
})

async function read(path: string, context: ToolContext): Promise<string> {
  const bytes = await context.files.read(path, 1_000_000)
  return bytes.ok ? (decodeText(bytes.value)?.text.trim() ?? '') : ''
}
