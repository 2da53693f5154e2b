import { delimiter, isAbsolute, join } from 'node:path'
import { AuditLog } from '#shared/audit/audit-log'
import { CodeIndex } from '#shared/code-index/code-index'
import type { KodePaths } from '#shared/config/paths'
import type { ProjectFile } from '#shared/config/project-file'
import { journalFolderFor } from '#shared/edits/write'
import type { ArchitectureRule, GateSettings } from '#shared/gates/gate'
import type { ProjectChecker } from '#shared/gates/project-checker'
import { goChecker } from '#shared/gates/support/go-project-checker'
import { projectTests } from '#shared/gates/support/project-tests'
import { isReadByPyright, pythonChecker } from '#shared/gates/support/python-project-checker'
import { rustChecker } from '#shared/gates/support/rust-project-checker'
import type { SecurityScanner } from '#shared/gates/support/scanner'
import { typeScriptChecker } from '#shared/gates/support/typescript-project-checker'
import type { FileSystem } from '#shared/host/host'
import { readAsset } from '#shared/host/node/assets'
import { GoCommand } from '#shared/host/node/go-command'
import { nodeProcesses } from '#shared/host/node/processes'
import { ScannerProgram } from '#shared/host/node/scanner-program'
import { TypeScriptThread } from '#shared/host/node/typescript-checker'
import { Languages } from '#shared/languages/registry'
import { GATE_NAMES, type GateName } from '#shared/protocol/gate-report'
import { CheckingRoom } from '#shared/sandbox/checking-room'
import { findProgram } from '#shared/sandbox/find-program'
import { projectCacheFolder } from '#shared/sandbox/project-caches'
import { ChangeEngine } from './change-engine'

export interface EngineSources {
  /** Absolute, links resolved. */
  root: string
  files: FileSystem
  paths: KodePaths
  project: ProjectFile
  now(): number
  /** Also ask the languages' own checkers: slow at first, exact. By default as the project says; `false`: nor run any test. */
  deep?: boolean
  /** Instead of `<root>/logs`. */
  logFolder?: string
}

/** The engine of a project, set up by the project's own settings. */
export function openEngine({ root, files, paths, project, now, deep, logFolder }: EngineSources): ChangeEngine {
  const isDeep = deep ?? project.verify?.deep ?? false
  const languages = new Languages(readAsset)
  const scanner = scannerFor(root, paths.home, process.env)
  const rooms = roomsOf(root, files, paths)
  return new ChangeEngine({
    root,
    files,
    door: { root, files, journalFolder: journalFolderFor(paths.config, root), now },
    languages,
    ...(isDeep && { checkers: checkersOf(root, files, paths) }),
    ...(scanner && { scanner }),
    ...(project.verify?.run_tests &&
      deep !== false && { tests: projectTests(root, files, () => rooms('tests', () => true)) }),
    index: new CodeIndex({ root, files, languages, cacheFolder: paths.cache }),
    gates: gateSettings(project),
    audit: new AuditLog(logFolder ?? join(root, 'logs'), files),
    clock: () => performance.now(),
  })
}

/** Rooms where code of the project may run: on a copy, in a sandbox without network. */
function roomsOf(root: string, files: FileSystem, paths: KodePaths) {
  const { env } = process
  const openSandbox = async (room: string) => {
    const sandbox = await import('#shared/sandbox/open')
    const common = { processes: nodeProcesses(), env, home: paths.home, stateFolder: paths.config }
    return sandbox.openSandbox({ ...common, root: room, net: 'none', useSandbox: true })
  }
  return (name: string, isWanted: (path: string) => boolean) =>
    new CheckingRoom({ root, cacheFolder: paths.cache, name, isWanted, files, openSandbox })
}

/** The languages' own checkers; each says itself when it cannot be had here. */
function checkersOf(root: string, files: FileSystem, paths: KodePaths): ProjectChecker[] {
  const { env } = process
  const programAt = (name: string) => findProgram(name, env.PATH, root)
  const roomFor = roomsOf(root, files, paths)
  const cargo = {
    program: programAt('cargo'),
    // What was fetched outside, and what commands of the agent fetched.
    homes: [env.CARGO_HOME ?? join(paths.home, '.cargo'), join(projectCacheFolder(root, paths.home, env), 'cargo')],
  }
  return [
    typeScriptChecker(root, new TypeScriptThread()),
    goChecker(root, new GoCommand(nodeProcesses(), programAt('go'), env), files),
    rustChecker(
      root,
      cargo,
      roomFor('rust', () => true),
      files,
    ),
    pythonChecker(root, programAt('pyright'), roomFor('python', isReadByPyright), files),
  ]
}

/**
 * The security scanner of the user's machine, where there is one: named by `KODE_SECURITY_SCANNER` or `SICARIO_PATH`, or `sicario` where
 * programs are. Never one that the project brings.
 */
function scannerFor(
  root: string,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): SecurityScanner | undefined {
  const named = env.KODE_SECURITY_SCANNER || env.SICARIO_PATH
  const folders = `${env.PATH ?? ''}${delimiter}${join(home, '.local/bin')}`
  const program = named && isAbsolute(named) ? named : findProgram(named || 'sicario', folders, root)
  return program === undefined ? undefined : new ScannerProgram(program, nodeProcesses(), env)
}

/** What `.kode/kode.json` says about the gates. */
export function gateSettings(project: ProjectFile): GateSettings {
  const { engine = {}, verify = {}, architecture = {} } = project
  const only = verify.gates?.filter((name): name is GateName => GATE_NAMES.some(each => each === name))
  return {
    ...(engine.max_blast_radius !== undefined && { maxBlastRadius: engine.max_blast_radius }),
    ...(engine.max_files_touched !== undefined && { maxFilesTouched: engine.max_files_touched }),
    blockArchitecture: verify.block_architecture ?? false,
    architectureRules: (architecture.rules ?? []).flatMap(architectureRules),
    runAll: false,
    ...(verify.require_scanner && { requireScanner: true }),
    ...(only && { only: ['diff_applier', ...only] }),
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
