import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import { decodeText } from '#shared/edits/text-file'
import type { FileSystem } from '#shared/host/host'
import { BUILT_IN_AGENTS } from './built-in'
import type { AgentDefinition } from './definition'
import { readJsonAgent, readMarkdownAgent } from './read-agent'

/** The first of these that defines a name wins. */
const PROJECT_FOLDERS = ['.kode/agents', '.koda/agents', '.claude/agents']
const MAX_FILE_BYTES = 200_000

/** All agents of a project, by name. */
export class AgentShelf {
  readonly #agents: ReadonlyMap<string, AgentDefinition>
  /** What is odd or broken, one line each. */
  readonly warnings: readonly string[]

  private constructor(agents: ReadonlyMap<string, AgentDefinition>, warnings: readonly string[]) {
    this.#agents = agents
    this.warnings = warnings
  }

  /** Only those that come with kode. */
  static builtIn(): AgentShelf {
    return new AgentShelf(byName(BUILT_IN_AGENTS), [])
  }

  /** Reads the project's agents, then the user's; the built-in ones come last. */
  static async read(root: string, userFolder: string, files: FileSystem): Promise<AgentShelf> {
    const found: AgentDefinition[] = []
    const warnings: string[] = []
    const folders = [
      ...PROJECT_FOLDERS.map(folder => ({ folder: join(root, folder), shown: folder, source: 'project' as const })),
      { folder: userFolder, shown: userFolder, source: 'user' as const },
    ]
    for (const { folder, shown, source } of folders) {
      for (const name of await namesIn(folder, files)) {
        const bytes = await files.read(join(folder, name), MAX_FILE_BYTES)
        const text = bytes.ok ? decodeText(bytes.value)?.text : undefined
        const path = join(shown, name)
        if (text === undefined) {
          warnings.push(`${path}: ${bytes.ok ? 'is no text' : bytes.error.message}`)
          continue
        }
        const read = name.endsWith('.json')
          ? readJsonAgent({ path, text, source })
          : await readMarkdownAgent({ path, text, source })
        if (!read.ok) {
          warnings.push(read.error)
          continue
        }
        warnings.push(...read.value.warnings)
        found.push(read.value.agent)
      }
    }
    return new AgentShelf(byName([...found, ...BUILT_IN_AGENTS]), [...warnings, ...replacements(found)])
  }

  /** By name. */
  all(): AgentDefinition[] {
    return [...this.#agents.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** By its name, exactly; never another one in its place. An error is one line for people and models. */
  find(name: string): Result<AgentDefinition, string> {
    const agent = this.#agents.get(name)
    if (agent) return ok(agent)
    const names = this.all().map(each => each.name)
    const broken = this.warnings.filter(warning => warning.includes(`${name}.`))
    const why = broken.length > 0 ? ` (${broken.join('; ')})` : ''
    return fail(`there is no agent "${name}"${why}; there are: ${names.join(', ')}`)
  }
}

async function namesIn(folder: string, files: FileSystem): Promise<string[]> {
  const listed = await files.list(folder)
  if (!listed.ok) return []
  return listed.value
    .filter(({ name, type }) => type !== 'directory' && /\.(json|md)$/.test(name))
    .map(({ name }) => name)
    .sort()
}

/** Whoever wrote the repository must not take the place of what the user knows by a name without a word. */
function replacements(found: readonly AgentDefinition[]): string[] {
  const known = byName([...found.filter(({ source }) => source === 'user'), ...BUILT_IN_AGENTS])
  return found.flatMap(({ name, source, path }) => {
    const other = known.get(name)
    if (source !== 'project' || !other) return []
    return [`${path}: "${name}" takes the place of ${other.source === 'user' ? 'your own' : 'the built-in'} agent`]
  })
}

function byName(agents: readonly AgentDefinition[]): Map<string, AgentDefinition> {
  const map = new Map<string, AgentDefinition>()
  for (const agent of agents) if (!map.has(agent.name)) map.set(agent.name, agent)
  return map
}
