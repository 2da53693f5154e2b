import { delimiter, isAbsolute, join } from 'node:path'
import type { KodePaths } from '#shared/config/paths'
import type { PageWish } from '#shared/gates/browser/project-page'
import type { PageCheck } from '#shared/gates/page-check'
import type { ProjectChecker } from '#shared/gates/project-checker'
import { goChecker } from '#shared/gates/support/go-project-checker'
import { projectTests } from '#shared/gates/support/project-tests'
import { isReadByPyright, pythonChecker } from '#shared/gates/support/python-project-checker'
import { rustChecker } from '#shared/gates/support/rust-project-checker'
import type { SecurityScanner } from '#shared/gates/support/scanner'
import { typeScriptChecker } from '#shared/gates/support/typescript-project-checker'
import type { TestRunner } from '#shared/gates/test-runner'
import type { FileSystem } from '#shared/host/host'
import { GoCommand } from '#shared/host/node/go-command'
import { nodeProcesses } from '#shared/host/node/processes'
import { ScannerProgram } from '#shared/host/node/scanner-program'
import { TypeScriptThread } from '#shared/host/node/typescript-checker'
import { CheckingRoom } from '#shared/sandbox/checking-room'
import { findProgram } from '#shared/sandbox/find-program'
import { projectCacheFolder } from '#shared/sandbox/project-caches'

/** Programs outside of kode that are asked about a change. */
export interface OutsideJudges {
  /** For the gate `static_analysis`, which runs only with them. */
  checkers?: readonly ProjectChecker[]
  /** For the gate `sandbox`, which runs only with one. */
  tests?: TestRunner
  /** For the gate `browser`, which runs only with one. */
  page?: PageCheck
  /** A security scanner of the user's own, asked by the gate `security`. */
  scanner?: SecurityScanner
}

export interface JudgesWanted {
  /** The languages' own checkers. */
  checkers: boolean
  /** The tests that a change touches. */
  tests: boolean
  /** The project's page, in a browser. */
  page?: PageWish
}

/** The programs of this machine that judge changes of a project. */
export async function outsideJudges(
  { checkers, tests, page }: JudgesWanted,
  root: string,
  files: FileSystem,
  paths: KodePaths,
): Promise<OutsideJudges> {
  const scanner = scannerFor(root, paths.home, process.env)
  const roomFor = roomsOf(root, files, paths)
  return {
    ...(checkers && { checkers: checkersOf(root, files, paths, roomFor) }),
    ...(tests && { tests: projectTests(root, files, () => roomFor('tests', () => true)) }),
    ...(page && { page: await pageCheck(page, root, files, paths, roomFor) }),
    ...(scanner && { scanner }),
  }
}

type RoomFor = (name: string, isWanted: (path: string) => boolean, net?: 'loopback' | 'none') => CheckingRoom

/** Rooms where code of the project may run: on a copy, in a sandbox that reaches nobody. */
function roomsOf(root: string, files: FileSystem, paths: KodePaths): RoomFor {
  const { env } = process
  const openSandbox = async (room: string, net: 'loopback' | 'none') => {
    const sandbox = await import('#shared/sandbox/open')
    const common = { processes: nodeProcesses(), env, home: paths.home, stateFolder: paths.config }
    return sandbox.openSandbox({ ...common, root: room, net, useSandbox: true })
  }
  const common = { root, cacheFolder: paths.cache, files }
  return (name, isWanted, net = 'none') =>
    new CheckingRoom({ ...common, name, isWanted, openSandbox: room => openSandbox(room, net) })
}

async function pageCheck(
  wish: PageWish,
  root: string,
  files: FileSystem,
  paths: KodePaths,
  roomFor: RoomFor,
): Promise<PageCheck> {
  const [{ projectPage }, { findBrowser }] = await Promise.all([
    import('#shared/gates/browser/project-page'),
    import('#shared/gates/browser/find-browser'),
  ])
  const browser = findBrowser(root, paths.home, process.env)
  return projectPage(wish, files, { root, browser, openRoom: () => roomFor('page', () => true, 'loopback') })
}

/** The languages' own checkers; each says itself when it cannot be had here. */
function checkersOf(root: string, files: FileSystem, paths: KodePaths, roomFor: RoomFor): ProjectChecker[] {
  const { env } = process
  const programAt = (name: string) => findProgram(name, env.PATH, root)
  const cargo = {
    program: programAt('cargo'),
    // What was fetched outside, and what commands of the agent fetched.
    homes: [env.CARGO_HOME ?? join(paths.home, '.cargo'), join(projectCacheFolder(root, paths.home, env), 'cargo')],
  }
  const everyFile = () => true
  return [
    typeScriptChecker(root, new TypeScriptThread()),
    goChecker(root, new GoCommand(nodeProcesses(), programAt('go'), env), files),
    rustChecker(root, cargo, roomFor('rust', everyFile), files),
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
