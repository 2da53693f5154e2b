import { expect, test } from 'vitest'
import { CLEARED } from '#shared/agent/micro-compaction'
import type { Message, Usage } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

/** A model whose replies follow from the request, and which counts tokens as a provider does. */
class CountingModel implements Provider {
  readonly name = 'counting'
  readonly requests: ModelRequest[] = []
  readonly #reply: (request: ModelRequest) => ModelEvent[]

  constructor(reply: (request: ModelRequest) => ModelEvent[]) {
    this.#reply = reply
  }

  async *stream(request: ModelRequest): AsyncIterable<ModelEvent> {
    this.requests.push({ ...request, messages: [...request.messages] })
    const input = Math.ceil(JSON.stringify([request.system, request.tools, request.messages]).length / 4)
    const usage: Usage = { input, output: 10, cache_read: 0, cache_write: 0, thinking: 0 }
    const reply = this.#reply(request)
    yield* reply.slice(0, -1)
    yield { type: 'usage', usage }
    yield* reply.slice(-1)
  }

  async listModels(): Promise<{ models: [] }> {
    return { models: [] }
  }
}

const isSummary = (request: ModelRequest) => request.tools.length === 0
const textOf = (message: Message | undefined) =>
  message?.role === 'user' ? message.parts.map(part => (part.type === 'text' ? part.text : '')).join('') : ''

test('after 300 turns and many compactions the session still answers from turn 3', async () => {
  const model = new CountingModel(request => {
    if (isSummary(request)) return says('They chat about numbers.')
    const last = request.messages.at(-1)
    if (last?.role === 'tool') return says(`It was ${/secret word is (\w+)/.exec(last.text)?.[1]}.`)
    if (textOf(last).startsWith('What was')) return calls(['RecallContext', { query: 'secret word is' }])
    return says(`Noted. ${'filler '.repeat(40)}`)
  })
  const { session } = await agentSession(tempProject(), model, { model: 'gpt-4' })
  for (let turn = 1; turn < 300; turn++) {
    const text = turn === 3 ? 'The secret word is heliotrope.' : `Fact number ${turn}.`
    expect((await session.prompt([{ type: 'text', text }])).reason).toBe('answered')
  }
  await session.prompt([{ type: 'text', text: 'What was the word?' }])
  expect(JSON.stringify(session.messages().at(-1))).toContain('It was heliotrope.')

  const summaries = model.requests.filter(isSummary).length
  expect(summaries).toBeGreaterThan(5)
  // It was not in front of the model: only RecallContext knew.
  const asked = model.requests.findLast(request => textOf(request.messages.at(-1)).startsWith('What was'))
  expect(JSON.stringify(asked?.messages)).not.toContain('heliotrope')
  // No request was larger than the window of the model.
  for (const request of model.requests) {
    expect(JSON.stringify([request.system, request.tools, request.messages]).length / 4).toBeLessThan(8_192)
  }
}, 120_000)

test('old results are cleared in few large steps, and what was sent before stays byte for byte in between', async () => {
  let step = 0
  const model = new CountingModel(request => {
    if (isSummary(request)) return says('summary')
    return ++step > 60 ? says('done') : calls(['Bash', { command: `seq ${step} ${step + 400}` }])
  })
  const { session } = await agentSession(tempProject(), model, { model: 'gpt-3.5-turbo' })
  await session.prompt([{ type: 'text', text: 'count' }])
  const requests = model.requests.filter(request => !isSummary(request))
  const breaks = requests.slice(1).filter((request, index) => {
    const before = requests[index]?.messages ?? []
    return JSON.stringify(request.messages.slice(0, before.length)) !== JSON.stringify(before)
  })
  expect(breaks.length).toBeGreaterThan(0)
  expect(breaks.length).toBeLessThan(10)
  // What was cleared may be part of a summary by the end.
  const isCleared = (message: Message) => message.role === 'tool' && message.text === CLEARED
  expect(requests.some(request => request.messages.some(isCleared))).toBe(true)
}, 120_000)

test('a cleared result is found again in its full length', async () => {
  let step = 0
  const model = new CountingModel(request => {
    if (isSummary(request)) return says('summary')
    step++
    if (step <= 20) return calls(['Bash', { command: `echo needle-${step}; seq 400` }])
    return step === 21 ? calls(['RecallContext', { query: 'needle-1\n' }]) : says('done')
  })
  const { session } = await agentSession(tempProject(), model, { model: 'gpt-3.5-turbo' })
  await session.prompt([{ type: 'text', text: 'go' }])
  expect(resultsOf(session).some(result => result.text === CLEARED)).toBe(true)
  expect(resultsOf(session).at(-1)?.text).toMatch(/Turn \d+ \(tool\): [\s\S]*needle-1/)
})
