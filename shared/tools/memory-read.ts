import { join } from 'node:path'
import * as v from 'valibot'
import { decodeText } from '#shared/edits/text-file'
import { effectOf } from '#shared/trust/effects'
import { defineTool, type ToolContext } from './tool'

/** MemoryWrite adds to the last of them. */
const PROJECT_FILES = ['.kode/MEMORY.md', '.koda/MEMORY.md', 'MEMORY.md']

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
        const named = [
          ...PROJECT_FILES.map(name => [`Project (${name})`, join(context.root, name)] as const),
          ['User', context.userMemory] as const,
        ]
        const texts = await Promise.all(named.map(async ([name, path]) => [name, await read(path, context)]))
        const parts = texts.filter(([, text]) => text !== '').map(([name, text]) => `# ${name}\n${text}`)
        return { text: parts.length > 0 ? parts.join('\n\n') : 'Nothing is remembered yet; MemoryWrite adds to it.' }
      },
    }
  },
})

async function read(path: string, context: ToolContext): Promise<string> {
  const bytes = await context.files.read(path, 1_000_000)
  return bytes.ok ? (decodeText(bytes.value)?.text.trim() ?? '') : ''
}
