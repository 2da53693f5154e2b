import type { ToolCall } from '#shared/protocol/messages'
import { type CallEnd, runToolCall, type ToolCallServices } from './tool-call'

/** Calls running side by side at most; more gain nothing on a disk. */
const MAX_PARALLEL = 8
/** What waits for a model can be more at once. */
const MAX_DELEGATED = 32

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
    let failure: unknown
    // What cannot be told of has run all the same: the others are waited for, and have their turn.
    for (const end of running) {
      await onEnd(await end).catch((thrown: unknown) => {
        failure ??= thrown
      })
    }
    if (failure !== undefined) throw failure
  }
}

/** Consecutive calls that only read form one group, and so do those that delegate: what these bring home changes files. */
function groupCalls(calls: readonly ToolCall[], services: ToolCallServices): ToolCall[][] {
  const groups: ToolCall[][] = []
  let openTo: Company = 'alone'
  for (const call of calls) {
    const company = companyOf(call, services)
    const last = groups.at(-1)
    const most = company === 'delegating' ? MAX_DELEGATED : MAX_PARALLEL
    if (company !== 'alone' && company === openTo && last && last.length < most) last.push(call)
    else groups.push([call])
    openTo = company
  }
  return groups
}

type Company = 'alone' | 'reading' | 'delegating'

function companyOf(call: ToolCall, services: ToolCallServices): Company {
  const tool = services.tools.find(call.name)
  if (tool?.isDelegating) return 'delegating'
  return tool?.isReadOnly ? 'reading' : 'alone'
}
