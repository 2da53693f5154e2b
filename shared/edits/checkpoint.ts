import { join } from 'node:path'
import { countOf } from '#shared/base/count-of'
import { type FilePair, unifiedDiff } from '#shared/base/diff'
import { fail, ok, type Result } from '#shared/base/result'
import { ChangeJournal, type ChangeRecord, type RecordEntry, type RecordName } from './change-journal'
import type { EditProblem } from './change-set'
import { type FileImage, isSameImage, lookAt, type SeenImage } from './file-image'
import type { Landing } from './land'
import { problemOfFile } from './project-file'
import { decodeText } from './text-file'
import { type Door, landRecord, withJournal } from './write'

export interface UndoOptions {
  /** This turn and all after it; without it the last turn that is not undone yet. */
  turn?: number
  /** The turns with these ids, as sessions name them, and no other, instead of a number. */
  turnIds?: readonly string[]
  /** Only these of their files. */
  paths?: readonly string[]
  /** Leaves the turns after it alone. */
  only?: boolean
  /** Only tells what would happen. */
  dryRun?: boolean
  /** Also overwrites files that somebody else changed since. */
  force?: boolean
}

/** What was undone or redone; the data of `kode undo --json`. A stable contract; see undo.schema.json. */
export interface UndoReport {
  schema_version: 1
  kind: 'undo' | 'redo'
  dry_run: boolean
  /** The turns concerned, newest first; empty when there is nothing left. */
  turns: { turn: number; title: string; session_id?: string }[]
  files: { path: string; action: 'restored' | 'removed' | 'recreated' }[]
  /** Files left as they are. */
  kept: KeptFile[]
  /** For people. */
  message: string
}

export interface KeptFile {
  path: string
  reason: string
  /**
   * What would be lost: from what kode left to what is there now; where that is the same but may be the user's own
   * work, from what undo would make of it. Empty for a file that is not text.
   */
  diff: string
}

/** A turn that changed files. */
export interface TurnView {
  turn: number
  title: string
  session_id?: string
  /** Milliseconds since 1970, of its last change. */
  at: number
  state: 'applied' | 'undone'
  files: string[]
}

/** The turns that changed files in this project, oldest first. */
export async function listTurns(door: Door): Promise<Result<TurnView[], EditProblem>> {
  const journal = new ChangeJournal(door.journalFolder, door.files)
  const names = await journal.names()
  if (!names.ok) return fail(problemOfFile(names.error, door.journalFolder))
  const turns = new Map<number, TurnView>()
  for (const { record, isUndone } of standingChanges(await readAll(names.value, journal))) {
    const { number, title, sessionId } = record.turn
    const known = turns.get(number)
    const files = record.entries.map(entry => entry.path)
    turns.set(number, {
      turn: number,
      title,
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
      at: record.at,
      state: isUndone ? 'undone' : 'applied',
      files: [...new Set([...(known?.files ?? []), ...files])],
    })
  }
  return ok([...turns.values()])
}

/** Takes turns back: every file they changed is as it was before, exactly; except where somebody else changed it since. */
export async function undo(options: UndoOptions, door: Door): Promise<Result<UndoReport, EditProblem>> {
  return withJournal(door, async (journal, names) => {
    const changes = standingChanges(await readAll(names, journal))
    const isMeant = meaningOf(changes, options)
    const steps = changes
      .filter(({ record }) => isMeant(record))
      .map(({ record, standingPaths }): Step => {
        const paths = standingPaths.filter(path => options.paths?.includes(path) ?? true)
        return { record, paths, from: 'after', to: 'before' }
      })
      .filter(step => step.paths.length > 0)
      .toReversed()
    if (steps.length === 0) return ok(nothingLeft('undo', options))
    return travel('undo', steps, options, door, journal, names)
  })
}

/** Which records the options mean; without any, those of the last turn that can be undone. */
function meaningOf(
  changes: readonly StandingChange[],
  { turn, turnIds, only, force }: UndoOptions,
): (record: ChangeRecord) => boolean {
  if (turnIds) return record => turnIds.includes(record.turn.id)
  // What an undo kept is what the next one with force is about.
  const isOpen = (change: StandingChange) => (force ? change.standingPaths.length > 0 : !change.isUndone)
  const wanted = turn ?? changes.findLast(isOpen)?.record.turn.number
  if (wanted === undefined) return () => false
  return record => (only ? record.turn.number === wanted : record.turn.number >= wanted)
}

