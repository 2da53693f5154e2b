import { describe, expect, test } from 'vitest'
import { runToolBatch } from '#shared/agent/tool-batch'
import { runToolCall } from '#shared/agent/tool-call'
import { fail, ok } from '#shared/base/result'
import type { ChangeSet } from '#shared/edits/change-set'
import type { ApprovalAnswer } from '#shared/protocol/approvals'
import type { GateReport } from '#shared/protocol/gate-report'
import type { ToolCall } from '#shared/protocol/messages'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { bashTool } from '#shared/tools/bash'
import type { ToolContext } from '#shared/tools/tool'
import { effectOf } from '#shared/trust/effects'
import { parseRules, suggestRules } from '#shared/trust/rules'
import { FakeProvider } from '../../support/fake-provider'
import { fakeSession, PASSED } from '../../support/fake-services'
import { fakeTool } from '../../support/fake-tool'

const never = new AbortController().signal
const change: ChangeSet = {
  id: 'c',
  files: [{ path: 'a.ts', kind: 'modify', before: 'const a = 1\n', after: 'const a = 2\n', hunkIds: [] }],
}
const writer = fakeTool('Change', () => '', {
  prepared: {
    kind: 'change',
    title: 'a.ts',
    changes: change,
    effect: effectOf('local_mutation', 'edits a file'),
    done: () => ({ text: 'Edited a.ts.' }),
  },
})
const failing: GateReport = {
  status: 'FAIL',
  duration_ms: 1,
  results: [
    {
      check_name: 'syntax',
      status: 'FAIL',
      message: 'a.ts does not parse',
      duration_ms: 1,
      findings: [
        {
          id: 'syntax/error',
          gate: 'syntax',
          severity: 'error',
          file: 'a.ts',
          line: 3,
          column: 1,
          end_line: 3,
          end_column: 2,
          message: "'}' expected",
        },
      ],
    },
  ],
}

describe('one call gets exactly one result', () => {
  test.each([
    ['an unknown tool', call('Nope', '{}'), 'error', /no tool "Nope".*Echo/],
    ['malformed arguments', call('Echo', '{"text":'), 'error', /not valid JSON/],
    ['arguments of the wrong type', call('Echo', '{"text":7}'), 'error', /text: /],
    ['arguments that are no object', call('Echo', '[1]'), 'ok', /heard/],
    ['no arguments', call('Echo', ''), 'ok', /heard/],
    ['a name in another case', call('ECHO', '{"text":"a"}'), 'ok', /heard a/],
    ['a tool that crashes', call('Crash', '{}'), 'error', /failed unexpectedly: boom/],
  ])('%s', async (_, request, status, text) => {
    const crash = fakeTool('Crash', () => {
      throw new Error('boom')
    })
    const echo = fakeTool('Echo', input => `heard ${input.text}`)
    const { calls } = fakeSession(new FakeProvider(), [echo, crash])
    const end = await runToolCall(request, calls, never)
    expect(end.message).toMatchObject({ role: 'tool', call_id: request.id, status })
    expect(end.message.text).toMatch(text)
  })
})

describe('a change', () => {
  test('lands after trust and gates', async () => {
    const { calls, audits } = fakeSession(new FakeProvider(), [writer])
    const end = await runToolCall(call('Change', '{}'), calls, never)
    expect(end.message).toMatchObject({ status: 'ok', text: 'Edited a.ts.' })
    expect(end.changes).toEqual([{ path: 'a.ts', status: 'modified' }])
    expect(end.diff).toContain('+const a = 2')
    expect(audits).toMatchObject([{ tool: 'Change', decision: 'landed', files: ['a.ts'] }])
  })

  test('that a gate refuses is never written, and the model learns why', async () => {
    const landed: ChangeSet[] = []
    const { calls } = fakeSession(new FakeProvider(), [writer], {
      calls: {
        judge: async () => failing,
        land: async set => {
          landed.push(set)
          return ok([])
        },
      },
    })
    const end = await runToolCall(call('Change', '{}'), calls, never)
    expect(end.message.status).toBe('error')
    expect(end.message.text).toMatch(/syntax.*a\.ts:3.*'}' expected/s)
    expect(landed).toEqual([])
  })

  test('that policy denies costs no gate time', async () => {
    let judged = 0
    const { calls } = fakeSession(new FakeProvider(), [writer], {
      calls: {
        mode: () => 'plan',
        judge: async () => {
          judged++
          return PASSED
        },
      },
    })
    const end = await runToolCall(call('Change', '{}'), calls, never)
    expect(end.message.status).toBe('denied')
    expect(end.denied).toMatchObject({ tool: 'Change' })
    expect(judged).toBe(0)
  })

  test('that went stale is reported, not written', async () => {
    const { calls } = fakeSession(new FakeProvider(), [writer], {
      calls: { land: async () => fail({ kind: 'stale', path: 'a.ts', message: 'a.ts changed since you read it' }) },
    })
    const end = await runToolCall(call('Change', '{}'), calls, never)
    expect(end.message).toMatchObject({ status: 'error', text: 'Error: a.ts changed since you read it' })
    expect(end.changes).toEqual([])
  })

  test.each<[string, ApprovalAnswer, string, boolean]>([
    ['approves', { kind: 'approve' }, 'ok', true],
    ['rejects', { kind: 'reject' }, 'denied', false],
    ['rejects with words', { kind: 'reject', feedback: 'use b.ts' }, 'denied', false],
    ['is not there', { kind: 'unavailable' }, 'denied', false],
  ])('in safe mode, when the user %s', async (_, answer, status, isWritten) => {
    let writes = 0
    const { calls } = fakeSession(new FakeProvider(), [writer], {
      calls: {
        mode: () => 'safe',
        actor: 'interactive',
        approve: async () => answer,
        land: async () => {
          writes++
          return ok([])
        },
      },
    })
    const end = await runToolCall(call('Change', '{}'), calls, never)
    expect(end.message.status).toBe(status)
    expect(writes > 0).toBe(isWritten)
    if (answer.kind === 'reject' && answer.feedback) expect(end.message.text).toContain(answer.feedback)
  })

  test('that the user edited is judged again before it lands', async () => {
    const judged: ChangeSet[] = []
    const edited: ChangeSet = { ...change, id: 'edited' }
    const answers: ApprovalAnswer[] = [{ kind: 'edited', files: [{ path: 'a.ts', after: 'x' }] }, { kind: 'approve' }]
    const { calls } = fakeSession(new FakeProvider(), [writer], {
      calls: {
        mode: () => 'safe',
        actor: 'interactive',
        approve: async () => answers.shift() ?? { kind: 'reject' },
        judge: async set => {
          judged.push(set)
          return PASSED
        },
        withEdits: () => edited,
      },
    })
    await runToolCall(call('Change', '{}'), calls, never)
    expect(judged.map(set => set.id)).toEqual(['c', 'edited'])
  })
})

