import * as v from 'valibot'
import { resolveInProject } from '#shared/edits/project-path'
import { proposeReplacements } from '#shared/edits/proposal'
import { effectOfFiles } from '#shared/trust/effects'
import { changeFrom, staleness } from './support/file-change'
import { defineTool } from './tool'

const input = v.object({
  file_path: v.pipe(v.string(), v.minLength(1)),
  replacements: v.pipe(
    v.array(
      v.object({
        old_str: v.pipe(v.string(), v.minLength(1), v.description('Exactly as in the file, and only there')),
        new_str: v.string(),
        replace_all: v.optional(v.boolean(), false),
      }),
    ),
    v.minLength(1),
  ),
})

/** Text replaced by text. */
export const editTool = defineTool({
  name: 'Edit',
  aliases: ['edit_file'],
  description: 'Replaces text in a file; several replacements are applied in order, all or none.',
  input,
  isReadOnly: false,
  async prepare({ file_path, replacements }, context) {
    const place = await resolveInProject(context.root, file_path, context.files)
    if (!place.ok) return { kind: 'refused', text: `Error: ${place.error.message}` }
    const { path, absolute } = place.value
    const stale = await staleness(absolute, path, context)
    if (stale) return { kind: 'refused', text: `Error: ${stale}` }

    const changes = await changeFrom(proposeReplacements(file_path, replacements), context)
    if (!changes.ok) return { kind: 'refused', text: `Error: ${changes.error}` }
    const notes = changes.value.files.flatMap(file => file.notes ?? [])
    return {
      kind: 'change',
      title: path,
      changes: changes.value,
      effect: effectOfFiles('write', [absolute], context.scope),
      done: () => ({ text: [`Edited ${path} (${replacements.length} replacements).`, ...notes].join('\n') }),
    }
  },
})
