import { expect, test } from 'vitest'
import type { ModelEvent } from '#shared/providers/provider'
import { agentSession } from '../../support/agent-session'
import { FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const usage: ModelEvent = {
  type: 'usage',
  usage: { input: 900, output: 100, cache_read: 0, cache_write: 0, thinking: 0 },
}
const FINDING = JSON.stringify([{ severity: 'warning', message: 'checkout reads it too', file_path: 'src/total.js' }])
const REFUSED: ModelEvent[] = [{ type: 'failure', failure: { kind: 'auth', message: 'no such key' } }]

test.each<[string, ModelEvent[], RegExp, number]>([
  ['what it says is in the answer', [usage, ...says(FINDING)], /^- warning \(model\): .*checkout reads it too$/, 900],
  ['why it says nothing, too', REFUSED, /^Nothing to remark\.\nwarning: .* not reviewed by a model: no such key/, 0],
])("/critique asks the conversation's own model: %s", async (_, reply, answer, input) => {
  const { kode, session, provider } = await open([reply])
  expect(await kode.shelf.run('critique', TASK, signal, session.spending)).toMatch(answer)
  expect(provider.requests).toHaveLength(1)
  expect(session.spending.total.input).toBe(input)
})

test("/critique asks no model once the conversation's money is spent, and says so", async () => {
  const { kode, session, provider } = await open([[usage, ...says('done')]], 1_000)
  await session.prompt([{ type: 'text', text: 'go' }])
  expect(await kode.shelf.run('critique', TASK, signal, session.spending)).toMatch(/not reviewed .*stopped after 1000/)
  expect(provider.requests).toHaveLength(1)
})

const TASK = ['make', 'total', '2']
const { signal } = new AbortController()

async function open(replies: ModelEvent[][], maxTotalTokens?: number) {
  const root = tempProject({
    'src/total.js': 'export const total = 1\n',
    '.kode/kode.json': '{ "critique": { "ask_model": true } }',
  })
  const provider = new FakeProvider(...replies)
  const settings = maxTotalTokens === undefined ? {} : { maxTotalTokens }
  return { provider, ...(await agentSession(root, provider, { settings })) }
}
