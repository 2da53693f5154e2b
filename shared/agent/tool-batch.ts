import type { ToolCall } from '#shared/protocol/messages'
import { type CallEnd, runToolCall, type ToolCallServices } from './tool-call'

/** Calls running side by side at most; more gain nothing on a disk. */
const MAX_PARALLEL = 8

/**
 * Runs the calls of one reply: neighbours that only read side by side, everything else in the model's order.
 * `onEnd` is called in the order the model asked, as soon as that order allows.
 */
export async function runToolBatch(
  calls: readonly ToolCall[],
  services: ToolCallServices,
  signal: AbortSignal,
  onEnd: (end: CallEnd) => Promise<void>,
): Promise<void> {
  for (const group of groupCalls(calls, services)) {
    const running = group.map(call => runToolCall(call, services, signal))
    for (const end of running) await onEnd(await end)
  }
}

/** Consecutive read-only calls form one group. */
function groupCalls(calls: readonly ToolCall[], services: ToolCallServices): ToolCall[][] {
  const groups: ToolCall[][] = []
  let isOpen = false
  for (const call of calls) {
    const isReadOnly = services.tools.find(call.name)?.isReadOnly ?? false
    const last = groups.at(-1)
    if (isReadOnly && isOpen && last && last.length < MAX_PARALLEL) last.push(call)
    else groups.push([call])
    isOpen = isReadOnly
  }
  return groups
}
