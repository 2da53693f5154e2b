import { expect, test } from 'vitest'
import { askScripted, assistantMessage, toolMessage, userMessage } from '../../support/ask-provider'

test('the signature of a call comes through and goes back', async () => {
  const { events } = await askScripted('gemini', [
    { toolCalls: [{ name: 'Read', arguments: { path: 'a' }, signature: 'proof' }] },
  ])
  const call = events.find(event => event.type === 'tool_call')?.call
  expect(call?.signature).toBe('proof')

  const { server } = await askScripted('gemini', [{ text: 'ok' }], {
    messages: [userMessage('hi'), assistantMessage(call!), toolMessage(call!.id, 'one')],
  })
  expect(server.requests[0]?.body.messages[2]?.tool_calls).toMatchObject([
    { id: call?.id, extra_content: { google: { thought_signature: 'proof' } } },
  ])
})

test('calls that all claim the first place are told apart by their ids', async () => {
  const { events } = await askScripted('gemini', [
    {
      toolCalls: [
        { name: 'Read', arguments: { path: 'a' }, index: 0, id: 'x' },
        { name: 'Read', arguments: { path: 'b' }, index: 0, id: 'y' },
      ],
    },
  ])
  const calls = events.flatMap(event => (event.type === 'tool_call' ? [event.call.arguments] : []))
  expect(calls).toEqual(['{"path":"a"}', '{"path":"b"}'])
})

test('ids are unique in the session, even where the server starts anew in every reply', async () => {
  const { events } = await askScripted('gemini', [{ toolCalls: [{ name: 'Read', arguments: {}, id: 'call-0' }] }], {
    messages: [
      userMessage('hi'),
      assistantMessage({ type: 'tool_call', id: 'call-0', name: 'Read', arguments: '{}' }),
      toolMessage('call-0', 'one'),
    ],
  })
  const call = events.find(event => event.type === 'tool_call')?.call
  expect(call?.id).toMatch(/^call_/)
})

test('thoughts are asked for and shown apart', async () => {
  const { events, server } = await askScripted('gemini', [{ text: '<thought>Let me see.</thought>So.' }], {
    thinkingBudget: 2000,
  })
  expect(server.requests[0]?.body.extra_body).toEqual({
    google: { thinking_config: { include_thoughts: true, thinking_budget: 2000 } },
  })
  expect(
    events
      .filter(event => event.type === 'thinking')
      .map(event => event.text)
      .join(''),
  ).toBe('Let me see.')
})

test('the key is in a header, not in the URL', async () => {
  const { server } = await askScripted('gemini', [{ text: 'ok' }])
  expect(server.requests[0]?.headers.authorization).toBe('Bearer a-key')
  expect(server.paths[0]).not.toContain('a-key')
})
