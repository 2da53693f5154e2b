import { expect, test } from 'vitest'
import { Spending } from '#shared/agent/limits'
import { PatchConversation } from '#shared/pipelines/generate'
import { FakeProvider, says } from '../../support/fake-provider'

const { signal } = new AbortController()

test('the next round shows the model its last patch, without a call that nobody will answer', async () => {
  const call = { type: 'tool_call' as const, id: 'c', name: 'Edit', arguments: '{}' }
  const provider = new FakeProvider([{ type: 'tool_call', call }, ...says('[1]')], says('[2]'))
  const asked = { provider, spending: new Spending(() => 0) }
  const conversation = new PatchConversation(asked, { model: 'm' }, 'task', 'context')
  await conversation.ask(signal)
  conversation.complain('wrong')
  await conversation.ask(signal)
  const shown = provider.requests[1]?.messages.map(message => ('parts' in message ? message.parts : []))
  expect(shown).toEqual([
    [{ type: 'text', text: expect.stringContaining('task') }],
    [{ type: 'text', text: '[1]' }],
    [{ type: 'text', text: expect.stringContaining('wrong') }],
  ])
})
