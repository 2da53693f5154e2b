import { describe, expect, test } from 'vitest'
import type { ApprovalRequest } from '#shared/protocol/approvals'
import { EMPTY_CHAT, openApprovals } from '#shared/protocol/chat-state'
import type { ChatEvent, KodeEvent } from '#shared/protocol/events'
import { foldChat } from '#shared/protocol/fold-chat'
import type { GateReport } from '#shared/protocol/gate-report'

const fold = (...events: ChatEvent[]) => foldChat(EMPTY_CHAT, events)
const report = (status: GateReport['status']): GateReport => ({ status, results: [], duration_ms: 1 })
const call = { type: 'tool_call' as const, id: 'c1', name: 'Edit', arguments: '{"file_path":"a.ts"}' }
const request: ApprovalRequest = {
  id: 'p1',
  call_id: 'c1',
  tool: 'Edit',
  title: 'a.ts',
  effect: { class: 'local_mutation', programs: [], reads: [], writes: ['a.ts'], network: [], outside_project: [] },
  reason: 'safe mode asks',
}
const toolResult = (changes: { path: string; status: 'created' | 'modified' }[]): KodeEvent => ({
  type: 'tool_result',
  message: { role: 'tool', id: 't1', call_id: 'c1', name: 'Edit', text: 'Changed a.ts.', status: 'ok' },
  duration_ms: 12,
  changes,
})

describe('a streamed message', () => {
  test('grows in place, and the durable one takes its place under the same ids', () => {
    const streamed = fold(
      { type: 'thinking_delta', message_id: 'm', text: 'hm' },
      { type: 'text_delta', message_id: 'm', text: 'Hel' },
      { type: 'text_delta', message_id: 'm', text: 'lo' },
      { type: 'tool_call_delta', message_id: 'm', call_id: 'c1', name: 'Edit', text: '{"file' },
    )
    expect(streamed.items).toMatchObject([
      { kind: 'thinking', id: 'm/0', text: 'hm', isStreaming: true },
      { kind: 'text', id: 'm/1', text: 'Hello', isStreaming: true },
      { kind: 'tool', id: 'c1', status: 'writing', arguments: '{"file' },
    ])
    const parts = [{ type: 'thinking' as const, text: 'hm' }, { type: 'text' as const, text: 'Hello' }, call]
    const settled = foldChat(streamed, [
      {
        type: 'assistant',
        message: { role: 'assistant', id: 'm', parts, model: 'x', stop: 'tool_calls' },
      },
    ])
    expect(settled.items.map(item => item.id)).toEqual(['m/0', 'm/1', 'c1'])
    expect(settled.items[1]).toMatchObject({ isStreaming: false })
    expect(settled.items[2]).toMatchObject({ arguments: '{"file_path":"a.ts"}' })
  })

  test('leaves other items as the very same objects', () => {
    const before = fold(
      { type: 'notice', level: 'info', text: 'x' },
      { type: 'text_delta', message_id: 'm', text: 'a' },
    )
    const after = foldChat(before, [{ type: 'text_delta', message_id: 'm', text: 'b' }])
    expect(after.items[0]).toBe(before.items[0])
  })
})

describe('a call', () => {
  test('waits for the user until the answer, then runs, then has its result', () => {
    const started: KodeEvent[] = [
      { type: 'tool_started', call, title: 'a.ts' },
      { type: 'gates', call_id: 'c1', report: report('PASS') },
      { type: 'approval_requested', request },
    ]
    const asking = fold(...started)
    expect(openApprovals(asking)).toEqual([request])
    const answered = foldChat(asking, [{ type: 'approval_answered', id: 'p1', call_id: 'c1', answer: 'approve' }])
    expect(openApprovals(answered)).toEqual([])
    expect(answered.items[0]).toMatchObject({ status: 'running' })
    expect(foldChat(answered, [toolResult([])]).items[0]).toMatchObject({
      status: 'ok',
      durationMs: 12,
      output: 'Changed a.ts.',
    })
  })

  test('without a result when the turn ends was interrupted', () => {
    const ended = fold(
      { type: 'turn_started', turn_id: 't' },
      { type: 'tool_started', call, title: 'a.ts' },
      { type: 'turn_ended', turn_id: 't', end: { reason: 'cancelled' } },
    )
    expect(ended.items[0]).toMatchObject({ status: 'interrupted' })
    expect(ended.isRunning).toBe(false)
  })

  test('keeps the tail of a long output', () => {
    const pieces = Array.from(
      { length: 30 },
      (_, index): KodeEvent => ({ type: 'tool_output_delta', call_id: 'c1', text: `${index}${'x'.repeat(999)}` }),
    )
    const state = fold({ type: 'tool_started', call, title: '' }, ...pieces)
    const output = state.items[0]?.kind === 'tool' ? state.items[0].output : ''
    expect(output.length).toBe(20_000)
    expect(output.endsWith(`29${'x'.repeat(999)}`)).toBe(true)
  })
})

