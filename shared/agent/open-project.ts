import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import { type KodePaths, kodePaths } from '#shared/config/paths'
import { loadSettings, type Settings } from '#shared/config/settings'
import type { AgentDefinition } from '#shared/context/agents/definition'
import type { Host } from '#shared/host/host'
import { isWritable } from '#shared/host/node/writable'
import { findConfigTexts } from '#shared/mcp/find-config'
import { ProjectServers } from '#shared/mcp/project-servers'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import type { Provider } from '#shared/providers/provider'
import type { Sandbox, SandboxError } from '#shared/sandbox/sandbox'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import { RuleBook } from '#shared/trust/rule-book'
import { networkHosts } from '#shared/trust/rules'
import { settingsFor } from './as-agent'
import { chooseAgent } from './choose-agent'
import { chooseModel, type ModelSource } from './choose-model'
import { recoverAt, temporaryPaths } from './kept-place'
import { NetworkQuestions } from './network-questions'
import type { OpenModel } from './open-model'
import { Toolset } from './toolset'

/** What a surface says of the project it works in. */
export interface ProjectOptions {
  /** Absolute, links resolved. */
  root: string
  /** What the surface sets; it wins over environment, saved settings and project file. */
  settings: Partial<Settings>
  /** Environment of the surface; commands of the model see only a small part of it. */
  env: Readonly<Record<string, string | undefined>>
  version: string
  /** Whether somebody can answer an approval. */
  isInteractive: boolean
  /** Used instead of the one the settings name. */
  provider?: Provider
  /** The run's model traffic: written to a file, or played from one instead of asking anybody. Absolute paths. */
  traffic?: ModelSource['traffic']
  /** MCP servers that the surface brings along, by name, in the shape of `mcpServers`; they count as the user's own. */
  mcpServers?: Readonly<Record<string, unknown>>
}

/** A project that is ready for its first conversation. */
export interface OpenedProject {
  settings: Settings
  /** For the user, one line each. */
  warnings: readonly string[]
  paths: KodePaths
  sandbox: Sandbox
  sandboxAt: SandboxAt
  /** Where models come from, and the one that was chosen. */
  source: ModelSource
  chosen: OpenModel
  agent: AgentDefinition
  autoRefusal: string | undefined
  rules: RuleBook
  network: NetworkQuestions
  tools: Toolset
  servers: ProjectServers
}

/** Another folder's wall, as this project's. */
export type SandboxAt = (root: string) => Promise<Result<Sandbox, SandboxError>>

/** Finds out how a project is worked in. What is wrong with settings, provider or sandbox is a failure with its exit code. */
export async function openProject(host: Host, options: ProjectOptions): Promise<Result<OpenedProject, Failure>> {
  const { root, env } = options
  const kept = kodePaths(env)
  const isReadOnly = !isWritable(kept.config)
  const paths = isReadOnly || options.settings.isEphemeral ? temporaryPaths(kept) : kept
  const loaded = await loadSettings({
    root,
    files: host.files,
    processes: host.processes,
    env,
    flags: options.settings,
  })
  if (!loaded.ok) return fail({ message: loaded.error, exitCode: EXIT.usage })
  const found = await chooseAgent(loaded.value.settings, root, paths, host.files)
  if (!found.ok) return fail({ message: found.error, exitCode: EXIT.usage })
  const { agent } = found.value
  const settings = settingsFor(agent, loaded.value.settings, options.settings)
  const warnings = [
    ...loaded.value.warnings,
    ...found.value.warnings,
    ...(isReadOnly ? [`${kept.config} is read-only; nothing is kept`] : []),
  ]
  // What an earlier run left half done is at its own place.
  if (settings.isEphemeral) await recoverAt(kept, root, host, settings)
  const rules = new RuleBook(
    host.files,
    { user: kept.rules, machine: kept.policy, onlyTighten: settings.isBare },
    settings.project.trust?.rules ?? [],
  )
  const written = await rules.load()
  if (!written.ok) return fail({ message: written.error.message, exitCode: EXIT.refused })
  const hosts = networkHosts(written.value.rules)
  const network = new NetworkQuestions(host, rules)

  const { openSandbox } = await import('#shared/sandbox/open')
  const sandboxAt = (folder: string) =>
    openSandbox({
      root: folder,
      // The keys in it stay hidden although nothing is written there.
      stateFolder: kept.config,
      quarantine: join(paths.config, 'quarantine'),
      processes: host.processes,
      env,
      useSandbox: settings.useSandbox,
      keepsCaches: !settings.isEphemeral,
      allowNet: [...settings.allowNet, ...hosts.allow],
      denyNet: hosts.deny,
      ...(options.isInteractive && { askNetwork: (name, port) => network.ask(name, port) }),
    })
  const source = modelSource(host, options)
  const [sandbox, model, mcpTexts] = await Promise.all([
    sandboxAt(root),
    // The wall is tried by starting a process; what loads meanwhile costs no time.
    chooseModel(settings, source),
    settings.isBare ? [] : findConfigTexts(root, paths, host.files),
    import('#shared/store/sessions'),
  ])
  if (!model.ok) return fail({ message: model.error, exitCode: EXIT.usage })
  if (!sandbox.ok) return fail({ message: sandbox.error.message, exitCode: EXIT.refused })

  const autoRefusal = whyNotAuto(sandbox.value, paths, root)
  if (settings.mode === 'auto' && autoRefusal) return fail({ message: autoRefusal, exitCode: EXIT.refused })
  if (settings.mode === undefined && autoRefusal && !options.isInteractive) {
    return fail({ message: `${autoRefusal} Or choose --mode safe.`, exitCode: EXIT.refused })
  }
  const all = new Toolset(BUILT_IN_TOOLS)
  const unknown = all.unknownNames([...(settings.allowedTools ?? []), ...settings.disallowedTools])
  if (unknown.length > 0) return fail({ message: all.whyNot(unknown[0]!), exitCode: EXIT.usage })
  const offered = all.filtered(settings.allowedTools, settings.disallowedTools)
  const tools = offered.filtered(agent.allowedTools, agent.disallowedTools)
  const servers = await ProjectServers.open(
    {
      ...options,
      given: options.mcpServers,
      files: host.files,
      processes: host.processes,
      paths,
      sandbox: sandbox.value,
      isBare: settings.isBare,
      project: settings.project.mcp,
      now: () => host.now(),
      log: text => host.log.write('info', `mcp: ${text}`),
      onTools: added => tools.setAdded(added),
    },
    mcpTexts,
  )
  return ok({
    settings,
    warnings: [...warnings, ...written.value.problems, ...servers.warnings],
    paths,
    sandbox: sandbox.value,
    sandboxAt,
    source,
    chosen: model.value,
    agent,
    autoRefusal,
    rules,
    network,
    tools,
    servers,
  })
}

function modelSource(host: Host, { env, provider, traffic }: ProjectOptions): ModelSource {
  return { files: host.files, env, ...(provider && { provider }), ...(traffic && { traffic }) }
}

/** Why `auto` is refused here; undefined when it is not. */
function whyNotAuto(sandbox: Sandbox, paths: KodePaths, root: string): string | undefined {
  if (sandbox.level === 'none') return `auto mode needs a working sandbox: ${sandbox.description}`
  if (root === paths.home) return 'auto mode is refused in the home folder itself; start kode in a project.'
  return undefined
}