/** Brings back what the last undo took, or what a repair after a crash took back. */
export async function redo(
  options: Omit<UndoOptions, 'turn' | 'turnIds' | 'paths'>,
  door: Door,
): Promise<Result<UndoReport, EditProblem>> {
  return withJournal(door, async (journal, names) => {
    const steps = redoSteps(await readAll(names, journal))
    return steps.length === 0 ? ok(nothingLeft('redo', options)) : travel('redo', steps, options, door, journal, names)
  })
}

/** Damaged records are left out: each costs only itself. */
async function readAll(names: readonly RecordName[], journal: ChangeJournal): Promise<ChangeRecord[]> {
  const records = await Promise.all(names.map(name => journal.read(name)))
  return records.filter(record => record !== undefined)
}

/** A change on record and what still stands of it. */
export interface StandingChange {
  record: ChangeRecord
  /** It was undone, perhaps but for files that were kept. */
  isUndone: boolean
  standingPaths: string[]
}

/** The changes among records, in their order, each with what undo has left of it. */
export function standingChanges(records: readonly ChangeRecord[]): StandingChange[] {
  const changes = new Map<string, StandingChange>()
  for (const record of records) {
    if (record.kind === 'change' || record.kind === 'shell') {
      if (record.state === 'pending') continue
      const isUndone = record.state === 'undone'
      changes.set(record.id, { record, isUndone, standingPaths: isUndone ? [] : record.entries.map(each => each.path) })
      continue
    }
    if (record.state !== 'done') continue
    for (const target of record.targets) {
      const change = changes.get(target.id)
      if (!change) continue
      change.standingPaths =
        record.kind === 'undo'
          ? change.standingPaths.filter(path => !target.paths.includes(path))
          : [...change.standingPaths, ...target.paths]
      change.isUndone = record.kind === 'undo' && (!record.isPartial || change.standingPaths.length === 0)
    }
  }
  return [...changes.values()]
}

/** What the newest undo took away and no redo has brought back; a change made since then ends the way forward. */
function redoSteps(records: readonly ChangeRecord[]): Step[] {
  const undone: Step[][] = []
  for (const record of records) {
    if (record.state === 'undone') {
      undone.push([{ record, paths: record.entries.map(each => each.path), from: 'before', to: 'after' }])
    } else if (record.kind === 'undo') {
      undone.push(stepsOf(record, records))
    } else if (record.kind === 'redo') {
      undone.pop()
    } else {
      undone.length = 0
    }
  }
  return undone.at(-1) ?? []
}

function stepsOf(undoing: ChangeRecord, records: readonly ChangeRecord[]): Step[] {
  // Undo goes from new to old, redo the other way.
  return undoing.targets.toReversed().flatMap(({ id, paths }): Step[] => {
    const record = records.find(each => each.id === id)
    return record ? [{ record, paths, from: 'before', to: 'after' }] : []
  })
}

/** One record, walked in one direction. */
interface Step {
  record: ChangeRecord
  paths: string[]
  from: 'before' | 'after'
  to: 'before' | 'after'
}

/** Where one path is to be, after all steps. */
interface Journey {
  path: string
  /** What kode left there. */
  left: FileImage
  goal: FileImage
  /** Somebody changed it between two of the records. */
  isBroken: boolean
  /** Why a record that is to be undone may hold somebody else's work. */
  doubt?: string
}

async function travel(
  kind: 'undo' | 'redo',
  steps: readonly Step[],
  options: UndoOptions,
  door: Door,
  journal: ChangeJournal,
  names: readonly RecordName[],
): Promise<Result<UndoReport, EditProblem>> {
  const journeys = await planJourneys(steps, journal)
  if (!journeys.ok) return journeys
  const files = door.files.confinedTo(door.root)
  const landing: Landing[] = []
  const kept: KeptFile[] = []
  for (const journey of journeys.value) {
    const absolute = join(door.root, journey.path)
    const seen = await lookAt(absolute, files)
    const reason = seen.ok ? reasonToKeep(journey, seen.value, options.force ?? false) : seen.error.message
    if (!seen.ok || reason !== undefined) {
      kept.push({ path: journey.path, reason: reason ?? '', diff: seen.ok ? lossDiff(journey, seen.value.image) : '' })
    } else if (!isSameImage(seen.value.image, journey.goal)) {
      const version = seen.value.image.kind === 'folder' ? undefined : seen.value.version
      landing.push({ path: journey.path, before: seen.value.image, after: journey.goal, version })
    }
  }
  const report = reportOf(kind, steps, landing, kept, options)
  if (options.dryRun) return ok(report)
  const keptPaths = new Set(kept.map(each => each.path))
  const record = {
    kind,
    turn: steps[0]!.record.turn,
    at: door.now(),
    entries: landing.map(({ path, before, after }): RecordEntry => ({ path, before, after })),
    targets: steps.map(step => ({ id: step.record.id, paths: step.paths.filter(path => !keptPaths.has(path)) })),
    folderModes: Object.assign({}, ...steps.map(step => step.record.folderModes)),
    ...(options.paths && { isPartial: true }),
  }
  const landed = await landRecord(record, landing, door, journal, names)
  return landed.ok ? ok(report) : landed
}

