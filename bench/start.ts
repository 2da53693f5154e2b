/**
 * `npm run bench:start`: how long kode takes to answer --version and to put its first request on the wire,
 * beside bare Node and two programs that do nothing but send one request: by Node's fetch, and by the SDK that kode uses.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RUNS = Number(process.argv[2] ?? 15)
const CLI = join(import.meta.dirname, '../dist/cli/kode.mjs')
const project = mkdtempSync(join(tmpdir(), 'kode-bench-'))
writeFileSync(join(project, 'a.js'), 'export const a = 1\n')

let onRequest: () => void = () => undefined
const server = createServer((_request, response) => {
  onRequest()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const chunk = { choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] }
  response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`)
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
const env = {
  PATH: process.env.PATH ?? '',
  HOME: mkdtempSync(join(tmpdir(), 'kode-bench-home-')),
  KODE_LLM_ENDPOINT: endpoint,
  KODE_LLM_API_KEY: 'k',
  KODE_LLM_MODEL: 'm',
}
const minimal = `fetch(${JSON.stringify(`${endpoint}/chat/completions`)}, { method: 'POST', body: '{}' }).then(r => r.text())`
const sdk = `import(${JSON.stringify(import.meta.resolve('openai'))}).then(({ OpenAI }) =>
  new OpenAI({ apiKey: 'k', baseURL: ${JSON.stringify(endpoint)} }).post('/chat/completions', { body: {} }).asResponse().then(r => r.text()))`

const rows: { name: string; measure: () => Promise<number>; times: number[] }[] = [
  { name: 'node -e 0', measure: () => timeToExit(['-e', '0']), times: [] },
  { name: 'one bare fetch, to the request', measure: () => timeToRequest(['-e', minimal]), times: [] },
  { name: "openai's SDK from npm, to the request", measure: () => timeToRequest(['-e', sdk]), times: [] },
  { name: 'kode -p hi, to the request', measure: () => timeToRequest([CLI, '-p', 'hi']), times: [] },
  { name: 'kode --version', measure: () => timeToExit([CLI, '--version']), times: [] },
  {
    name: 'kode verify of one file, whole process',
    measure: () => timeToExit([CLI, 'verify', '--input', inputFile()]),
    times: [],
  },
]
// The first run fills caches and does not count. Side by side, so that a busy moment meets all of them.
for (const { measure } of rows) await measure()
for (let run = 0; run < RUNS; run++) for (const { measure, times } of rows) times.push(await measure())
server.close()

const bareNode = median(rows[0]?.times ?? [])
console.log(`median of ${RUNS}; Node ${process.versions.node}`)
for (const { name, times } of rows) {
  const ms = median(times)
  console.log(`${name.padEnd(42)} ${ms.toFixed(0).padStart(5)} ms   ${(ms / bareNode).toFixed(2)} x node -e 0`)
}

function inputFile(): string {
  const path = join(project, 'input.json')
  writeFileSync(path, JSON.stringify({ files: { 'a.js': 'export const a = 2\n' } }))
  return path
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
}

async function timeToExit(args: string[]): Promise<number> {
  const startedAt = performance.now()
  spawnSync(process.execPath, args, { cwd: project, env, stdio: 'ignore' })
  return performance.now() - startedAt
}

async function timeToRequest(args: string[]): Promise<number> {
  const startedAt = performance.now()
  const requested = new Promise<number>(resolve => {
    onRequest = () => resolve(performance.now() - startedAt)
  })
  const child = spawn(process.execPath, args, { cwd: project, env, stdio: 'ignore' })
  const ended = new Promise(resolve => child.on('close', resolve))
  const duration = await requested
  await ended
  return duration
}
