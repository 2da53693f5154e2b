import { basename, dirname, join } from 'node:path'
import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { globsAgainst, ripgrep } from './support/ripgrep'
import { displayPath, resolveFrom } from './support/tool-path'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const MAX_MATCHES = 100
const MAX_LINE_BYTES = 200

const input = v.object({
  pattern: v.pipe(v.string(), v.minLength(1), v.description('Regular expression')),
  file_path: v.optional(v.pipe(v.string(), v.description('File or folder')), '.'),
  case_insensitive: v.optional(v.boolean(), false),
  glob: v.optional(v.pipe(v.string(), v.description('Only these files, such as *.ts'))),
  context_lines: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20)), 0),
  multiline: v.optional(v.boolean(), false),
  files_only: v.optional(v.boolean(), false),
})
type Input = v.InferOutput<typeof input>

/** Lines that match an expression. */
export const grepTool = defineTool({
  name: 'Grep',
  aliases: ['grep_search', 'ripgrep', 'rg'],
  description: 'Searches file contents by regular expression (ripgrep). Ignored files are left out.',
  input,
  isReadOnly: true,
  async prepare(request, context) {
    const path = resolveFrom(context.root, request.file_path)
    return {
      kind: 'action',
      title: request.pattern,
      effect: effectOf('read_only', 'searches files', { reads: [path] }),
      run: signal => search(request, path, context, signal),
    }
  },
})

async function search(request: Input, path: string, context: ToolContext, signal: AbortSignal): Promise<ToolOutput> {
  const stat = await context.files.stat(path)
  if (!stat.ok) return { isError: true, text: `Error: ${request.file_path} does not exist.` }
  const isFolder = stat.value.type === 'directory'
  const cwd = isFolder ? path : dirname(path)
  const target = isFolder ? '.' : `./${basename(path)}`

  const leftOut = await globsAgainst(context.hidden, cwd, context)
  const run = (isLiteral: boolean) =>
    ripgrep([...argsFor(request, isLiteral), ...leftOut, '--', request.pattern, target], cwd, context, signal)
  let output = await run(false)
  // A pattern that is no regular expression was probably meant as it stands.
  if (!output.ok && /regex parse error|unclosed|invalid/i.test(output.error)) output = await run(true)
  if (!output.ok) return { isError: true, text: `Error: ${output.error}` }
  return { text: render(output.value, request, cwd, context) }
}

function argsFor(request: Input, isLiteral: boolean): string[] {
  return [
    '--no-heading',
    '--with-filename',
    '--null',
    '--no-require-git',
    '--sort=path',
    `--max-columns=${MAX_LINE_BYTES}`,
    '--max-columns-preview',
    ...(request.files_only ? ['--files-with-matches'] : ['--line-number']),
    ...(isLiteral ? ['--fixed-strings'] : []),
    ...(request.case_insensitive ? ['--ignore-case'] : []),
    ...(request.multiline ? ['--multiline', '--multiline-dotall'] : []),
    ...(request.context_lines > 0 ? [`--context=${request.context_lines}`] : []),
    ...(request.glob ? ['--glob', request.glob] : []),
  ]
}

function render(output: string, request: Input, cwd: string, context: ToolContext): string {
  if (output === '') return `No matches for ${request.pattern}.`
  const shownPath = (path: string) => displayPath(context.root, join(cwd, path))
  if (request.files_only) {
    const paths = output.split('\0').filter(path => path !== '')
    return [`${paths.length} files`, ...paths.map(shownPath)].join('\n')
  }
  const lines = output.split('\n').filter(line => line !== '' && line !== '--')
  const matches = lines.filter(line => /\0\d+:/.test(line))
  const files = new Set(matches.map(line => line.slice(0, line.indexOf('\0'))))
  const limit = Math.floor(MAX_MATCHES * context.contextFactor) * (request.context_lines * 2 + 1)
  const shown = lines.slice(0, limit).map(line => {
    const end = line.indexOf('\0')
    return `${shownPath(line.slice(0, end))}:${line.slice(end + 1)}`
  })
  const cut = lines.length > limit ? [`[… ${lines.length - limit} more lines; narrow the search]`] : []
  return [`${matches.length} matches (${files.size} files)`, ...shown, ...cut].join('\n')
}
