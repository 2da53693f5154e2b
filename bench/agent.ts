/**
 * `npm run bench:agent`: what kode costs per run and per step, beside bare Node and a loop of 60 lines that does
 * nothing but the same requests (bench/reference-loop.mjs). The model is a server of our own that answers at once.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'

const CLI = join(import.meta.dirname, '../dist/cli/kode.mjs')
const REFERENCE = join(import.meta.dirname, 'reference-loop.mjs')
const RUNS = Number(process.argv[2] ?? 7)
const LONG = Number(process.argv[3] ?? 1_000)

interface Arrival {
  atMs: number
  bytes: number
  body: string
}

/** A model that calls a tool so often, then answers; with `deltas` it streams that many pieces of text. */
interface Plan {
  steps: number
  call?: { name: string; arguments: Record<string, unknown> }
  deltas?: number
}

let plan: Plan = { steps: 0 }
let arrivals: Arrival[] = []
let connections = 0
let onAnswer: () => void = () => undefined
const server = createServer((request, response) => void answer(request, response))
server.on('connection', () => connections++)
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

const project = mkdtempSync(join(tmpdir(), 'kode-bench-'))
writeFileSync(join(project, 'a.js'), 'export const a = 1\n')
const env = {
  PATH: process.env.PATH ?? '',
  HOME: mkdtempSync(join(tmpdir(), 'kode-bench-home-')),
  KODE_LLM_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
  KODE_LLM_API_KEY: 'k',
  KODE_LLM_MODEL: 'm',
}

const read = { name: 'Read', arguments: { file_path: 'a.js' } }
const shell = { name: 'Bash', arguments: { command: 'true' } }
const large = { name: 'Bash', arguments: { command: 'head -c 2000000 /dev/zero | tr "\\0" x' } }

console.log(
  `load ${loadavg()
    .map(value => value.toFixed(1))
    .join(' ')}; median of ${RUNS}; Node ${process.versions.node}`,
)
const shown = new Map<string, number>()
const bare = await median(async () => (await run([process.execPath, '-e', '0'], { steps: 0 })).durationMs)
row('node -e 0', bare, 'ms')
for (const [name, program] of [
  ['reference loop', [REFERENCE]],
  ['kode', [CLI, '--max-turns', '5000', '-p', 'go']],
] as const) {
  const command = [process.execPath, ...program]
  console.log(`\n${name}`)
  row('start to first request', await median(async () => (await run(command, { steps: 0 })).firstRequestMs), 'ms')
  row('a read step', await median(async () => stepMs(await run(command, { steps: 40, call: read }))), 'ms')
  row('a shell step', await median(async () => stepMs(await run(command, { steps: 40, call: shell }))), 'ms')
  row('peak memory of 20 steps', await median(async () => (await run(command, { steps: 20, call: read })).peakMb), 'MB')
  const quiet = await median(async () => (await run(command, { steps: 0, deltas: 1 })).cpuMs)
  const streaming = await median(async () => (await run(command, { steps: 0, deltas: 2_001 })).cpuMs)
  row('processor time of a streamed delta', ((streaming - quiet) / 2_000) * 1_000, 'µs')
  if (name !== 'kode') continue
  const small = await median(async () => stepMs(await run(command, { steps: 5, call: shell })))
  const big = await run(command, { steps: 5, call: large })
  row('a tool output of 2 MB, beyond an empty one', stepMs(big) - small, 'ms')
  row('of which the model sees', Math.max(...grown(big.arrivals)) / 1_000, 'KB')
  const first = (await run(command, { steps: 0 })).arrivals[0]
  row('the first request, at 4 bytes a token', (first?.bytes ?? 0) / 4, 'tokens')
  const long = await run(command, { steps: LONG, call: read })
  const times = gaps(long.arrivals)
  row(`step 10 of ${LONG}`, middle(times.slice(5, 15)), 'ms')
  row(`step ${LONG}`, middle(times.slice(-10)), 'ms')
  row('connections for that', long.connections, '')
  row('bytes of a request that the next one keeps', keptShare(long.arrivals) * 100, '%')
}
server.close()

