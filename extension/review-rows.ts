import type { GateStatus } from '#shared/protocol/gate-report'
import type { Proposal, ProposedFile } from './proposals'

/** The same object for as long as the file waits: what the editor knows of it stays true while others change. */
export interface FileRow {
  kind: 'file'
  proposal: Proposal
  file: ProposedFile
}

/** Files that wait for review, those that need it most first; a file that is decided stays where it stands. */
export class ReviewRows {
  #all: FileRow[] = []

  get all(): readonly FileRow[] {
    return this.#all
  }

  /** @returns whether a row came, went or moved; where none did, rows may have changed what they show */
  update(proposals: readonly Proposal[]): boolean {
    const before = placesOf(this.#all)
    const known = new Map(this.#all.map(row => [rowId(row), row]))
    this.#all = proposals
      .flatMap(proposal => proposal.files.map((file): FileRow => ({ kind: 'file', proposal, file })))
      .map(row => Object.assign(known.get(rowId(row)) ?? row, row))
      .sort((left, right) => needOfReview(right) - needOfReview(left))
    return placesOf(this.#all) !== before
  }
}

/** Tells a row apart from all others. */
export function rowId({ proposal, file }: FileRow): string {
  return `${proposal.id}/${file.path}`
}

/** Whether every gate has passed the file. */
export function isVerified(row: FileRow): boolean {
  return worstStatus(row) === 'PASS'
}

function placesOf(rows: readonly FileRow[]): string {
  return JSON.stringify(rows.map(row => [rowId(row), isVerified(row)]))
}

/** What waits before what landed; failed before warned before skipped; a fully verified file comes last. */
function needOfReview(row: FileRow): number {
  return (row.proposal.landedIn ? 0 : 10) + RANKS[worstStatus(row)]
}

const RANKS: Readonly<Record<GateStatus, number>> = { PASS: 0, SKIP: 1, WARN: 2, FAIL: 3 }

/** What was found in other files of the change says nothing about this one. Without a verdict nothing is verified. */
function worstStatus({ proposal, file }: FileRow): GateStatus {
  // Gates read texts.
  if (file.binary) return 'SKIP'
  const statuses = proposal.gates?.results.map(({ status, findings }): GateStatus => {
    const isElsewhere = findings.length > 0 && findings.every(finding => finding.file !== file.path)
    return isElsewhere ? 'PASS' : status
  })
  return statuses?.reduce((worst, each) => (RANKS[each] > RANKS[worst] ? each : worst), 'PASS') ?? 'SKIP'
}
