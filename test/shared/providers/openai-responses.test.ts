import { expect, test } from 'vitest'
import { askScripted, assistantMessage, toolMessage, userMessage } from '../../support/ask-provider'

test.each([
  ['gpt-5-codex', '/v1/responses'],
  ['o3-pro', '/v1/responses'],
  ['gpt-4o', '/v1/chat/completions'],
  ['gpt-5', '/v1/chat/completions'],
])('openai is asked for %s at %s', async (model, path) => {
  const { server, events } = await askScripted('openai', [{ text: 'ok' }], { model })
  expect(server.requests[0]?.path).toBe(path)
  expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
})

test('sealed reasoning comes through and goes back, and nothing is kept on the server', async () => {
  const first = await askScripted('openai-responses', [
    { thinking: 'Let me see.', toolCalls: [{ name: 'Read', arguments: {} }] },
  ])
  const signature = first.events.flatMap(event => (event.type === 'thinking_end' ? [event.signature] : []))[0]
  const call = first.events.find(event => event.type === 'tool_call')!.call

  const { server } = await askScripted('openai-responses', [{ text: 'ok' }], {
    messages: [
      userMessage('hi'),
      assistantMessage({ type: 'thinking', text: 'Let me see.', signature }, call),
      toolMessage(call.id, 'one'),
    ],
  })
  expect(server.requests[0]?.body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] })
  expect(server.requests[0]?.body.input).toMatchObject([
    { role: 'user' },
    { type: 'reasoning', id: 'rs_1', encrypted_content: 'sealed-11', summary: [{ text: 'Let me see.' }] },
    { type: 'function_call', call_id: call.id, arguments: '{}' },
    { type: 'function_call_output', call_id: call.id, output: 'one' },
  ])
})

test.each([
  ['anthropic', 'openai-responses', 'sig-of-anthropic'],
  ['openai-responses', 'anthropic', '{"id":"rs_1","content":"sealed"}'],
])('the signature of %s does not go to %s', async (_, other, signature) => {
  const { server } = await askScripted(other, [{ text: 'ok' }], {
    messages: [
      userMessage('hi'),
      assistantMessage({ type: 'thinking', text: 'Hm.', signature }, { type: 'text', text: 'Yes.' }),
      userMessage('And?'),
    ],
  })
  expect(server.requests[0]?.raw).not.toContain('sig-of-anthropic')
  expect(server.requests[0]?.raw).not.toContain('sealed')
})