describe('a rule that the user may grant', () => {
  const offers = [{ rule: 'allow local_mutation npm', also_allowed: ['npm test'] }]

  test.each([
    ['allow local_mutation npm', ['allow local_mutation npm']],
    ['allow destructive rm', []],
  ])('is shown with the question; "%s" as the answer keeps %j', async (rule, expected) => {
    const kept: string[] = []
    const { calls, events } = fakeSession(new FakeProvider(), [writer], {
      calls: {
        mode: () => 'safe',
        actor: 'interactive',
        offerRules: () => offers,
        approve: async request => (request.rules === offers ? { kind: 'remember', rule } : { kind: 'reject' }),
        remember: async text => {
          kept.push(text)
          return ok(undefined)
        },
      },
    })
    const end = await runToolCall(call('Change', '{}'), calls, never)
    expect(end.message.status).toBe('ok')
    expect(kept).toEqual(expected)
    expect(events.filter(event => event.type === 'notice').map(event => event.level)).toEqual([
      expected.length > 0 ? 'info' : 'warning',
    ])
  })
})

describe('a command outside the sandbox', () => {
  const run = async (actor: 'interactive' | 'headless', answer: ApprovalAnswer) => {
    const ran: string[] = []
    const end = async (where: string) => {
      ran.push(where)
      const ended = { exitCode: 0, stdout: '', stderr: '', omittedBytes: 0, timedOut: false, cancelled: false }
      return ok({ ...ended, durationMs: 1, violations: [] })
    }
    const context = {
      ...fakeSession(new FakeProvider(), []).calls.context,
      env: {},
      classify: async () => effectOf('read_only', 'only reads', { programs: ['ls'] }),
      sandbox: { level: 'bubblewrap', run: () => end('inside'), runOutside: () => end('outside') } as Partial<Sandbox>,
    } as ToolContext
    const offered: string[][] = []
    const { calls } = fakeSession(new FakeProvider(), [bashTool], {
      calls: {
        context,
        actor,
        circumstances: async () => ({ rules: parseRules(['allow line ls', 'allow destructive ls'], 'user').rules }),
        offerRules: (effect, title) => suggestRules(effect, title).map(each => ({ rule: each.text, also_allowed: [] })),
        approve: async request => {
          offered.push((request.rules ?? []).map(offer => offer.rule))
          return answer
        },
      },
    })
    const result = await runToolCall(call('Bash', '{"command":"ls","outside_sandbox":true}'), calls, never)
    return { status: result.message.status, ran, offered }
  }

  test('is asked about in auto mode, whatever it does and whatever rules say, and no rule is offered', async () => {
    expect(await run('interactive', { kind: 'approve' })).toEqual({ status: 'ok', ran: ['outside'], offered: [[]] })
    expect(await run('interactive', { kind: 'reject' })).toMatchObject({ status: 'denied', ran: [] })
  })

  test('never runs where nobody can be asked', async () => {
    expect(await run('headless', { kind: 'approve' })).toEqual({ status: 'denied', ran: [], offered: [] })
  })
})

describe('the calls of one reply', () => {
  test('that only read run side by side, results in the order asked; others wait for their turn', async () => {
    const log: string[] = []
    const timed = (name: string, ms: number, isReadOnly: boolean) =>
      fakeTool(
        name,
        async () => {
          log.push(`${name} begins`)
          await new Promise(resolve => setTimeout(resolve, ms))
          log.push(`${name} ends`)
          return name
        },
        { isReadOnly },
      )
    const { calls } = fakeSession(new FakeProvider(), [
      timed('Slow', 40, true),
      timed('Fast', 5, true),
      timed('Act', 1, false),
    ])
    const order: string[] = []
    const requests = ['Slow', 'Fast', 'Act', 'Fast'].map(name => call(name, '{}'))
    await runToolBatch(requests, calls, never, async end => void order.push(end.message.text))
    expect(order).toEqual(['Slow', 'Fast', 'Act', 'Fast'])
    expect(log).toEqual([
      'Slow begins',
      'Fast begins',
      'Fast ends',
      'Slow ends',
      'Act begins',
      'Act ends',
      'Fast begins',
      'Fast ends',
    ])
  })
})

function call(name: string, json: string): ToolCall {
  return { type: 'tool_call', id: `id-${name}`, name, arguments: json }
}
