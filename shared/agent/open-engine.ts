import { join } from 'node:path'
import { AuditLog } from '#shared/audit/audit-log'
import { CodeIndex } from '#shared/code-index/code-index'
import type { KodePaths } from '#shared/config/paths'
import type { ProjectFile } from '#shared/config/project-file'
import { journalFolderFor } from '#shared/edits/write'
import type { PageWish } from '#shared/gates/browser/project-page'
import type { ArchitectureRule, GateSettings } from '#shared/gates/gate'
import type { FileSystem } from '#shared/host/host'
import { readAsset } from '#shared/host/node/assets'
import { Languages } from '#shared/languages/registry'
import { GATE_NAMES, type GateName } from '#shared/protocol/gate-report'
import { ChangeEngine } from './change-engine'

export interface EngineSources {
  /** Absolute, links resolved. */
  root: string
  files: FileSystem
  /** What changes land through; default: `files`. */
  editorFiles?: FileSystem
  paths: KodePaths
  project: ProjectFile
  now(): number
  /** Also ask the languages' own checkers: slow at first, exact. By default as the project says; `false`: nor run any test. */
  deep?: boolean
  /** Also open the project's page in a browser. By default as the project says; `deep: false` counts here too. */
  page?: PageWish
  /** Instead of `<root>/logs`. */
  logFolder?: string
}

/** The engine of a project, set up by the project's own settings. */
export function openEngine(sources: EngineSources): ChangeEngine {
  const { root, files, editorFiles = files, paths, project, now, deep, logFolder } = sources
  const page = sources.page ?? (deep === false ? undefined : pageWishOf(project))
  const wanted = {
    checkers: deep ?? project.verify?.deep ?? false,
    tests: deep !== false && (project.verify?.run_tests ?? false),
    ...(page && { page }),
  }
  const languages = new Languages(readAsset)
  return new ChangeEngine({
    root,
    files,
    door: { root, files: editorFiles, journalFolder: journalFolderFor(paths.config, root), now },
    languages,
    outsideJudges: async () => (await import('./outside-judges')).outsideJudges(wanted, root, files, paths),
    index: new CodeIndex({ root, files, languages, cacheFolder: paths.cache }),
    gates: page?.isDemanded ? requiring('browser', gateSettings(project)) : gateSettings(project),
    audit: new AuditLog(logFolder ?? join(root, 'logs'), files),
    clock: () => performance.now(),
  })
}

/** What `.kode/kode.json` wants of the project's page; undefined where it does not ask for it. */
function pageWishOf({ engine }: ProjectFile): PageWish | undefined {
  return engine?.browser_verification ? pageSettings({ engine }) : undefined
}

function requiring(name: GateName, settings: GateSettings): GateSettings {
  return { ...settings, required: [name], ...(settings.off && { off: settings.off.filter(each => each !== name) }) }
}

/** How `.kode/kode.json` says a page is looked at. */
export function pageSettings({ engine = {} }: ProjectFile): PageWish {
  return {
    ...(engine.dev_server_command !== undefined && { serverCommand: engine.dev_server_command }),
    path: engine.browser_path ?? '/',
    instructions: engine.browser_steps ?? [],
    areStepsDemanded: false,
  }
}

/** What `.kode/kode.json` says about the gates. */
export function gateSettings(project: ProjectFile): GateSettings {
  const { engine = {}, verify = {}, architecture = {} } = project
  const { gates } = verify
  return {
    ...(engine.max_blast_radius !== undefined && { maxBlastRadius: engine.max_blast_radius }),
    ...(engine.max_files_touched !== undefined && { maxFilesTouched: engine.max_files_touched }),
    blockArchitecture: verify.block_architecture ?? false,
    architectureRules: (architecture.rules ?? []).flatMap(architectureRules),
    runAll: false,
    ...(verify.require_scanner && { requireScanner: true }),
    ...(gates && { off: GATE_NAMES.filter(name => name !== 'diff_applier' && !gates.includes(name)) }),
  }
}

type WrittenRule = NonNullable<NonNullable<ProjectFile['architecture']>['rules']>[number]

/** A rule in either spelling. The reference's form names an import prefix and the packages that may use it: a ban with exceptions. */
export function architectureRules(rule: WrittenRule): ArchitectureRule[] {
  if ('ForbiddenImportPrefix' in rule) {
    const message = rule.ErrorMessage ?? 'Architecture rule violation'
    const common = { to: rule.ForbiddenImportPrefix, severity: 'error' as const, message }
    const allowed = (rule.AllowedInPackages ?? []).flatMap(each => [each, `**/${each}`])
    return [
      { ...common, from: '**', kind: 'forbid' },
      ...allowed.map(from => ({ ...common, from, kind: 'allow' as const })),
    ]
  }
  const kind = rule.kind ?? (rule.allow ? 'allow' : 'forbid')
  return [{ from: rule.from, to: rule.to, kind, severity: rule.severity ?? 'error', message: rule.message ?? '' }]
}
