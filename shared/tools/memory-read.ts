import { join } from 'node:path'
import * as v from 'valibot'
import { MEMORY_FILES, readWithin } from '#shared/context/instructions'
import { decodeText } from '#shared/edits/text-file'
import { effectOf } from '#shared/trust/effects'
import { defineTool, type ToolContext } from './tool'

const MAX_BYTES = 1_000_000

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
          ...MEMORY_FILES.map(name => [`Project (${name})`, ofProject(name, context)] as const),
          ['User', ofUser(context)] as const,
        ]
        const texts = await Promise.all(named.map(async ([name, bytes]) => [name, textOf(await bytes)]))
        const parts = texts.filter(([, text]) => text !== '').map(([name, text]) => `# ${name}\n${text}`)
        return { text: parts.length > 0 ? parts.join('\n\n') : 'Nothing is remembered yet; MemoryWrite adds to it.' }
      },
    }
  },
})

function ofProject(name: string, { root, files }: ToolContext): Promise<Uint8Array | undefined> {
  return readWithin(root, join(root, name), files, MAX_BYTES)
}

async function ofUser({ userMemory, files }: ToolContext): Promise<Uint8Array | undefined> {
  const bytes = await files.read(userMemory, MAX_BYTES)
  return bytes.ok ? bytes.value : undefined
}

function textOf(bytes: Uint8Array | undefined): string {
  return (bytes && decodeText(bytes)?.text.trim()) ?? ''
}
