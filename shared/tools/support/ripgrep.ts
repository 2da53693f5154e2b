import { fail, ok, type Result } from '#shared/base/result'
import { canonicalPath, relativeTo } from '#shared/trust/path-scope'
import type { ToolContext } from '../tool'

const TIMEOUT_MS = 30_000
/** Of ripgrep's own output; what is longer is a too wide search anyway. */
const MAX_OUTPUT_BYTES = 8_000_000

/** What a search needs of the tool context. */
export type SearchContext = Pick<ToolContext, 'processes' | 'env'>

/**
 * Runs ripgrep in a folder.
 *
 * @returns its stdout; empty when nothing matched. An error is one line that tells the model or the user what to do.
 */
export async function ripgrep(
  args: readonly string[],
  cwd: string,
  context: SearchContext,
  signal: AbortSignal,
): Promise<Result<string, string>> {
  const ended = await context.processes.run({
    program: 'rg',
    args: ['--no-config', ...args],
    cwd,
    env: { PATH: context.env.PATH ?? '' },
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal,
  })
  if (!ended.ok) {
    return fail(
      ended.error.kind === 'not-found'
        ? 'ripgrep (rg) is not installed. Install it: apt-get install ripgrep, or brew install ripgrep.'
        : ended.error.message,
    )
  }
  if (ended.value.timedOut) return fail(`The search took longer than ${TIMEOUT_MS / 1000} s. Narrow it to a folder.`)
  // 1 = nothing found; 2 with output = some files could not be read, which the rest of the answer survives.
  if (ended.value.exitCode > 1 && ended.value.stdout === '') return fail(firstLines(ended.value.stderr))
  return ok(ended.value.stdout)
}

/**
 * Files below a folder that ignore rules leave, as paths relative to it.
 *
 * @param everything also ignored and hidden ones
 */
export async function listProjectFiles(
  folder: string,
  globs: readonly string[],
  context: SearchContext,
  signal: AbortSignal,
  everything = false,
): Promise<Result<string[], string>> {
  const globArgs = globs.flatMap(glob => ['--glob', glob])
  const rules = everything ? ['--no-ignore', '--hidden'] : ['--no-require-git']
  const output = await ripgrep(['--files', '--null', ...rules, ...globArgs], folder, context, signal)
  if (!output.ok) return output
  return ok(output.value.split('\0').filter(path => path !== ''))
}

function firstLines(stderr: string): string {
  return stderr.trim().split('\n').slice(0, 3).join(' ').slice(0, 400) || 'ripgrep failed'
}

/** Arguments that leave places out which lie below a folder, whatever other globs say; links resolved. */
export async function globsAgainst(
  places: readonly string[],
  folder: string,
  { files }: Pick<ToolContext, 'files'>,
): Promise<string[]> {
  const root = await canonicalPath(folder, files)
  const below = await Promise.all(places.map(async place => relativeTo(root, await canonicalPath(place, files))))
  return below.flatMap(path => (path ? ['--glob', `!/${path.replaceAll(/[*?[\]{}\\]/g, '\\$&')}`] : []))
}
