import { extname } from 'node:path'
import type { AuditEntry, AuditLog } from '#shared/audit/audit-log'
import { sleep } from '#shared/base/cancel'
import type { Result } from '#shared/base/result'
import type { CodeIndex } from '#shared/code-index/code-index'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import { listTurns, redo, type UndoOptions, undo } from '#shared/edits/checkpoint'
import { landedBytes, landedFiles } from '#shared/edits/landed'
import { type EditStep, readProposal } from '#shared/edits/proposal'
import { applyInMemory, type Proposed, unreadable } from '#shared/edits/proposed'
import { type BesideWatch, type CommandChanges, type CommandWatch, WorkspaceScanner } from '#shared/edits/scan'
import type { TurnPatch } from '#shared/edits/turn-patch'
import { type Cause, type Door, recoverInterrupted, type WrittenFiles, writeChanges } from '#shared/edits/write'
import type { GateSettings } from '#shared/gates/gate'
import { projectViewOf } from '#shared/gates/support/project-view'
import type { FileSystem } from '#shared/host/host'
import { type ProjectView, withoutChanges } from '#shared/languages/project-view'
import type { Languages } from '#shared/languages/registry'
import { GATE_NAMES, type GateReport } from '#shared/protocol/gate-report'
import type { OutsideJudges } from './outside-judges'
import { recoverTrial, Trial } from './trial'
import type { ProjectCode } from './vocabulary-source'

/** What the engine of one project needs. */
export interface ChangeEngineParts {
  /** Absolute, links resolved. */
  root: string
  /** Of the project around a change, for the gates. */
  files: FileSystem
  /** Changes are made from the texts it sees. */
  door: Door
  languages: Languages
  index: CodeIndex
  /** Asked for with the first change to judge. */
  outsideJudges(): Promise<OutsideJudges>
  gates: GateSettings
  audit: AuditLog
  /** Milliseconds, with fractions. */
  clock(): number
}

/** What others wrote meanwhile is noticed this late by the gates that look beyond the change; what kode writes, at once. */
const INDEX_AGE_MS = 5_000
/** An edit does not wait longer for the first reading of a project. */
const INDEX_PATIENCE_MS = 2_000

