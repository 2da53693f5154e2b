import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { UndoReport } from '#shared/edits/checkpoint'
import type { TurnPatch } from '#shared/edits/turn-patch'
import { feedbackFor } from '#shared/gates/support/feedback'
import type { FilePreview } from '#shared/protocol/approvals'
import type { ChangedFile } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { LandedFile } from '#shared/protocol/landed-file'
import type { ChangeEngine } from './change-engine'

/** What surfaces do with changes outside of a turn: judge them, land them, look at what landed, take it back. */
export class ProjectChanges {
  readonly #engine: ChangeEngine

  constructor(engine: ChangeEngine) {
    this.#engine = engine
  }

  /** The verdict about files as they would be, such as a proposal that the user edited. Writes nothing. */
  async judge(files: readonly FilePreview[], signal: AbortSignal): Promise<GateReport> {
    const { changes, problems } = await this.#engine.proposeTexts(files)
    return this.#engine.judge(changes, signal, problems)
  }

  /** The verdict about all of a file's text, as if the file were new: not only about what a change adds. */
  judgeFile(path: string, text: string, signal: AbortSignal): Promise<GateReport> {
    const changes = { id: newId(), files: [{ path, kind: 'create' as const, after: text, hunkIds: [path] }] }
    return this.#engine.judge(changes, signal, [], undefined, this.#engine.before(changes))
  }

  /**
   * Judges and lands files, such as a proposal from before a restart. What a gate refuses stays out.
   *
   * @param turnId of a turn that ended, where its undo shall take this back too
   */
  async land(
    files: readonly FilePreview[],
    title: string,
    turnId = newId(),
  ): Promise<Result<ChangedFile[], { message: string; gates?: GateReport }>> {
    const { changes, problems } = await this.#engine.proposeTexts(files)
    const gates = await this.#engine.judge(changes, new AbortController().signal, problems)
    if (gates.status === 'FAIL') return fail({ message: feedbackFor(gates), gates })
    const landed = await this.#engine.land(changes, { turnId, title })
    if (!landed.ok) return fail({ message: landed.error.message, gates })
    return ok(landed.value.files.map(({ path, status }) => ({ path, status })))
  }

  /** Brings changes that a crash left half-landed to an end: back to the old files, or on to the new. */
  async recover(preferred: 'old' | 'new'): Promise<Result<void, { message: string }>> {
    const repaired = await this.#engine.recover(preferred)
    return repaired.ok ? ok(undefined) : fail({ message: repaired.error.message })
  }

  /** What turns changed, all together, and nobody took back since, one per file. */
  landedFiles(turnIds: readonly string[]): Promise<Result<LandedFile[], { message: string }>> {
    return this.#engine.landedFiles(turnIds)
  }

  /** The bytes of a file before turns and as they left it; absent where there was no file, or one too large to keep. */
  landedBytes(
    turnIds: readonly string[],
    path: string,
  ): Promise<Result<{ before?: Uint8Array; after?: Uint8Array }, { message: string }>> {
    return this.#engine.landedBytes(turnIds, path)
  }

  /** Takes back what turns changed, or only some of their files; files that somebody else changed since are kept. */
  undo(turnIds: readonly string[], paths?: readonly string[]): Promise<Result<UndoReport, { message: string }>> {
    return this.#engine.undo({ turnIds, ...(paths && { paths }) })
  }

  /** What turns changed, all together, as one patch. */
  patchOf(turnIds: readonly string[]): Promise<Result<TurnPatch, { message: string }>> {
    return this.#engine.patchOf(turnIds)
  }
}
