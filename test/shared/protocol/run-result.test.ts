import { describe, expect, test } from 'vitest'
import type { TurnEnd } from '#shared/protocol/events'
import { exitCodeOf, RunRecord, type VerifyOutcome } from '#shared/protocol/run-result'

const answered: TurnEnd = { reason: 'answered' }
const passed: VerifyOutcome = { command: 'npm test', passed: true, exit_code: 0, output: '' }
const failed: VerifyOutcome = { command: 'npm test', passed: false, exit_code: 1, output: 'boom' }
const denial = [{ tool: 'Bash', reason: 'nobody can approve it here' }]
const change = [{ path: 'a.ts', status: 'modified' as const }]
const nothing = { denied: [], changes: [] }
const plain = { allowDenied: false, requireChanges: false }

describe('the exit code of a run', () => {
  test.each([
    ['an answer', answered, nothing, undefined, plain, 0],
    ['an answer and a passed check', answered, nothing, passed, plain, 0],
    ['an answer and a failed check', answered, nothing, failed, plain, 1],
    ['a denied call', answered, { ...nothing, denied: denial }, undefined, plain, 4],
    [
      'a denied call, with leave',
      answered,
      { ...nothing, denied: denial },
      undefined,
      { ...plain, allowDenied: true },
      0,
    ],
    ['a denied call and a passed check', answered, { ...nothing, denied: denial }, passed, plain, 0],
    ['a denied call and a failed check', answered, { ...nothing, denied: denial }, failed, plain, 1],
    ['no change where one was required', answered, nothing, undefined, { ...plain, requireChanges: true }, 1],
    [
      'a change where one was required',
      answered,
      { denied: [], changes: change },
      undefined,
      { ...plain, requireChanges: true },
      0,
    ],
    ['a reply that breaks its schema', answered, nothing, undefined, { ...plain, schemaSatisfied: false }, 1],
    ['a limit', { reason: 'limit', limit: 'turns', message: '' }, nothing, undefined, plain, 3],
    [
      'a limit after a denied call',
      { reason: 'limit', limit: 'cost', message: '' },
      { ...nothing, denied: denial },
      undefined,
      plain,
      3,
    ],
    ['a provider that failed', { reason: 'provider_failed', message: '' }, nothing, undefined, plain, 5],
    ['a refusal of the model', { reason: 'refused', message: '' }, nothing, undefined, plain, 1],
    ['an interrupt', { reason: 'cancelled' }, nothing, undefined, plain, 130],
  ] as const)('%s', (_, end, record, verify, demands, expected) => {
    expect(exitCodeOf(end, { denied: [...record.denied], changes: [...record.changes] }, verify, demands)).toBe(
      expected,
    )
  })
})

describe('the changes of a run', () => {
  const landed = (path: string, status: 'created' | 'modified' | 'deleted') => ({
    type: 'tool_result' as const,
    message: { role: 'tool' as const, id: 'm', call_id: 'c', name: 'Write', text: '', status: 'ok' as const },
    duration_ms: 1,
    changes: [{ path, status }],
  })

  test.each([
    ['created, then modified', ['created', 'modified'], [{ path: 'a', status: 'created' }]],
    ['created, then deleted', ['created', 'deleted'], []],
    ['deleted, then created', ['deleted', 'created'], [{ path: 'a', status: 'modified' }]],
    ['modified twice', ['modified', 'modified'], [{ path: 'a', status: 'modified' }]],
    ['modified, then deleted', ['modified', 'deleted'], [{ path: 'a', status: 'deleted' }]],
  ] as const)('a file %s', (_, statuses, expected) => {
    const record = new RunRecord()
    for (const status of statuses) record.see(landed('a', status))
    expect(record.changes).toEqual(expected)
  })
})
