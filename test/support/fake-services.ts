import { Spending, type SpendingLimits, type TurnLimits } from '#shared/agent/limits'
import { Steering } from '#shared/agent/steering'
import type { ToolAudit, ToolCallServices } from '#shared/agent/tool-call'
import { Toolset } from '#shared/agent/toolset'
import type { TurnServices } from '#shared/agent/turn'
import { ok } from '#shared/base/result'
import type { KodeEvent } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { Message } from '#shared/protocol/messages'
import type { Provider } from '#shared/providers/provider'
import type { Tool, ToolContext } from '#shared/tools/tool'

export const PASSED: GateReport = { status: 'PASS', results: [], duration_ms: 0 }

export interface FakeSession {
  services: TurnServices
  calls: ToolCallServices
  messages: Message[]
  events: KodeEvent[]
  /** Input of replies that were not added. */
  told: number[]
  audits: ToolAudit[]
  steering: Steering
}

/** The services of a turn around a fake provider and tools; parts of them can be replaced. */
export function fakeSession(
  provider: Provider,
  tools: readonly Tool[],
  more: { limits?: Partial<TurnLimits & SpendingLimits>; calls?: Partial<ToolCallServices> } = {},
): FakeSession {
  const messages: Message[] = []
  const events: KodeEvent[] = []
  const told: number[] = []
  const audits: ToolAudit[] = []
  const steering = new Steering(waiting => events.push({ type: 'steering', waiting }))
  const emit = (event: KodeEvent) => events.push(event)
  const toolset = new Toolset(tools)
  const calls: ToolCallServices = {
    tools: toolset,
    context: { contextFactor: 1, now: () => 0 } as ToolContext,
    actor: 'headless',
    mode: () => 'auto',
    circumstances: async () => ({}),
    offerRules: () => [],
    remember: async () => ok(undefined),
    switchToAuto: () => ok(undefined),
    judge: async () => PASSED,
    land: async changes => ok(changes.files.map(file => ({ path: file.path, status: 'modified' as const }))),
    withEdits: changes => changes,
    observeAction: async (_, action) => ({ output: await action(), changes: [], diff: '', advice: '' }),
    approve: async () => ({ kind: 'unavailable' }),
    audit: entry => audits.push(entry),
    emit,
    ...more.calls,
  }
  const services: TurnServices = {
    provider: () => provider,
    nextRequest: async () => ({ model: 'fake', system: '', messages: [...messages], tools: toolset.specs() }),
    makeRoom: async () => false,
    suggestTitle: async () => undefined,
    calls,
    add: async message => void messages.push(message),
    tellSpent: reply => told.push(reply.usage?.input ?? 0),
    addToolEnd: async end => void messages.push(end.message),
    steering,
    tasks: { list: () => [], cancel: () => ok(undefined), takeFinished: () => [], transcript: () => ok('') },
    afterTurn: () => Promise.resolve(),
    spending: new Spending(usage => (usage.input + usage.output) / 1_000_000, more.limits),
    isFailFast: false,
    limits: { maxTurns: 50, ...more.limits },
    emit,
  }
  return { services, calls, messages, events, told, audits, steering }
}
