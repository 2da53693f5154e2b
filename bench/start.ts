/**
 * `npm run bench:start`: how long kode takes to answer --version and to put its first request on the wire,
 * as ratios to bare Node and to a minimal program that does nothing but send one request.
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

const bareNode = await median(() => timeToExit(['-e', '0']))
const version = await median(() => timeToExit([CLI, '--version']))
const minimalRequest = await median(() => timeToRequest(['-e', minimal]))
const firstRequest = await median(() => timeToRequest([CLI, '-p', 'hi']))
const verifyCold = await median(() => timeToExit([CLI, 'verify', '--input', inputFile()]))
server.close()

row('node -e 0', bareNode, bareNode)
row('kode --version', version, bareNode)
row('one bare fetch, to the request', minimalRequest, bareNode)
row('kode -p hi, to the request', firstRequest, bareNode)
row('kode verify of one file, whole process', verifyCold, bareNode)

function row(name: string, ms: number, floor: number): void {
  console.log(`${name.padEnd(42)} ${ms.toFixed(0).padStart(5)} ms   ${(ms / floor).toFixed(2)} x node -e 0`)
}

function inputFile(): string {
  const path = join(project, 'input.json')
  writeFileSync(path, JSON.stringify({ files: { 'a.js': 'export const a = 2\n' } }))
  return path
}

/** The first run fills caches and does not count. */
async function median(measure: () => Promise<number>): Promise<number> {
  await measure()
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) times.push(await measure())
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
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
