import * as v from 'valibot'
import { effectOfFiles } from '#shared/trust/effects'
import { wholeFileChange } from './support/file-change'
import { defineTool } from './tool'

const input = v.object({
  file_path: v.pipe(v.string(), v.minLength(1)),
  content: v.string(),
  overwrite: v.optional(v.pipe(v.boolean(), v.description('Needed to replace an existing file')), false),
})

/** A whole file, new or replaced. */
export const writeTool = defineTool({
  name: 'Write',
  aliases: ['write_file', 'create_file'],
  description: 'Writes a whole file. For a part of an existing file use Edit.',
  input,
  isReadOnly: false,
  async prepare(request, context) {
    const change = await wholeFileChange(request.file_path, request.content, request.overwrite, context)
    if (!change.ok) return { kind: 'refused', text: `Error: ${change.error}` }
    const { changes, path, absolute, isNew } = change.value
    const bytes = Buffer.byteLength(request.content)
    return {
      kind: 'change',
      title: path,
      changes,
      effect: effectOfFiles('write', [absolute], context.scope),
      done: () => ({ text: `${isNew ? 'Created' : 'Replaced'} ${path} (${bytes} bytes).` }),
    }
  },
})