/** Judges and lands changes of one project: the same for the agent, the pipelines, and other programs. */
export class ChangeEngine {
  readonly #parts: ChangeEngineParts
  readonly #scanner: WorkspaceScanner
  /** Languages that are ready, or soon will be. */
  readonly #warmed = new Set<string>()
  #judges: OutsideJudges | undefined
  #indexedAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: ChangeEngineParts) {
    this.#parts = parts
    this.#scanner = new WorkspaceScanner(parts.door)
  }

  get gateSettings(): GateSettings {
    return this.#parts.gates
  }

  /** Where the project's code is read. */
  get code(): ProjectCode {
    const { root, files, languages, door } = this.#parts
    return { root, files, editorFiles: door.files, languages }
  }

  /** What planning needs of the project: its index, as fresh as can be had in time. */
  async project(signal: AbortSignal): Promise<{ index: CodeIndex; languages: Languages; project: ProjectView }> {
    const { root, files, index, languages } = this.#parts
    await this.#freshIndex(signal)
    return { index, languages, project: projectViewOf(files, root) }
  }

  /**
   * Repairs what a crash left half-landed, and takes back what it left on trial; must come before anything else is read.
   *
   * @param preferred what half-landed files become: as before the change, or as after it
   */
  async recover(preferred: 'old' | 'new' = 'old'): ReturnType<typeof recoverInterrupted> {
    const repaired = await recoverInterrupted(this.#parts.door, preferred)
    if (!repaired.ok) return repaired
    const trial = await recoverTrial(this.#parts.door, this.#scanner)
    return trial.ok ? repaired : trial
  }

  /** Lands changes under one cause until `keep` or `takeBack`; a crash in between takes them back at the next start. */
  startTrial(cause: Cause): Promise<Result<Trial, EditProblem>> {
    return Trial.begin(cause, this.#parts.door)
  }

  /** A text of a model or a user, in any format kode reads, applied in memory. */
  async propose(text: string): Promise<Proposed> {
    const proposal = readProposal(text)
    return proposal.ok ? applyInMemory(proposal.value, this.#parts.door) : unreadable(proposal.error)
  }

  /** Whole texts, as a user left them in an editor, in place of the files as they are now; without a text: removed. */
  async proposeTexts(files: readonly { path: string; after?: string }[]): Promise<Proposed> {
    const steps = files.map(({ path, after }, index): EditStep => {
      const place = { id: `file-${index + 1}`, path }
      return after === undefined ? { kind: 'remove', ...place } : { kind: 'write', ...place, text: after }
    })
    return applyInMemory({ format: 'whole-files', steps }, this.#parts.door)
  }

  /**
   * Puts a change through the gates.
   *
   * @param problems what of the proposal did not fit; it fails `diff_applier`
   * @param project the project before the change; by default as it is on the disk now
   */
  async judge(
    changes: ChangeSet,
    signal: AbortSignal,
    problems: readonly EditProblem[] = [],
    settings: GateSettings = this.#parts.gates,
    project: ProjectView = this.#projectFor(changes),
  ): Promise<GateReport> {
    const { languages, clock, outsideJudges } = this.#parts
    this.#judges ??= await outsideJudges()
    let fresh: Promise<CodeIndex | undefined> | undefined
    const equipment = {
      languages,
      editProblems: problems,
      now: clock,
      index: () => {
        fresh ??= this.#freshIndex(signal)
        return fresh
      },
      ...this.#judges,
    }
    const { runGates } = await import('#shared/gates/run-gates')
    return runGates(changes, project, settings, signal, equipment)
  }

  /** The project as it is now, with the files that a change is about as the user's editor has them. */
  #projectFor(changes: ChangeSet): ProjectView {
    const { files, root, door } = this.#parts
    const onDisk = projectViewOf(files, root)
    if (door.files === files) return onDisk
    const inEditor = projectViewOf(door.files, root)
    const changed = new Set(changes.files.flatMap(file => [file.path, file.oldPath ?? file.path]))
    return { ...onDisk, read: path => (changed.has(path) ? inEditor : onDisk).read(path) }
  }

  /** @returns undefined while a large project is still being read for the first time */
  async #freshIndex(signal: AbortSignal): Promise<CodeIndex | undefined> {
    const { index, clock } = this.#parts
    if (clock() - this.#indexedAtMs < INDEX_AGE_MS) return index
    const refreshed = index.refresh().then(() => {
      this.#indexedAtMs = clock()
      return true
    })
    const isReady = await Promise.race([refreshed, sleep(INDEX_PATIENCE_MS, signal)])
    return isReady ? index : undefined
  }

  /** Gets ready to judge a change of such a file, beside whatever else goes on: the first one waits for nothing then. */
  warmFor(path: string): void {
    const language = this.#parts.languages.idOf(path)
    if (language === undefined || this.#warmed.has(language)) return
    this.#warmed.add(language)
    const sample = { path: `sample${extname(path)}`, kind: 'create' as const, after: '\n', hunkIds: [] }
    const { gates } = this.#parts
    // A page takes seconds each time, and nothing of it stays ready.
    const only = (gates.only ?? GATE_NAMES).filter(name => name !== 'browser')
    const judging = this.judge({ id: 'sample', files: [sample] }, new AbortController().signal, [], { ...gates, only })
    // Whatever is wrong is told when a real change is judged.
    judging.catch(() => undefined)
  }

  /** The project as it was before a change that is on the disk already. */
  before(changes: ChangeSet): ProjectView {
    return withoutChanges(projectViewOf(this.#parts.files, this.#parts.root), changes)
  }

  /** Writes a judged and approved change; all or nothing. `cause` says which turn it is undone with. */
  async land(changes: ChangeSet, cause: Cause): Promise<Result<WrittenFiles, EditProblem>> {
    const written = await writeChanges(changes, this.#parts.door, cause)
    await this.#parts.index.update(changes.files.flatMap(file => [file.path, file.oldPath ?? file.path]))
    return written
  }

  /** Watches what may write past the gates; see `WorkspaceScanner.begin`. What it changes is undone with the turn. */
  watch(cause: Cause): Promise<Result<CommandWatch, EditProblem>> {
    return this.#scanner.begin(cause)
  }

  /** Watches a command that goes on beside the conversation; see `WorkspaceScanner.beginBeside`. */
  watchBeside(
    cause: Cause,
    command: string,
    isAlone: boolean,
    onFound: (changes: CommandChanges) => void,
  ): Promise<Result<BesideWatch, EditProblem>> {
    return this.#scanner.beginBeside(cause, command, isAlone, onFound)
  }

  /** To be called when a turn ends, for what it left running. */
  endTurn(turnId: string): Promise<Result<void, EditProblem>> {
    return this.#scanner.endTurn(turnId)
  }

  /** The change with the texts the user put in place of the proposed ones. */
  withEdits(changes: ChangeSet, edited: readonly { path: string; after: string }[]): ChangeSet {
    const texts = new Map(edited.map(file => [file.path, file.after]))
    const files = changes.files.map(file => {
      const after = texts.get(file.path)
      return after === undefined || file.after === undefined ? file : { ...file, after }
    })
    return { ...changes, files }
  }

  /** The turns that changed files here, oldest first. */
  turns(): ReturnType<typeof listTurns> {
    return listTurns(this.#parts.door)
  }

  /** What still stands of turns' changes. */
  landedFiles(turnIds: readonly string[]): ReturnType<typeof landedFiles> {
    return landedFiles(turnIds, this.#parts.door)
  }

  /** The bytes of a file before turns and as they left it. */
  landedBytes(turnIds: readonly string[], path: string): ReturnType<typeof landedBytes> {
    return landedBytes(turnIds, path, this.#parts.door)
  }

  /** What turns changed, all together; see `patchOfTurns`. */
  async patchOf(turnIds: readonly string[]): Promise<Result<TurnPatch, EditProblem>> {
    const { patchOfTurns } = await import('#shared/edits/turn-patch')
    return patchOfTurns(turnIds, this.#parts.door)
  }

  undo(options: UndoOptions): ReturnType<typeof undo> {
    return undo(options, this.#parts.door)
  }

  /** Brings back what the last undo took. */
  redo(options: Omit<UndoOptions, 'turn' | 'turnIds' | 'paths'>): ReturnType<typeof redo> {
    return redo(options, this.#parts.door)
  }

  /** Ends what the deep tier keeps ready, and waits until every decision is on record. */
  async close(): Promise<void> {
    for (const checker of this.#judges?.checkers ?? []) checker.close?.()
    await this.#parts.audit.written()
  }

  audit(entry: AuditEntry): Promise<void> {
    return this.#parts.audit.append(entry)
  }
}
