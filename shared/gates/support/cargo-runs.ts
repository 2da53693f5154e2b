import type { Result } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import type { Unknown } from '#shared/languages/language'
import { unknown } from '#shared/languages/support/syntax-verdict'
import type { CheckingRoom, RoomAnswer } from '#shared/sandbox/checking-room'
import { type CargoAnswer, NOT_DOWNLOADED, readCargoAnswer, reasonIn } from './cargo-answer'
import { packageOf, readWorkspace, withUsers } from './cargo-workspace'
import type { ProjectState } from './change-states'

/** What cargo needs of the machine. */
export interface CargoProgram {
  /** Absolute; undefined when there is none. */
  program: string | undefined
  /** Folders in which cargo may have downloaded crates, the likeliest first. */
  homes: readonly string[]
}

/** Crates that are checked together. */
export interface Crates {
  /** Relative to the project; where the workspace's manifest is. */
  workspace: string
  names: readonly string[]
}

/** Cargo without network, on one state of a project at a time. */
export class CargoRuns {
  readonly #cargo: CargoProgram
  readonly #room: CheckingRoom
  #keepsGoing = true

  constructor(cargo: CargoProgram, room: CheckingRoom) {
    this.#cargo = cargo
    this.#room = room
  }

  /** The crates that some files belong to and those that need them, by workspace; files outside of every crate are left out. */
  async cratesAround(
    paths: readonly string[],
    state: ProjectState,
    signal: AbortSignal,
  ): Promise<{ kind: 'found'; crates: readonly Crates[] } | Unknown> {
    const crates: Crates[] = []
    let left = paths
    for (let [path] = left; path !== undefined; [path] = left) {
      left = left.slice(1)
      const folder = await folderWith('Cargo.toml', path, state)
      if (folder === undefined) continue
      const ran = await this.#run(
        'metadata --offline --no-deps --format-version 1',
        this.#cargo.homes[0] ?? '',
        folder,
        state,
        signal,
      )
      if (!ran.ok) return unknown(ran.error)
      const workspace = readWorkspace(ran.value.answer, this.#room.project)
      if (!workspace) return unknown(reasonIn(ran.value.stderr))
      const own = new Set([path, ...left].flatMap(each => packageOf(each, workspace) ?? []))
      left = left.filter(each => !packageOf(each, workspace))
      const names = [...withUsers(own, workspace)].map(({ name }) => name)
      if (names.length > 0) crates.push({ workspace: workspace.folder, names })
    }
    return crates.length > 0 ? { kind: 'found', crates } : unknown(`no crate has ${paths[0]}`)
  }

  /** Tests, examples and benches too. */
  async check(crates: Crates, state: ProjectState, signal: AbortSignal): Promise<CargoAnswer | Unknown> {
    let answer: CargoAnswer | Unknown = unknown('cargo has no home folder')
    for (const home of this.#cargo.homes) {
      answer = await this.#checkFrom(home, crates, state, signal)
      if (answer.kind === 'judged' || answer.reason !== NOT_DOWNLOADED) return answer
    }
    return answer
  }

  async #checkFrom(
    home: string,
    { workspace, names }: Crates,
    state: ProjectState,
    signal: AbortSignal,
  ): Promise<CargoAnswer | Unknown> {
    const packages = names.map(name => `-p ${shellWord(name)}`).join(' ')
    const args = `check --offline --all-targets --message-format=json --quiet ${packages}`
    let ran = await this.#run(this.#keepsGoing ? `${args} --keep-going` : args, home, workspace, state, signal)
    if (ran.ok && this.#keepsGoing && ran.value.stderr.includes('--keep-going')) {
      // Before Rust 1.74; what comes after the first crate with an error is not seen then.
      this.#keepsGoing = false
      ran = await this.#run(args, home, workspace, state, signal)
    }
    return ran.ok ? readCargoAnswer(ran.value, this.#room.project, workspace) : unknown(ran.error)
  }

  #run(
    args: string,
    home: string,
    folder: string,
    { texts }: ProjectState,
    signal: AbortSignal,
  ): Promise<Result<RoomAnswer, string>> {
    const settings = `CARGO_HOME=${shellWord(home)} CARGO_TARGET_DIR="$ROOM/target" CARGO_TERM_COLOR=never`
    const command = `${settings} exec ${shellWord(this.#cargo.program ?? 'cargo')} ${args}`
    return this.#room.run({ texts, command, folder, timeoutMs: TIMEOUT_MS, signal })
  }
}

const TIMEOUT_MS = 110_000

/** The nearest folder above a file that has a file of this name. */
async function folderWith(name: string, path: string, state: ProjectState): Promise<string | undefined> {
  let folder = path
  while (folder !== '') {
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))
    if (await state.has(folder === '' ? name : `${folder}/${name}`)) return folder
  }
  return undefined
}
