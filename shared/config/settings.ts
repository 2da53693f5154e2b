import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem, Processes } from '#shared/host/host'
import type { TrustMode } from '#shared/protocol/approvals'
import { type Credentials, readCredentials } from './credentials'
import { systemKeychain } from './keychain'
import { kodePaths } from './paths'
import type { ProjectFile } from './project-file'
import { readSavedChoice, type SavedChoice } from './saved-choice'

/** What the user can set, after all sources were merged. Only `kode.ts` sees the whole. */
export interface Settings {
  /** This and the next three: what the surface chose; environment, saved settings and project come in providers/registry.ts. */
  provider?: string
  model?: string
  /** Ends in /v1 for OpenAI-compatible endpoints; undefined = the provider's own. */
  baseUrl?: string
  apiKey?: string
  /** What was chosen in an earlier conversation; the environment and what the surface says go before it. */
  saved?: SavedChoice
  /** Keys that `kode providers login` keeps, by provider. */
  keys?: Credentials
  /** undefined: `auto` where the sandbox works. */
  mode?: TrustMode
  maxTokens?: number
  temperature?: number
  thinkingBudget?: number
  reasoningEffort?: 'low' | 'medium' | 'high'
  useSandbox: boolean
  allowNet: readonly string[]
  maxTurns: number
  maxCostUsd?: number
  maxTotalTokens?: number
  /** For a whole run. */
  timeoutS?: number
  /** Between bytes of a reply; undefined = as providers/registry.ts says. */
  idleTimeoutS?: number
  allowedTools?: readonly string[]
  disallowedTools: readonly string[]
  /** Name of the agent that talks to the user; see context/agents/. */
  agent?: string
  /** Use no more of the model's window. */
  maxContextTokens?: number
  /** Share of the window at which older messages are summarised. */
  compactAt?: number
  /** Nothing of the user's own: no saved keys, no memory, no instruction files. */
  isBare: boolean
  /** Where decisions are written down; relative to the project. Default: `logs`. */
  logFolder?: string
  /** Leaves nothing on the disk but what lands in the project; there is no undo then. */
  isEphemeral: boolean
  /** The first failure of the provider and the first denied call end the run. */
  isFailFast: boolean
  /** What no model may see of the project; goes before what the project's file says. */
  blindfold?: 'identifiers' | 'strict'
  /** The project's own file; empty where there is none. */
  project: ProjectFile
}

const DEFAULTS = {
  useSandbox: true,
  allowNet: [],
  maxTurns: 200,
  disallowedTools: [],
  isBare: false,
  isEphemeral: false,
  isFailFast: false,
} satisfies Partial<Settings>

/** Tried in this order; `.koda` is the older product's folder. */
const PROJECT_FILES = ['.kode/kode.json', '.kode/kode.jsonc', '.koda/kode.json']

export interface SettingsSources {
  root: string
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  /** What was typed on the command line or set in the editor. */
  flags: Partial<Settings>
}

/**
 * Merges the sources: flags > environment (`KODE_*`, then `KODA_*`) > saved > project file > built-in.
 *
 * A project file comes from whoever wrote the repository: it can choose a model and tighten the trust mode, but never
 * set an endpoint, a key, a program that starts outside the sandbox, or a weaker mode.
 */
export async function loadSettings(
  sources: SettingsSources,
): Promise<Result<{ settings: Settings; warnings: string[] }, string>> {
  const { files, flags } = sources
  const paths = kodePaths(sources.env)
  const [project, saved, credentials] = await Promise.all([
    loadProjectFile(sources.root, files),
    flags.isBare ? {} : readSavedChoice(files, paths),
    flags.isBare
      ? ok({ keys: {}, warnings: [] })
      : readCredentials({ files, paths, keychain: systemKeychain(sources.processes, sources.env) }),
  ])
  if (!project.ok) return project
  if (!credentials.ok) return credentials
  const env = settingsFromEnvironment(sources.env)
  if (!env.ok) return env

  const chosen = { ...env.value, ...flags }
  const { mode } = project.value.value
  const tightened = mode && (chosen.mode === undefined || stricter(mode, chosen.mode)) && flags.mode === undefined
  return ok({
    settings: {
      ...DEFAULTS,
      ...chosen,
      saved,
      keys: credentials.value.keys,
      // `auto` in a project file asks for no more than the default gives anyway.
      ...(tightened && mode !== 'auto' && { mode }),
      project: project.value.value,
    },
    warnings: [...project.value.warnings, ...credentials.value.warnings],
  })
}

async function loadProjectFile(
  root: string,
  files: FileSystem,
): Promise<Result<{ value: ProjectFile; warnings: string[] }, string>> {
  for (const name of PROJECT_FILES) {
    const bytes = await files.read(join(root, name), 1_000_000)
    if (!bytes.ok) {
      if (bytes.error.kind === 'not-found' || bytes.error.kind === 'not-directory') continue
      return fail(`${name}: ${bytes.error.message}`)
    }
    const { readProjectFile } = await import('./project-file')
    return readProjectFile(new TextDecoder().decode(bytes.value), name)
  }
  return ok({ value: {}, warnings: [] })
}

function settingsFromEnvironment(env: SettingsSources['env']): Result<Partial<Settings>, string> {
  const value = (name: string) => env[`KODE_${name}`] || env[`KODA_${name}`] || undefined
  const settings: Partial<Settings> = {}
  const mode = value('MODE')
  if (mode) {
    const parsed = parseMode(mode)
    if (!parsed) return fail(`KODE_MODE: "${mode}" is not a mode; use plan, safe or auto`)
    settings.mode = parsed
  }
  const hosts = value('ALLOW_NET')
  if (hosts) settings.allowNet = hosts.split(/[\s,]+/).filter(host => host !== '')
  return ok(settings)
}

/** A trust mode by its name or a synonym, in any case. */
export function parseMode(name: string): TrustMode | undefined {
  return MODE_NAMES[name.toLowerCase()]
}

const MODE_NAMES: Record<string, TrustMode> = {
  auto: 'auto',
  yolo: 'auto',
  accept: 'auto',
  safe: 'safe',
  confirm: 'safe',
  strict: 'safe',
  normal: 'safe',
  plan: 'plan',
  readonly: 'plan',
  'read-only': 'plan',
}

function stricter(a: TrustMode, b: TrustMode): boolean {
  const order: TrustMode[] = ['plan', 'safe', 'auto']
  return order.indexOf(a) < order.indexOf(b)
}
