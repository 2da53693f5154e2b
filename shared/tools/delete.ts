import { join } from 'node:path'
import * as v from 'valibot'
import { resolveInProject } from '#shared/edits/project-path'
import { proposeRemoval } from '#shared/edits/proposal'
import { effectOfFiles } from '#shared/trust/effects'
import { changeFrom } from './support/file-change'
import { listProjectFiles } from './support/ripgrep'
import { defineTool } from './tool'

const input = v.object({
  file_path: v.pipe(v.string(), v.minLength(1)),
  recursive: v.optional(v.pipe(v.boolean(), v.description('Needed for a folder that is not empty')), false),
})

/** A file removed. */
export const deleteTool = defineTool({
  name: 'Delete',
  aliases: ['delete_file', 'remove_file', 'rm'],
  description: 'Deletes a file or folder.',
  input,
  isReadOnly: false,
  async prepare({ file_path, recursive }, context) {
    const place = await resolveInProject(context.root, file_path, context.files)
    if (!place.ok) return { kind: 'refused', text: `Error: ${place.error.message}` }
    const { path, absolute } = place.value
    const stat = await context.files.lstat(absolute)
    if (!stat.ok) return { kind: 'refused', text: `Error: ${path} does not exist.` }

    const isFolder = stat.value.type === 'directory'
    const inside = isFolder ? await listProjectFiles(absolute, ['!.git'], context, context.signal, true) : undefined
    if (inside && !inside.ok) return { kind: 'refused', text: `Error: ${inside.error}` }
    const paths = inside ? inside.value.map(name => `${path}/${name}`) : [path]
    if (isFolder && paths.length > 0 && !recursive) {
      return {
        kind: 'refused',
        text: `Error: ${path} is a folder with ${paths.length} files; set recursive to delete it.`,
      }
    }
    const changes = await changeFrom(proposeRemoval(paths.length > 0 ? paths : [path]), context)
    if (!changes.ok) return { kind: 'refused', text: `Error: ${changes.error}` }

    return {
      kind: 'change',
      title: isFolder ? `${path} (${paths.length} files)` : path,
      changes: changes.value,
      effect: effectOfFiles(
        'delete',
        isFolder ? paths.map(each => join(context.root, each)) : [absolute],
        context.scope,
      ),
      done: () => ({ text: isFolder ? `Deleted ${path} (${paths.length} files).` : `Deleted ${path}.` }),
    }
  },
})
