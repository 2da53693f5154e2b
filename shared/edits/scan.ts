import { join } from 'node:path'
import * as v from 'valibot'
import { type FilePair, unifiedDiff } from '#shared/base/diff'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, WalkedFile } from '#shared/host/host'
import type { ChangeJournal, ChangeRecord, RecordEntry, RecordName, TurnOfRecord } from './change-journal'
import type { ChangeSet, EditProblem, FileChange } from './change-set'
import { ABSENT, type FileImage, isSameImage } from './file-image'
import { IgnoreRules } from './ignore-rules'
import { problemOfFile } from './project-file'
import { type FoundFile, ShadowCopy, toEntry } from './shadow-copy'
import { decodeText } from './text-file'
import { type Cause, type Door, turnFor, withJournal } from './write'

/** What a command changed in the workspace. */
export interface CommandChanges {
  files: ChangedByCommand[]
  /** The text files among them, as the gates want them. */
  changes: ChangeSet
  /** The number that `undo` knows the turn by; absent when nothing changed. */
  turn?: number
}

export interface ChangedByCommand {
  path: string
  status: 'created' | 'modified' | 'deleted'
  /** False where the old content was too large to keep. */
  isUndoable: boolean
  /** Empty for what is not text. */
  diff: string
}

/** A command that may change files; from before it starts until it ended. */
export interface CommandWatch {
  /** What an earlier command did that a crash cut off; recorded under its own turn. */
  leftBehind?: CommandChanges
  /** Looks again, records what changed so that it can be undone, and tells it. */
  finish(): Promise<Result<CommandChanges, EditProblem>>
}

/** A command that goes on beside the conversation; from before it starts until it ended. */
export interface BesideWatch {
  /** Looks once more; to be called when the command has ended. Tells everything it changed. */
  finish(): Promise<Result<CommandChanges, EditProblem>>
}

/** A file with more is noticed when it changes, but not kept. */
const MOST_KEPT_EACH = 8 * 1024 * 1024
const MOST_KEPT_IN_ALL = 1024 * 1024 * 1024

/**
 * Finds out what commands change in a project, by comparing before and after. One per project and process; the first
 * look reads every file that is not ignored, later ones only what looks different.
 */
export class WorkspaceScanner {
  readonly #door: Door
  readonly #shadow: ShadowCopy
  /** What was ignored at the last look. */
  #rules: IgnoreRules | undefined
  /** Of the newest record at the last look; later ones are kode's own writes. */
  #lastSequence: number | undefined
  /** The last look found no file at all; an empty shadow copy alone may also be one that was lost. */
  #sawNothing = false
  /** Commands that run now, oldest first. */
  readonly #running: RunningCommand[] = []
  /** Those that go on beside the conversation, oldest first. */
  readonly #beside: BesideCommand[] = []
  #releaseMark: (() => Promise<void>) | undefined
  /** Whom the mark names, and with what doubt. */
  #marked = ''
  #queue: Promise<unknown> = Promise.resolve()

  constructor(door: Door) {
    this.#door = door
    this.#shadow = new ShadowCopy(join(door.journalFolder, 'shadow'), door.files)
  }

