import { join } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import { ChangeJournal, turnKeyOf } from '#shared/edits/change-journal'
import type { EditProblem } from '#shared/edits/change-set'
import { undo } from '#shared/edits/checkpoint'
import { emptyFolders, removeEmptied } from '#shared/edits/empty-folders'
import { problemOfFile } from '#shared/edits/project-file'
import type { WorkspaceScanner } from '#shared/edits/scan'
import type { Cause, Door } from '#shared/edits/write'

/**
 * A change on trial: it lands, its tests run, and then it is kept or taken back, with all that the tests wrote. Until one of
 * the two is done, a mark on the disk says so: whoever starts next after a crash takes the change back.
 */
export class Trial {
  readonly #door: Door
  readonly #mark: Mark
  #release: (() => Promise<void>) | undefined

  private constructor(door: Door, mark: Mark, release: () => Promise<void>) {
    this.#door = door
    this.#mark = mark
    this.#release = release
  }

  /** @returns `busy` while another process has a change on trial in this project */
  static async begin(cause: Cause, door: Door): Promise<Result<Trial, EditProblem>> {
    const lock = await door.files.lock(folderOf(door), 0)
    if (!lock.ok) {
      const message = 'Another kode tests this project. Wait for it, or end it.'
      return fail({ kind: 'busy', path: '', message })
    }
    const mark: Mark = { cause, emptyFolders: await emptyFolders(door.root, door.files) }
    const marked = await door.files.replace(markOf(door), Buffer.from(JSON.stringify(mark)), 0o600)
    if (marked.ok) return ok(new Trial(door, mark, lock.value))
    await lock.value()
    return fail(problemOfFile(marked.error, marked.error.path))
  }

  /** The change stays. From here on a crash changes nothing any more. */
  async keep(): Promise<void> {
    await this.#end()
  }

  /** Every file is as it was before the trial, exactly. */
  async takeBack(): Promise<Result<void, EditProblem>> {
    const undone = await takeBack(this.#mark, this.#door)
    // A change that could not be taken back stays marked: the next start tries again.
    if (undone.ok) await this.#end()
    return undone
  }

  async #end(): Promise<void> {
    await this.#door.files.remove(markOf(this.#door))
    await this.#release?.()
    this.#release = undefined
  }
}

/**
 * Takes back what a dead process had on trial.
 *
 * @returns the title of that work; undefined when there was none
 */
export async function recoverTrial(
  door: Door,
  scanner: WorkspaceScanner,
): Promise<Result<string | undefined, EditProblem>> {
  if (!(await door.files.lstat(markOf(door))).ok) return ok(undefined)
  const lock = await door.files.lock(folderOf(door), 0)
  // It is alive.
  if (!lock.ok) return ok(undefined)
  try {
    const bytes = await door.files.read(markOf(door))
    const mark = bytes.ok ? parseMark(bytes.value) : undefined
    if (!mark) return ok(undefined)
    const { cause } = mark
    // A look finds what the interrupted tests wrote and records it under the same turn.
    const watch = await scanner.begin(cause)
    const looked = watch.ok ? await watch.value.finish() : watch
    const undone = looked.ok ? await takeBack(mark, door) : looked
    if (!undone.ok) return undone
    await door.files.remove(markOf(door))
    return ok(cause.title)
  } finally {
    await lock.value()
  }
}

async function takeBack(mark: Mark, door: Door): Promise<Result<void, EditProblem>> {
  const undone = await undoTurn(mark.cause.turnId, door)
  if (!undone.ok) return undone
  const known = new Set(mark.emptyFolders)
  for (const folder of await emptyFolders(door.root, door.files)) {
    if (!known.has(folder)) await removeEmptied(folder, door.root, door.files.confinedTo(door.root))
  }
  return undone
}

async function undoTurn(turnId: string, door: Door): Promise<Result<void, EditProblem>> {
  const names = await new ChangeJournal(door.journalFolder, door.files).names()
  if (!names.ok) return fail(problemOfFile(names.error, door.journalFolder))
  const turn = names.value.find(record => record.turnKey === turnKeyOf(turnId))?.turnNumber
  // Nothing landed yet.
  if (turn === undefined) return ok(undefined)
  const undone = await undo({ turn, only: true, force: true }, door)
  if (!undone.ok) return undone
  const [kept] = undone.value.kept
  return kept ? fail({ kind: 'other', path: kept.path, message: `${kept.path}: ${kept.reason}` }) : ok(undefined)
}

function folderOf(door: Door): string {
  return join(door.journalFolder, 'trial')
}

function markOf(door: Door): string {
  return join(door.journalFolder, 'trial.json')
}

const markSchema = v.object({
  cause: v.object({ turnId: v.string(), title: v.string() }),
  /** Those that were there before; relative to the project. */
  emptyFolders: v.array(v.string()),
})
type Mark = v.InferOutput<typeof markSchema>

function parseMark(bytes: Uint8Array): Mark | undefined {
  try {
    const parsed = v.safeParse(markSchema, JSON.parse(Buffer.from(bytes).toString('utf8')))
    return parsed.success ? parsed.output : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
