import { join } from 'node:path'
import type { KodePaths } from '#shared/config/paths'
import type { FileSystem } from '#shared/host/host'

/** The text of a file that names MCP servers. */
export interface ConfigText {
  source: 'user' | 'project'
  /** How it is called in messages. */
  from: string
  text: string
}

/** In a project; the others are what other agents and VS Code read. */
export const PROJECT_FILES: readonly string[] = ['.kode/mcp.json', '.mcp.json', '.vscode/mcp.json']
const MAX_BYTES = 1_000_000

/** The files that are there, the user's first; loads nothing else, because most projects have none. */
export async function findConfigTexts(root: string, paths: KodePaths, files: FileSystem): Promise<ConfigText[]> {
  const places = [
    { source: 'user', from: paths.mcp, path: paths.mcp } as const,
    ...PROJECT_FILES.map(name => ({ source: 'project', from: name, path: join(root, name) }) as const),
  ]
  const found = await Promise.all(
    places.map(async ({ source, from, path }): Promise<ConfigText[]> => {
      const bytes = await files.read(path, MAX_BYTES)
      return bytes.ok ? [{ source, from, text: new TextDecoder().decode(bytes.value) }] : []
    }),
  )
  return found.flat()
}