/** The second time a name comes, it stands beside the first. */
function row(name: string, value: number, unit: string): void {
  const number = value.toFixed(unit === '' || value >= 100 ? 0 : 2).padStart(9)
  const first = shown.get(name)
  const ratio = first === undefined ? '' : `  ${(value / first).toFixed(2)} x the reference loop`
  console.log(`  ${name.padEnd(46)} ${number} ${unit}${ratio}`)
  shown.set(name, value)
}

async function run([program = '', ...args]: readonly string[], next: Plan) {
  plan = next
  arrivals = []
  connections = 0
  const startedAt = performance.now()
  const child = spawn(program, args, { cwd: project, env, stdio: 'ignore' })
  const watched = watch(child)
  await new Promise(resolve => child.on('close', resolve))
  const { peakMb, cpuMs } = watched()
  const firstRequestMs = (arrivals[0]?.atMs ?? performance.now()) - startedAt
  return { durationMs: performance.now() - startedAt, firstRequestMs, arrivals, connections, peakMb, cpuMs }
}

/** Peak memory and processor time, looked at as long as the process is there. */
function watch(child: ChildProcess): () => { peakMb: number; cpuMs: number } {
  const seen = { peakMb: 0, cpuMs: 0 }
  const look = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      seen.peakMb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? seen.peakMb * 1024) / 1024
      const schedstat = readFileSync(`/proc/${child.pid}/schedstat`, 'utf8')
      seen.cpuMs = Math.max(seen.cpuMs, Number(schedstat.split(' ')[0]) / 1e6)
    } catch {
      // It has ended between two looks.
    }
  }
  const timer = setInterval(look, 2)
  onAnswer = look
  return () => {
    clearInterval(timer)
    return seen
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A long conversation makes kode ask for the size of the window; this server does not tell.
  if (request.method !== 'POST') {
    response.writeHead(404).end()
    return
  }
  const atMs = performance.now()
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const body = Buffer.concat(pieces).toString()
  arrivals.push({ atMs, bytes: body.length, body })
  onAnswer()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (delta: unknown, finish: string | null = null) =>
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`)
  if (plan.call && arrivals.length <= plan.steps) {
    // Never the same call twice: a loop guard would end the run.
    const input = {
      ...plan.call.arguments,
      ...(plan.call.name === 'Read'
        ? { start_line: 1, num_lines: arrivals.length }
        : { timeout: 60 + (arrivals.length % 200) }),
    }
    const call = { name: plan.call.name, arguments: JSON.stringify(input) }
    send({ tool_calls: [{ index: 0, id: `call_${arrivals.length}`, type: 'function', function: call }] })
    send({}, 'tool_calls')
  } else {
    for (let index = 0; index < (plan.deltas ?? 1); index++) send({ content: 'word ' })
    send({}, 'stop')
  }
  response.end('data: [DONE]\n\n')
}

function gaps(times: readonly Arrival[]): number[] {
  return times.slice(1).map((arrival, index) => arrival.atMs - (times[index]?.atMs ?? 0))
}

function grown(times: readonly Arrival[]): number[] {
  return times.slice(1).map((arrival, index) => arrival.bytes - (times[index]?.bytes ?? 0))
}

/** The first steps load what the later ones have. */
function stepMs({ arrivals: times }: { arrivals: readonly Arrival[] }): number {
  return middle(gaps(times).slice(2))
}

/** How much of each request's messages stands at the beginning of the next one, byte for byte. */
function keptShare(times: readonly Arrival[]): number {
  const messages = times.map(({ body }) => JSON.stringify(JSON.parse(body).messages).slice(0, -1))
  const kept = messages.slice(1).filter((text, index) => text.startsWith(messages[index] ?? ''))
  return kept.length / Math.max(1, messages.length - 1)
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** The first run fills caches and does not count. */
async function median(measure: () => Promise<number>): Promise<number> {
  await measure()
  const values: number[] = []
  for (let index = 0; index < RUNS; index++) values.push(await measure())
  return middle(values)
}
