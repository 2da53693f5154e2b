import { expect, test } from 'vitest'
import { Spending } from '#shared/agent/limits'
import { ReadingAgents } from '#shared/agent/reading-agents'
import { whenAborted } from '#shared/base/cancel'
import { EXIT } from '#shared/protocol/exit-codes'
import type { ModelEvent } from '#shared/providers/provider'
import { agentSession } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const { signal } = new AbortController()
const job = (agent: string, spending = new Spending(() => 0.01)) => ({ agent, prompt: 'look', spending })

test('one project serves all agents, each as itself and with the money it was given', async () => {
  let opened = 0
  const provider = new FakeProvider(says('seen'), says('planned'))
  const agents = new ReadingAgents(async () => {
    opened++
    return { ok: true, value: (await agentSession(tempProject(), provider)).kode }
  })
  const spending = new Spending(() => 0.01)
  expect(await agents.run(job('explore', spending), signal)).toEqual({ ok: true, value: 'seen' })
  expect(spending.costUsd).toBeUndefined()
  expect(await agents.run(job('plan'), signal)).toEqual({ ok: true, value: 'planned' })
  expect(opened).toBe(1)
  expect(provider.requests.map(({ system }) => /^You are an? (\w+)/.exec(system)?.[1])).toEqual([
    'investigator',
    'planner',
  ])
  expect(provider.requests.flatMap(({ tools }) => tools.map(tool => tool.name))).not.toContain('Write')
})

test.each([
  ['there is no such agent', 'nobody', [], EXIT.usage, /there is no agent "nobody"/],
  ['it says nothing', 'explore', [says(''), says('')], EXIT.provider, /empty reply/],
  ['the money is spent', 'explore', [calls(['Glob', { pattern: '*' }])], EXIT.limit, /stopped after \d+ tokens/],
] as const)('an answer that does not come is a failure: %s', async (_, agent, replies, exitCode, message) => {
  const provider = new FakeProvider(...replies)
  const { kode } = await agentSession(tempProject(), provider)
  const agents = new ReadingAgents(async () => ({ ok: true, value: kode }))
  const poor = new Spending(() => 0.01, exitCode === EXIT.limit ? { maxTotalTokens: 100 } : {})
  const expected = { ok: false, error: { exitCode, message: expect.stringMatching(message) } }
  expect(await agents.run(job(agent, poor), signal)).toEqual(expected)
})

test('who takes too long ends, and that is why there is no answer', async () => {
  const silent = async function* (stop: AbortSignal): AsyncIterable<ModelEvent> {
    await whenAborted(stop)
    yield { type: 'failure', failure: { kind: 'cancelled', message: 'cancelled' } }
  }
  const { kode } = await agentSession(tempProject(), new FakeProvider(silent))
  const agents = new ReadingAgents(async () => ({ ok: true, value: kode }), 100)
  const answer = await agents.run(job('explore'), signal)
  expect(answer).toEqual({ ok: false, error: { exitCode: EXIT.limit, message: 'no answer after 0.1 s' } })
})

test('who is interrupted gives no answer', async () => {
  const { kode } = await agentSession(tempProject(), new FakeProvider())
  const agents = new ReadingAgents(async () => ({ ok: true, value: kode }))
  const answer = await agents.run(job('explore'), AbortSignal.abort())
  expect(answer).toEqual({ ok: false, error: { exitCode: EXIT.interrupted, message: 'interrupted' } })
})