async function planJourneys(steps: readonly Step[], journal: ChangeJournal): Promise<Result<Journey[], EditProblem>> {
  const journeys = new Map<string, Journey>()
  for (const { record, paths, from, to } of steps) {
    const full = await journal.withContents(record)
    if (!full.ok) return fail(problemOfFile(full.error, `the record of turn ${record.turn.number}`))
    for (const entry of full.value.entries) {
      if (!paths.includes(entry.path)) continue
      const known = journeys.get(entry.path)
      journeys.set(entry.path, {
        path: entry.path,
        left: known?.left ?? entry[from],
        goal: entry[to],
        isBroken: known !== undefined && (known.isBroken || !isSameImage(known.goal, entry[from])),
        ...doubtOf(to === 'before' ? record.doubt : undefined, known),
      })
    }
  }
  return ok([...journeys.values()])
}

function doubtOf(doubt: string | undefined, known: Journey | undefined): { doubt?: string } {
  const either = doubt ?? known?.doubt
  return either === undefined ? {} : { doubt: either }
}

function reasonToKeep(journey: Journey, seen: SeenImage, force: boolean): string | undefined {
  if (isSameImage(seen.image, journey.goal)) return undefined
  if (journey.goal.kind === 'file' && !journey.goal.bytes) return 'it was too large to keep a copy of'
  if (force) return undefined
  if (!isSameImage(seen.image, journey.left)) {
    return seen.image.kind === 'absent' ? 'it was removed since' : 'it was changed since'
  }
  if (journey.isBroken) return 'it was changed by somebody else between these turns'
  return journey.doubt
}

function lossDiff(journey: Journey, current: FileImage): string {
  const left = isSameImage(journey.left, current) ? journey.goal : journey.left
  const before = textOf(left)
  const after = textOf(current)
  const pair: FilePair = { path: journey.path }
  if (before !== undefined) pair.before = before
  if (after !== undefined) pair.after = after
  const isOtherMode = left.kind === 'file' && current.kind === 'file' && left.mode !== current.mode
  if (isOtherMode && left.mode !== undefined && current.mode !== undefined) pair.mode = current.mode
  return unifiedDiff([pair])
}

function textOf(image: FileImage): string | undefined {
  return image.kind === 'file' && image.bytes ? decodeText(image.bytes)?.text : undefined
}

function reportOf(
  kind: 'undo' | 'redo',
  steps: readonly Step[],
  landing: readonly Landing[],
  kept: KeptFile[],
  options: UndoOptions,
): UndoReport {
  const turns = new Map<number, UndoReport['turns'][number]>()
  for (const { record } of steps) {
    const { number, title, sessionId } = record.turn
    turns.set(number, { turn: number, title, ...(sessionId === undefined ? {} : { session_id: sessionId }) })
  }
  const files = landing.map(({ path, before, after }): UndoReport['files'][number] => {
    if (after.kind === 'absent') return { path, action: 'removed' }
    return { path, action: before.kind === 'absent' ? 'recreated' : 'restored' }
  })
  const report = {
    schema_version: 1 as const,
    kind,
    dry_run: options.dryRun ?? false,
    turns: [...turns.values()],
    files,
    kept,
  }
  return { ...report, message: messageOf(report) }
}

function messageOf({ kind, dry_run, turns, files, kept }: Omit<UndoReport, 'message'>): string {
  const verb = kind === 'undo' ? ['Undid', 'Would undo'] : ['Redid', 'Would redo']
  const which = turns.length === 1 ? `turn ${turns[0]!.turn}` : `turns ${turns.map(each => each.turn).join(', ')}`
  const advice = kept.length > 0 ? ` Kept ${countOf(kept.length, 'file')} that changed since; --force overwrites.` : ''
  return `${verb[dry_run ? 1 : 0]} ${which}: ${countOf(files.length, 'file')}.${advice}`
}

function nothingLeft(kind: 'undo' | 'redo', options: UndoOptions): UndoReport {
  const what =
    options.turn === undefined ? `Nothing left to ${kind}.` : `There is nothing of turn ${options.turn} to ${kind}.`
  return { schema_version: 1, kind, dry_run: options.dryRun ?? false, turns: [], files: [], kept: [], message: what }
}
