import * as v from 'valibot'
import type { TurnEndItem } from '#shared/protocol/chat-state'
import type { RecalledTurn } from '#shared/protocol/events'

const path = v.string()
const message = v.string()
const count = v.number()

const end = v.variant('reason', [
  v.object({ reason: v.picklist(['answered', 'cancelled']) }),
  v.object({
    reason: v.literal('limit'),
    limit: v.picklist(['turns', 'cost', 'tokens', 'time', 'loop_guard', 'output_limit', 'context']),
    message,
  }),
  v.object({ reason: v.picklist(['refused', 'store_failed']), message }),
  v.object({ reason: v.literal('provider_failed'), message, advice: v.exactOptional(v.string()) }),
])

/** How a turn ended, as it is kept with its session under the id of its last message. */
const keptTurn = v.object({
  type: v.literal('turn_recalled'),
  turn_id: v.string(),
  end,
  changes: v.array(v.object({ path, status: v.picklist(['created', 'modified', 'deleted', 'renamed']) })),
  gates: v.object({ passed: count, warned: count, refused: count }),
  runs: v.array(
    v.object({
      call_id: v.string(),
      command: v.string(),
      exit_code: v.number(),
      duration_ms: v.number(),
      covers: v.array(v.object({ path, sha256: v.string() })),
      stale: v.array(path),
    }),
  ),
  usage: v.object({ input: count, output: count, cache_read: count, cache_write: count, thinking: count }),
  cost_usd: v.exactOptional(v.number()),
  undone: v.exactOptional(
    v.object({ message, kept: v.array(v.object({ path, reason: v.string(), diff: v.string() })) }),
  ),
})

/** What is kept of a turn's end. */
export function turnToKeep({ turnId, end, record, undone }: TurnEndItem): RecalledTurn {
  const { changes, gates, runs, usage, costUsd } = record
  return {
    type: 'turn_recalled',
    turn_id: turnId,
    end,
    changes: [...changes],
    gates,
    runs: [...runs],
    usage,
    ...(costUsd !== undefined && { cost_usd: costUsd }),
    ...(undone && { undone: { message: undone.message, kept: [...undone.kept] } }),
  }
}

/** @returns undefined where nothing was kept, or not by a version that is understood */
export function recalledTurn(kept: unknown): RecalledTurn | undefined {
  // Most messages end no turn.
  if (kept === undefined) return undefined
  const parsed = v.safeParse(keptTurn, kept)
  return parsed.success ? parsed.output : undefined
}