describe('the end of a turn is told from records', () => {
  test('files and verdicts of this turn alone; a file made and then changed is still new', () => {
    const state = fold(
      { type: 'turn_started', turn_id: 't1' },
      { type: 'tool_started', call, title: '' },
      toolResult([{ path: 'old.ts', status: 'modified' }]),
      { type: 'turn_ended', turn_id: 't1', end: { reason: 'answered' } },
      { type: 'turn_started', turn_id: 't2' },
      { type: 'gates', call_id: 'c1', report: report('FAIL') },
      { type: 'gates', call_id: 'c1', report: report('WARN') },
      toolResult([{ path: 'new.ts', status: 'created' }]),
      toolResult([{ path: 'new.ts', status: 'modified' }]),
      { type: 'turn_ended', turn_id: 't2', end: { reason: 'answered' } },
    )
    const end = state.items.at(-1)
    expect(end).toMatchObject({
      kind: 'turn-end',
      record: { changes: [{ path: 'new.ts', status: 'created' }], gates: { passed: 0, warned: 1, refused: 1 } },
    })
  })
})

test("the user's message is shown without the note about date and git", () => {
  const parts = [
    { type: 'text' as const, text: 'Hello' },
    { type: 'text' as const, text: '<environment>\nDate: x\n</environment>' },
  ]
  const state = fold({ type: 'user', message: { role: 'user', id: 'u', origin: 'typed', parts } })
  expect(state.items[0]).toMatchObject({ text: 'Hello' })
})

describe('what was spent', () => {
  /** Totals since the session was opened, as the core tells them after every request. */
  const spent = (input: number, cost_usd?: number): KodeEvent => ({
    type: 'usage',
    usage: { input, output: 0, cache_read: 0, cache_write: 0, thinking: 0 },
    ...(cost_usd !== undefined && { cost_usd }),
    context: { used: 12, window: 100, by_category: { system: 1, tools: 1, messages: 9, tool_results: 1 } },
  })
  const opened: KodeEvent = {
    type: 'session',
    schema_version: 1,
    session_id: 's',
    model: 'm',
    provider: 'p',
    mode: 'safe',
    cwd: '/',
    tools: [],
    sandbox: '',
  }
  const turn = (id: string, ...between: KodeEvent[]): ChatEvent[] => [
    { type: 'turn_started', turn_id: id },
    ...between,
    { type: 'turn_ended', turn_id: id, end: { reason: 'answered' } },
  ]

  test('is told for the session, and for each turn by itself', () => {
    const state = fold(opened, ...turn('a', spent(10, 0.5), spent(25, 1)), ...turn('b', spent(40, 1.75)))
    expect(state.spent).toMatchObject({ usage: { input: 40 }, costUsd: 1.75 })
    const records = state.items.map(item => item.kind === 'turn-end' && [item.record.usage.input, item.record.costUsd])
    expect(records).toEqual([
      [25, 1],
      [15, 0.75],
    ])
  })

  test('goes on counting where a session is opened again, here or from an earlier window', () => {
    const reopened = fold(opened, ...turn('a', spent(10, 0.5)), opened, ...turn('b', spent(5, 0.25)))
    expect(reopened.spent).toMatchObject({ usage: { input: 15 }, costUsd: 0.75 })
    const { usage } = reopened.spent
    const resumed = { type: 'resumed' as const, away_ms: 1, messages: 2, tool_calls: 0, is_interrupted: false, usage }
    const later = fold(opened, { ...resumed, cost_usd: 0.75 }, ...turn('c', spent(2, 0.05)))
    expect(later.spent).toMatchObject({ usage: { input: 17 }, costUsd: 0.8 })
    expect(later.items.at(-1)).toMatchObject({ record: { usage: { input: 2 } } })
  })

  test('has no price while none is known', () => {
    expect(fold(opened, ...turn('a', spent(10))).spent.costUsd).toBeUndefined()
  })
})

test('many events at once give what one after the other gives', () => {
  const events = Array.from({ length: 300 }, (_, index): ChatEvent[] => {
    const own = { ...call, id: `c${index}` }
    const result = {
      role: 'tool' as const,
      id: `t${index}`,
      call_id: own.id,
      name: 'Edit',
      text: '',
      status: 'ok' as const,
    }
    return [
      { type: 'text_delta', message_id: `m${index}`, text: 'so' },
      { type: 'assistant', message: { role: 'assistant', id: `m${index}`, parts: [own], model: 'x', stop: 'end' } },
      { type: 'tool_started', call: own, title: 'a.ts' },
      { type: 'tool_result', message: result, duration_ms: 1 },
    ]
  }).flat()
  const state = foldChat(EMPTY_CHAT, events)
  expect(events.reduce((folded, event) => foldChat(folded, [event]), EMPTY_CHAT)).toEqual(state)
  expect(state.items.map(item => item.id)).toEqual(Array.from({ length: 300 }, (_, index) => `c${index}`))
})
