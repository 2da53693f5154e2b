import type { Message, UserMessage } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'
import { createProvider, type Env, type ProviderOptions } from '#shared/providers/registry'
import { type Script, type ScriptedOptions, type ScriptedProvider, startScriptedProvider } from './scripted-provider'

/** Everything a provider said to one request. */
export async function askProvider(provider: Provider, request: Partial<ModelRequest> = {}): Promise<ModelEvent[]> {
  const asked = { model: 'some-model', system: 'Be brief.', messages: [userMessage('hi')], tools: [], ...request }
  const events: ModelEvent[] = []
  for await (const event of provider.stream(asked, new AbortController().signal)) events.push(event)
  return events
}

/** A provider of the registry whose retries wait about a millisecond. */
export function makeProvider(options: ProviderOptions, env: Env = {}): Provider {
  const made = createProvider({ retry: { baseMs: 1 }, ...options }, env)
  if (!made.ok) throw new Error(made.error.message)
  return made.value
}

/** Where each provider's endpoint lies on a scripted server. */
export function endpointOn(server: ScriptedProvider, provider: string): string {
  return server.host + ({ anthropic: '', gemini: '/v1beta/openai' }[provider] ?? '/v1')
}

/** Asks a provider of the registry, behind which the script speaks. */
export async function askScripted(
  provider: string,
  script: Script,
  request: Partial<ModelRequest> = {},
  options: ScriptedOptions = {},
): Promise<{ events: ModelEvent[]; server: ScriptedProvider }> {
  const server = await startScriptedProvider(script, options)
  const events = await askProvider(
    makeProvider({ provider, baseUrl: endpointOn(server, provider), apiKey: 'a-key' }),
    request,
  )
  await server.close()
  return { events, server }
}

export function textOf(events: readonly ModelEvent[]): string {
  return events.flatMap(event => (event.type === 'text' ? [event.text] : [])).join('')
}

export function userMessage(text: string): UserMessage {
  return { role: 'user', id: 'u', origin: 'typed', parts: [{ type: 'text', text }] }
}

export function assistantMessage(...parts: Extract<Message, { role: 'assistant' }>['parts']): Message {
  return { role: 'assistant', id: 'a', model: 'some-model', stop: 'end', parts }
}

export function toolMessage(callId: string, text: string, status: 'ok' | 'error' = 'ok'): Message {
  return { role: 'tool', id: `r-${callId}`, call_id: callId, name: 'Read', text, status }
}

/** The fields of a body that are expected, absent ones as undefined. */
export function fieldsOf(body: Record<string, unknown>, expected: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(expected).map(name => [name, body[name]]))
}
