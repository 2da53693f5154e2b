import { expect, test } from 'vitest'
import type { ToolResultEvent } from '#shared/protocol/events'
import { historyEvents } from '../../extension/history'
import { callToKeep, recalledCall } from '../../extension/kept-calls'
import { MISSING_CALL, reportWith, result } from '../vscode/support/sample-events'

const edited: ToolResultEvent = {
  ...result('call-1', 'Edit', 'Changed a.ts.', 48),
  changes: [{ path: 'a.ts', status: 'modified' }],
  diff: '-a\n+b\n',
  gates: reportWith('calls', 'WARN', [MISSING_CALL]),
}

test('the result of a call is told from a stored conversation as it was told then', () => {
  const kept: unknown = JSON.parse(JSON.stringify(callToKeep(edited)))
  const events = historyEvents(
    [edited.message],
    () => undefined,
    callId => recalledCall(callId === 'call-1' ? kept : undefined),
  )
  expect(events).toEqual([edited])
})

test('a call that says nothing beside its message keeps nothing', () => {
  expect(callToKeep(result('call-1', 'Read', 'text', 4))).toBeUndefined()
})

test.each([undefined, 'nonsense', { duration_ms: 'long' }, { duration_ms: 1, gates: { status: 'GOOD' } }])(
  '%j is not taken for a call that was kept',
  kept => expect(recalledCall(kept)).toBeUndefined(),
)
