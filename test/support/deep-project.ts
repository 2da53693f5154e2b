import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CodeIndex } from '#shared/code-index/code-index'
import type { ProjectChecker } from '#shared/gates/project-checker'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { Languages } from '#shared/languages/registry'
import type { GateResult } from '#shared/protocol/gate-report'
import { CheckingRoom } from '#shared/sandbox/checking-room'
import { openSandbox } from '#shared/sandbox/open'
import { changeSetOf } from './memory-project'

const files = nodeFiles()
const languages = new Languages(readAsset)

/** A project on the disk that a deep checker judges changes of, in a room with a real sandbox. */
export class DeepProject {
  /** Absolute, links resolved. */
  readonly root: string
  readonly room: CheckingRoom
  readonly #outside: string
  readonly #texts: Readonly<Record<string, string>>

  constructor(
    texts: Readonly<Record<string, string>>,
    isWanted: (path: string) => boolean = () => true,
    useSandbox = true,
  ) {
    this.#outside = realpathSync(mkdtempSync(join(tmpdir(), 'kode-deep-')))
    this.root = join(this.#outside, 'project')
    this.#texts = texts
    for (const [path, text] of Object.entries(texts)) this.write(path, text)
    const common = { stateFolder: join(this.#outside, 'state'), processes: nodeProcesses(), env: process.env }
    this.room = new CheckingRoom({
      root: this.root,
      cacheFolder: join(this.#outside, 'cache'),
      name: 'test',
      isWanted,
      files,
      openSandbox: room => openSandbox({ ...common, root: room, net: 'none', useSandbox }),
    })
  }

  /** Puts a folder where the sandbox sees it: a checkout below /tmp is hidden there. @returns where it is now */
  install(folder: string): string {
    const place = join(dirname(this.room.project), 'installed')
    if (!existsSync(place)) cpSync(folder, place, { recursive: true })
    return place
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text)
  }

  /** What the gate `static_analysis` says of a change; null deletes a file. */
  async judge(checker: ProjectChecker, change: Record<string, string | null>): Promise<GateResult | undefined> {
    const index = new CodeIndex({ root: this.root, files, languages })
    await index.refresh()
    const report = await runGates(
      changeSetOf(this.#texts, change),
      projectViewOf(files, this.root),
      { blockArchitecture: false, architectureRules: [], runAll: true, only: ['static_analysis'] },
      new AbortController().signal,
      { languages, index: async () => index, checkers: [checker], now: () => performance.now() },
    )
    return report.results.find(result => result.check_name === 'static_analysis')
  }

  remove(): void {
    this.room.close()
    rmSync(this.#outside, { recursive: true, force: true })
  }
}

/** Findings as `code file:line message`, sorted. */
export function findingLines(result: GateResult | undefined): string[] {
  const found = result?.findings ?? []
  return found
    .map(({ id, file, line, message }) => `${id.slice('static_analysis/'.length)} ${file}:${line} ${message}`)
    .sort()
}