  /** To be called before a command that may write. What changed since the last look is taken as the user's work. */
  begin(cause: Cause): Promise<Result<CommandWatch, EditProblem>> {
    return this.#inTurn(async () => {
      const leftBehind = await this.#lookBefore()
      if (!leftBehind.ok) return leftBehind
      const command: RunningCommand = { cause, changed: [] }
      this.#running.push(command)
      await this.#markRunning()
      const watch: CommandWatch = { finish: () => this.#inTurn(() => this.#finish(command)) }
      return ok(leftBehind.value ? { ...watch, leftBehind: leftBehind.value } : watch)
    })
  }

  /**
   * To be called before a command that goes on when its call has returned. What changes until the turn ends, and nothing
   * else is known to have changed it, is its work; later it may as well be the user's, so undo asks before it touches that.
   *
   * @param isAlone nobody else works in the project, so that later changes are its work too
   * @param onFound told what it changed whenever a look has found something
   */
  beginBeside(
    cause: Cause,
    command: string,
    isAlone: boolean,
    onFound: (changes: CommandChanges) => void = () => undefined,
  ): Promise<Result<BesideWatch, EditProblem>> {
    return this.#inTurn(async () => {
      const looked = await this.#lookBefore()
      if (!looked.ok) return looked
      const beside: BesideCommand = { cause, command, isAlone, onFound, isTurnOver: false, changed: [] }
      this.#beside.push(beside)
      await this.#markRunning()
      return ok({ finish: () => this.#inTurn(() => this.#finishBeside(beside)) })
    })
  }

  /** To be called when a turn ends: what the commands it left running have changed so far is theirs. */
  endTurn(turnId: string): Promise<Result<void, EditProblem>> {
    return this.#inTurn(async () => {
      const ofTurn = this.#beside.filter(each => each.cause.turnId === turnId && !each.isTurnOver)
      const newest = ofTurn.at(-1)
      if (!newest) return ok(undefined)
      const looked = await this.#lookFor(newest)
      for (const each of ofTurn) each.isTurnOver = true
      await this.#markRunning()
      return looked
    })
  }

  async #finishBeside(beside: BesideCommand): Promise<Result<CommandChanges, EditProblem>> {
    const looked = await this.#lookFor(beside)
    this.#beside.splice(this.#beside.indexOf(beside), 1)
    await this.#markRunning()
    return looked.ok ? ok(describe(beside.changed)) : looked
  }

  /** What is seen now is the work of a command that runs on its own. */
  async #lookFor(command: RunningCommand | BesideCommand): Promise<Result<void, EditProblem>> {
    const looked = await this.#look(command.cause, doubtAbout(command))
    if (!looked.ok) return looked
    command.changed.push(...looked.value)
    if ('onFound' in command && looked.value.length > 0) command.onFound(describe(looked.value))
    return ok(undefined)
  }

  async #lookBefore(): Promise<Result<CommandChanges | undefined, EditProblem>> {
    // What is seen while another command runs is that command's work.
    const earlier = this.#running[0] ?? this.#beside.at(-1)
    if (earlier) {
      const looked = await this.#lookFor(earlier)
      return looked.ok ? ok(undefined) : looked
    }
    const interrupted = await this.#takeMark()
    if (interrupted) this.#lastSequence = interrupted.sequence
    const looked = await this.#look(interrupted?.cause, interrupted?.doubt)
    if (!looked.ok) return looked
    return ok(looked.value.length > 0 ? describe(looked.value) : undefined)
  }

  async #finish(command: RunningCommand): Promise<Result<CommandChanges, EditProblem>> {
    const looked = await this.#look(command.cause)
    const index = this.#running.indexOf(command)
    if (index !== -1) this.#running.splice(index, 1)
    await this.#markRunning()
    return looked.ok ? ok(describe([...command.changed, ...looked.value])) : looked
  }

  /** Looks at every file; with a cause, what changed is recorded under it. */
  #look(cause: Cause | undefined, doubt?: string): Promise<Result<Recorded[], EditProblem>> {
    return withJournal(this.#door, async (journal, records) => {
      const refreshed = await this.#shadow.refresh()
      if (!refreshed.ok) return this.#cannot(refreshed.error)
      if (this.#shadow.isWasteful && cause === undefined) await this.#shadow.clear()
      const isFirstLook = this.#shadow.isEmpty && !this.#sawNothing
      this.#sawNothing = false
      const differences = await this.#compare()
      if (!differences.ok) return differences
      const { different, gone, rules } = differences.value
      const looked =
        cause && !isFirstLook
          ? await this.#recordAndNote({ cause, different, gone, rules, doubt }, journal, records)
          : await this.#noteInPieces(different, gone)
      if (!looked.ok) return this.#cannot(looked.error)
      this.#sawNothing = this.#shadow.isEmpty
      this.#rules = rules
      this.#lastSequence = (records.at(-1)?.sequence ?? 0) + (looked.value.length > 0 ? 1 : 0)
      return looked
    })
  }

  /** What changed is recorded under its cause, and then known. */
  async #recordAndNote(
    { cause, different, gone, rules, doubt }: Differences & { cause: Cause; doubt: string | undefined },
    journal: ChangeJournal,
    records: readonly RecordName[],
  ): Promise<Result<Recorded[], FileError>> {
    const found = await this.#readAll(different)
    const entries = await this.#changesOf(found, gone, rules, journal, records)
    const turn = entries.length > 0 ? turnFor(cause, records) : undefined
    if (turn) {
      // Before the shadow copy knows of it: a crash between the two would make it the user's own work.
      const recorded = await this.#record({ entries, turn, ...(doubt !== undefined && { doubt }) }, journal, records)
      if (!recorded.ok) return recorded
    }
    const noted = await this.#shadow.note(found, gone)
    if (!noted.ok) return noted
    return ok(turn ? entries.map(entry => ({ entry, turn: turn.number })) : [])
  }

  /** What is nobody's work but the user's is only noted; a large project is never in memory as a whole. */
  async #noteInPieces(
    different: readonly WalkedFile[],
    gone: readonly string[],
  ): Promise<Result<Recorded[], FileError>> {
    for (const piece of piecesOf(different)) {
      const noted = await this.#shadow.note(await this.#readAll(piece), [])
      if (!noted.ok) return noted
    }
    const noted = await this.#shadow.note([], gone)
    return noted.ok ? ok([]) : noted
  }

  async #record(
    seen: { entries: RecordEntry[]; turn: TurnOfRecord; doubt?: string },
    journal: ChangeJournal,
    earlier: readonly RecordName[],
  ): Promise<Result<ChangeRecord, FileError>> {
    const common = { kind: 'shell' as const, at: this.#door.now(), targets: [], madeFolders: [], folderModes: {} }
    const begun = await journal.begin({ ...common, ...seen }, earlier)
    return begun.ok ? journal.settle(begun.value, 'done') : begun
  }

  /** What is not as the shadow copy knows it. */
  async #compare(): Promise<Result<Differences, EditProblem>> {
    const { root, files } = this.#door
    const rules = await IgnoreRules.above(root, files)
    const walked = await files.walk(root, {
      enters: (path, names) => rules.enters(path, names),
      includes: path => rules.includes(path),
    })
    if (!walked.ok) return this.#cannot(walked.error)
    const present = new Set<string>()
    const different: WalkedFile[] = []
    for (const file of walked.value) {
      present.add(file.path)
      if (file.type !== 'other' && this.#shadow.entry(file.path)?.version !== file.version) different.push(file)
    }
    const gone: string[] = []
    for (const path of this.#shadow.paths) {
      // Not seen may also mean that it is ignored by now.
      if (!present.has(path) && !(await files.lstat(join(root, path))).ok) gone.push(path)
    }
    return ok({ different, gone, rules })
  }

  async #readAll(walked: readonly WalkedFile[]): Promise<FoundFile[]> {
    const { root, files } = this.#door
    const found: FoundFile[] = []
    const byPath = new Map(walked.map(file => [join(root, file.path), file]))
    const plain = [...byPath].filter(([, file]) => file.type === 'file').map(([path]) => path)
    let room = MOST_KEPT_IN_ALL - this.#shadow.keptBytes
    await files.readMany(plain, MOST_KEPT_EACH, (path, read) => {
      const file = byPath.get(path)
      if (!file) return
      room -= read.ok ? read.value.length : 0
      found.push(read.ok && room > 0 ? { file, bytes: read.value.slice() } : { file })
    })
    for (const [path, file] of byPath) {
      if (file.type !== 'symlink') continue
      const target = await files.readLink(path)
      if (target.ok) found.push({ file, link: target.value })
    }
    return found
  }

  async #changesOf(
    found: readonly FoundFile[],
    gone: readonly string[],
    rules: IgnoreRules,
    journal: ChangeJournal,
    records: readonly RecordName[],
  ): Promise<RecordEntry[]> {
    const own = await this.#ownWrites(journal, records)
    const entries: RecordEntry[] = []
    const add = async (path: string, after: FileImage) => {
      const known = this.#shadow.entry(path)
      // A file that was ignored until now is not new.
      if (!known && !own.has(path) && !(this.#rules ?? rules).reaches(path)) return
      const before = own.get(path) ?? (known ? await this.#shadow.imageOf(known) : ABSENT)
      if (!isSameImage(before, after)) entries.push({ path, before, after })
    }
    for (const each of found) await add(each.file.path, imageOf(each))
    for (const path of gone) await add(path, ABSENT)
    return entries
  }

  /** What kode itself wrote since the last look, which no command did. */
  async #ownWrites(journal: ChangeJournal, records: readonly RecordName[]): Promise<Map<string, FileImage>> {
    const images = new Map<string, FileImage>()
    for (const record of records) {
      if (record.sequence <= (this.#lastSequence ?? Number.POSITIVE_INFINITY) || record.state !== 'done') continue
      const full = await journal.withContents(record)
      for (const entry of full.ok ? full.value.entries : []) images.set(entry.path, entry.after)
    }
    return images
  }

  get #markPath(): string {
    return join(this.#door.journalFolder, 'shadow', 'running.json')
  }

  /**
   * Claims the mark that says a command runs, and returns what it says of a command whose process died.
   * Where another living process has it, we do without.
   */
  async #takeMark(): Promise<Mark | undefined> {
    const lock = await this.#door.files.lock(join(this.#door.journalFolder, 'shadow', 'running'), 0)
    if (!lock.ok) return undefined
    this.#releaseMark = lock.value
    const bytes = await this.#door.files.read(this.#markPath)
    return bytes.ok ? parseMark(bytes.value) : undefined
  }

  /** Notes on the disk who is at work, for the next start in case of a crash. */
  async #markRunning(): Promise<void> {
    const command = this.#running[0] ?? this.#beside[0]
    if (!command) return this.#unmark()
    if (!this.#releaseMark) return
    const doubt = doubtAbout(command)
    const mark: Mark = {
      cause: command.cause,
      sequence: this.#lastSequence ?? 0,
      ...(doubt !== undefined && { doubt }),
    }
    const named = JSON.stringify([mark.cause, doubt])
    if (named === this.#marked) return
    await this.#door.files.replace(this.#markPath, Buffer.from(JSON.stringify(mark)), 0o600)
    this.#marked = named
  }

  async #unmark(): Promise<void> {
    if (!this.#releaseMark) return
    await this.#door.files.remove(this.#markPath)
    await this.#releaseMark()
    this.#releaseMark = undefined
    this.#marked = ''
  }

  /** Looks do not overlap within one process either. */
  #inTurn<T>(use: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(use)
    this.#queue = result.catch(() => undefined)
    return result
  }

  #cannot(error: FileError): { ok: false; error: EditProblem } {
    return fail(problemOfFile(error, error.path))
  }
}

interface RunningCommand {
  cause: Cause
  /** Seen before it ended. */
  changed: Recorded[]
}

interface BesideCommand extends RunningCommand {
  command: string
  isAlone: boolean
  onFound(changes: CommandChanges): void
  /** The user may have worked since. */
  isTurnOver: boolean
}

/** Files whose contents are in memory at the same time: so many, or so many bytes. */
const PIECE_FILES = 2_000
const PIECE_BYTES = 32 * 1024 * 1024

function* piecesOf(files: readonly WalkedFile[]): Generator<WalkedFile[]> {
  let piece: WalkedFile[] = []
  let bytes = 0
  for (const file of files) {
    piece.push(file)
    bytes += file.size
    if (piece.length < PIECE_FILES && bytes < PIECE_BYTES) continue
    yield piece
    piece = []
    bytes = 0
  }
  if (piece.length > 0) yield piece
}

function doubtAbout(command: RunningCommand | BesideCommand): string | undefined {
  if (!('isAlone' in command) || command.isAlone || !command.isTurnOver) return undefined
  return `it changed while "${command.command}" ran in the background; that may have been you`
}

interface Recorded {
  entry: RecordEntry
  turn: number
}

interface Differences {
  different: readonly WalkedFile[]
  gone: string[]
  rules: IgnoreRules
}

const markSchema = v.object({
  cause: v.object({ turnId: v.string(), sessionId: v.optional(v.string()), title: v.string() }),
  sequence: v.number(),
  doubt: v.optional(v.string()),
})
interface Mark {
  cause: Cause
  sequence: number
  doubt?: string
}

function parseMark(bytes: Uint8Array): Mark | undefined {
  try {
    const parsed = v.safeParse(markSchema, JSON.parse(Buffer.from(bytes).toString('utf8')))
    if (!parsed.success) return undefined
    const { turnId, title, sessionId } = parsed.output.cause
    const cause = { turnId, title, ...(sessionId === undefined ? {} : { sessionId }) }
    const { sequence, doubt } = parsed.output
    return { cause, sequence, ...(doubt !== undefined && { doubt }) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function imageOf(found: FoundFile): FileImage {
  if (found.link !== undefined) return { kind: 'link', target: found.link }
  const { hash, size, mode } = toEntry(found)
  return { kind: 'file', hash, size, mode, ...(found.bytes ? { bytes: found.bytes } : {}) }
}

function describe(recorded: readonly Recorded[]): CommandChanges {
  const turn = recorded[0]?.turn
  return {
    files: recorded.map(({ entry }) => ({
      path: entry.path,
      status: statusOf(entry),
      isUndoable: entry.before.kind !== 'file' || entry.before.bytes !== undefined,
      diff: diffOf(entry),
    })),
    changes: { id: newId(), files: recorded.flatMap(({ entry }) => textChange(entry) ?? []) },
    ...(turn === undefined ? {} : { turn }),
  }
}

function statusOf({ before, after }: RecordEntry): ChangedByCommand['status'] {
  if (before.kind === 'absent') return 'created'
  return after.kind === 'absent' ? 'deleted' : 'modified'
}

function diffOf({ path, before, after }: RecordEntry): string {
  const [oldText, newText] = [textOf(before), textOf(after)]
  if ([before, after].some((image, index) => image.kind !== 'absent' && [oldText, newText][index] === undefined))
    return ''
  const pair: FilePair = { path }
  if (oldText !== undefined) pair.before = oldText
  if (newText !== undefined) pair.after = newText
  const isOtherMode = before.kind === 'file' && after.kind === 'file' && before.mode !== after.mode
  if (isOtherMode && after.mode !== undefined) pair.mode = after.mode
  return unifiedDiff([pair])
}

function textOf(image: FileImage): string | undefined {
  return image.kind === 'file' && image.bytes ? decodeText(image.bytes)?.text : undefined
}

/** As if kode had proposed it; `undefined` where either side is not text. */
function textChange({ path, before, after }: RecordEntry): FileChange | undefined {
  const oldFile = before.kind === 'file' && before.bytes ? decodeText(before.bytes) : undefined
  const newText = textOf(after)
  if (before.kind !== 'absent' && !oldFile) return undefined
  if (after.kind !== 'absent' && newText === undefined) return undefined
  const common = { path, hunkIds: [] }
  if (!oldFile) return newText === undefined ? undefined : { ...common, kind: 'create', after: newText }
  const old = { before: oldFile.text, base: oldFile.base }
  return newText === undefined
    ? { ...common, kind: 'delete', ...old }
    : { ...common, kind: 'modify', ...old, after: newText }
}
