import { describe, expect, test } from 'vitest'
import type { ApprovalRequest } from '#shared/protocol/approvals'
import { EMPTY_CHAT, openApprovals, reduceChat } from '#shared/protocol/chat-state'
import type { KodeEvent } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'

const fold = (...events: KodeEvent[]) => events.reduce(reduceChat, EMPTY_CHAT)
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
    const settled = reduceChat(streamed, {
      type: 'assistant',
      message: { role: 'assistant', id: 'm', parts, model: 'x', stop: 'tool_calls' },
    })
    expect(settled.items.map(item => item.id)).toEqual(['m/0', 'm/1', 'c1'])
    expect(settled.items[1]).toMatchObject({ isStreaming: false })
    expect(settled.items[2]).toMatchObject({ arguments: '{"file_path":"a.ts"}' })
  })

  test('leaves other items as the very same objects', () => {
    const before = fold(
      { type: 'notice', level: 'info', text: 'x' },
      { type: 'text_delta', message_id: 'm', text: 'a' },
    )
    const after = reduceChat(before, { type: 'text_delta', message_id: 'm', text: 'b' })
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
    const answered = reduceChat(asking, { type: 'approval_answered', id: 'p1', call_id: 'c1', answer: 'approve' })
    expect(openApprovals(answered)).toEqual([])
    expect(answered.items[0]).toMatchObject({ status: 'running' })
    expect(reduceChat(answered, toolResult([])).items[0]).toMatchObject({
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

test('usage adds up over the session and over the turn', () => {
  const usage: KodeEvent = {
    type: 'usage',
    usage: { input: 10, output: 2, cache_read: 4, cache_write: 0, thinking: 1 },
    context: { used: 12, window: 100, by_category: { system: 1, tools: 1, messages: 9, tool_results: 1 } },
  }
  const state = fold(
    { type: 'turn_started', turn_id: 'a' },
    usage,
    usage,
    { type: 'turn_started', turn_id: 'b' },
    usage,
  )
  expect(state.usage.input).toBe(30)
  expect(state.turn.usage.input).toBe(10)
})
