import { join } from 'node:path'
import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { listProjectFiles } from './support/ripgrep'
import { displayPath, resolveFrom } from './support/tool-path'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const MAX_RESULTS = 200
/** Beyond this many hits the newest-first order is not worth a stat each. */
const MAX_SORTED = 2_000

const input = v.object({
  pattern: v.pipe(v.string(), v.minLength(1), v.description('Such as src/**/*.ts')),
  file_path: v.optional(v.pipe(v.string(), v.description('Folder to look in')), '.'),
})

/** Paths that match a pattern. */
export const globTool = defineTool({
  name: 'Glob',
  aliases: ['glob_search', 'glob_pattern'],
  description: 'Finds files by glob pattern, newest first. Ignored files are left out.',
  input,
  isReadOnly: true,
  async prepare(request, context) {
    const folder = resolveFrom(context.root, request.file_path)
    return {
      kind: 'action',
      title: request.pattern,
      effect: effectOf('read_only', 'looks for files', { reads: [folder] }),
      run: signal => findFiles(request.pattern, folder, context, signal),
    }
  },
})

async function findFiles(
  pattern: string,
  folder: string,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ToolOutput> {
  // A leading slash anchors the pattern at the folder, as everywhere but in ripgrep's own globs.
  const anchored = pattern.startsWith('/') || pattern.startsWith('**') ? pattern : `/${pattern.replace(/^\.\//, '')}`
  const found = await listProjectFiles(folder, [anchored], context, signal)
  if (!found.ok) return { isError: true, text: `Error: ${found.error}` }
  if (found.value.length === 0) return { text: `No file matches ${pattern}.` }

  const sorted = await newestFirst(found.value, folder, context)
  const limit = Math.floor(MAX_RESULTS * context.contextFactor)
  const lines = sorted.slice(0, limit).map(path => displayPath(context.root, join(folder, path)))
  const cut = sorted.length > limit ? [`[… ${sorted.length - limit} more; narrow the pattern]`] : []
  return { text: [`${sorted.length} files`, ...lines, ...cut].join('\n') }
}

async function newestFirst(paths: string[], folder: string, context: ToolContext): Promise<string[]> {
  if (paths.length > MAX_SORTED) return paths.sort()
  const dated = await Promise.all(
    paths.map(async path => {
      const stat = await context.files.stat(join(folder, path))
      return { path, mtimeMs: stat.ok ? stat.value.mtimeMs : 0 }
    }),
  )
  return dated.sort((a, b) => b.mtimeMs - a.mtimeMs || (a.path < b.path ? -1 : 1)).map(entry => entry.path)
}
