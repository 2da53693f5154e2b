/**
 * `npm run bench:providers`: what a streamed delta costs, and what a request costs from the call to the wire,
 * beside the SDK's own stream and a bare fetch. The server runs in a process of its own.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createProvider } from '#shared/providers/registry'

const DELTAS = 2000
const RUNS = 9

if (process.argv[2] === 'server') await serve()
else await measure()

async function serve(): Promise<void> {
  const server = createServer(async (incoming, outgoing) => {
    incoming.resume()
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let number = 0; number < DELTAS; number++) {
      outgoing.write(delta(number))
      // A few events to a packet, as over a real network.
      if (number % 4 === 0) await new Promise(setImmediate)
    }
    outgoing.end('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  console.log((server.address() as AddressInfo).port)
}

function delta(number: number): string {
  const choice = { index: 0, delta: { content: `word${number} ` }, logprobs: null, finish_reason: null }
  const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'm' }
  return `data: ${JSON.stringify({ ...head, choices: [choice] })}\n\n`
}

async function measure(): Promise<void> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'server'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<string>(resolve => child.stdout.once('data', data => resolve(String(data).trim())))
  const baseUrl = `http://127.0.0.1:${port}/v1`

  row('kode, first reply of a process', [await cpuPerDelta(() => streamOurs(baseUrl))])
  row('kode', await repeat(() => streamOurs(baseUrl)))
  row("the SDK's own stream over fetch", await repeat(() => streamSdk(baseUrl)))
  row('a bare fetch, only reading bytes', await repeat(() => streamFetch(baseUrl)))
  child.kill()
}

async function streamOurs(baseUrl: string): Promise<void> {
  const made = createProvider({ provider: 'openai-compatible', baseUrl, apiKey: 'k' }, {})
  if (!made.ok) throw new Error(made.error.message)
  const request = {
    model: 'm',
    system: 's',
    tools: [],
    messages: [
      { role: 'user' as const, id: '1', origin: 'typed' as const, parts: [{ type: 'text' as const, text: 'hi' }] },
    ],
  }
  let seen = 0
  for await (const event of made.value.stream(request, new AbortController().signal)) if (event.type === 'text') seen++
  if (seen !== DELTAS) throw new Error(`${seen} deltas came through`)
}

async function streamSdk(baseURL: string): Promise<void> {
  const { default: OpenAI } = await import('openai')
  const client = new OpenAI({ baseURL, apiKey: 'k' })
  const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true })
  let seen = 0
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) seen++
  if (seen !== DELTAS) throw new Error(`${seen} deltas came through`)
}

async function streamFetch(baseUrl: string): Promise<void> {
  const response = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', body: '{}' })
  for await (const piece of response.body ?? []) if (piece.length === 0) throw new Error('an empty piece')
}

async function repeat(run: () => Promise<void>): Promise<number[]> {
  const costs: number[] = []
  for (let number = 0; number < RUNS; number++) costs.push(await cpuPerDelta(run))
  return costs
}

async function cpuPerDelta(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / DELTAS
}

function row(name: string, costs: number[]): void {
  const median = costs.sort((a, b) => a - b)[Math.floor(costs.length / 2)] ?? 0
  console.log(`${name.padEnd(36)} ${median.toFixed(1).padStart(6)} µs of CPU per delta (${DELTAS} deltas)`)
}
