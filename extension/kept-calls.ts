import * as v from 'valibot'
import type { ToolResultEvent } from '#shared/protocol/events'
import { GATE_NAMES, type GateReport } from '#shared/protocol/gate-report'

/** A diff is for looking at; the whole change is in the journal of changes. */
const DIFF_CHARACTERS = 20_000
/** What took less is not worth a record of its own. */
const TOLD_FROM_MS = 50

const finding = v.object({
  id: v.string(),
  gate: v.picklist(GATE_NAMES),
  severity: v.picklist(['error', 'warning', 'info']),
  file: v.string(),
  line: v.number(),
  column: v.number(),
  end_line: v.number(),
  end_column: v.number(),
  message: v.string(),
  suggestion: v.exactOptional(v.string()),
  snippet: v.exactOptional(v.string()),
  hunk_id: v.exactOptional(v.string()),
})

const gateReport: v.GenericSchema<unknown, GateReport> = v.object({
  status: v.picklist(['PASS', 'FAIL', 'WARN']),
  results: v.array(
    v.object({
      check_name: v.picklist(GATE_NAMES),
      status: v.picklist(['PASS', 'FAIL', 'WARN', 'SKIP']),
      message: v.string(),
      details: v.exactOptional(v.string()),
      duration_ms: v.number(),
      findings: v.array(finding),
    }),
  ),
  duration_ms: v.number(),
})

const keptCall = v.object({
  duration_ms: v.number(),
  denied: v.exactOptional(v.string()),
  changes: v.exactOptional(
    v.array(v.object({ path: v.string(), status: v.picklist(['created', 'modified', 'deleted', 'renamed']) })),
  ),
  diff: v.exactOptional(v.string()),
  gates: v.exactOptional(gateReport),
})

/** What the result of a call says beside its message, as it is kept with the session. */
export type KeptCall = v.InferOutput<typeof keptCall>

/** @returns undefined where the message says it all */
export function callToKeep({ duration_ms, denied, changes, diff, gates }: ToolResultEvent): KeptCall | undefined {
  if (duration_ms < TOLD_FROM_MS && !denied && !changes?.length && !diff && !gates) return undefined
  return {
    duration_ms,
    ...(denied && { denied }),
    ...(changes && { changes: [...changes] }),
    ...(diff && { diff: diff.slice(0, DIFF_CHARACTERS) }),
    ...(gates && { gates }),
  }
}

/** @returns undefined where nothing was kept, or not by a version that is understood */
export function recalledCall(kept: unknown): KeptCall | undefined {
  // Most calls keep nothing.
  if (kept === undefined) return undefined
  const parsed = v.safeParse(keptCall, kept)
  return parsed.success ? parsed.output : undefined
}

/** A verdict that was kept; undefined where it is none. */
export function recalledReport(kept: unknown): GateReport | undefined {
  const parsed = v.safeParse(gateReport, kept)
  return parsed.success ? parsed.output : undefined
}
