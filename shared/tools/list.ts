import { join } from 'node:path'
import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { listProjectFiles } from './support/ripgrep'
import { displayPath, resolveFrom } from './support/tool-path'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const MAX_ENTRIES = 200

const input = v.object({
  file_path: v.optional(v.pipe(v.string(), v.description('Folder; default: the project')), '.'),
  recursive: v.optional(v.boolean(), false),
})

/** A folder's entries. */
export const listTool = defineTool({
  name: 'ListFiles',
  aliases: ['list', 'list_files', 'list_directory', 'ls'],
  description: 'Lists a folder. Recursive listings leave out ignored files.',
  input,
  isReadOnly: true,
  async prepare(request, context) {
    const path = resolveFrom(context.root, request.file_path)
    return {
      kind: 'action',
      title: request.file_path,
      effect: effectOf('read_only', 'lists a folder', { reads: [path] }),
      run: signal => (request.recursive ? listDeep(path, context, signal) : listFlat(path, context)),
    }
  },
})

async function listFlat(path: string, context: ToolContext): Promise<ToolOutput> {
  const entries = await context.files.list(path)
  if (!entries.ok) {
    const reason = entries.error.kind === 'not-found' ? 'does not exist' : entries.error.message
    return { isError: true, text: `Error: ${displayPath(context.root, path)} ${reason}` }
  }
  const folders = entries.value.filter(entry => entry.type === 'directory').map(entry => `d ${entry.name}`)
  const others = entries.value.filter(entry => entry.type !== 'directory').map(entry => `  ${entry.name}`)
  return { text: listing(path, [...folders.sort(), ...others.sort()], context) }
}

async function listDeep(path: string, context: ToolContext, signal: AbortSignal): Promise<ToolOutput> {
  const found = await listProjectFiles(path, [], context, signal)
  if (!found.ok) return { isError: true, text: `Error: ${found.error}` }
  const shown = found.value.sort().map(file => `  ${displayPath(path, join(path, file))}`)
  return { text: listing(path, shown, context) }
}

function listing(path: string, lines: string[], context: ToolContext): string {
  const header = `Listing: ${displayPath(context.root, path)} (${lines.length} entries)`
  if (lines.length === 0) return `${header}\n(empty)`
  const limit = Math.floor(MAX_ENTRIES * context.contextFactor)
  const cut = lines.length > limit ? [`[… ${lines.length - limit} more; list a sub-folder or use Glob]`] : []
  return [header, ...lines.slice(0, limit), ...cut].join('\n')
}
