// Runs the conformance suite of the Model Context Protocol, in each of its revisions, over kode's client and `kode mcp serve`.
// `node scripts/conformance-mcp.mjs [client|server]`; known failures are in test/conformance/exceptions.yaml, each with its reason.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const REVISIONS = ['2025-11-25', '2026-07-28']
/** Of before the revisions that have a list of their own. */
const OLDER = ['auth/2025-03-26-oauth-metadata-backcompat', 'auth/2025-03-26-oauth-endpoint-fallback']
const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js'
const EXCEPTIONS = 'test/conformance/exceptions.yaml'
const TOKEN = 'conformance'

const sides = process.argv.length > 2 ? process.argv.slice(2) : ['client', 'server']
const results = mkdtempSync(join(tmpdir(), 'kode-conformance-results-'))
let hasFailed = false
if (sides.includes('client')) await testClient()
if (sides.includes('server')) await testServer()
rmSync(results, { recursive: true, force: true })
process.exitCode = hasFailed ? 1 : 0

async function testClient() {
  const outfile = 'dist/conformance/mcp-client.mjs'
  const entryPoints = ['test/conformance/mcp-client.ts']
  await build({
    entryPoints,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
    logLevel: 'warning',
  })
  const command = `${process.execPath} ${outfile}`
  for (const revision of REVISIONS)
    await suite(`client, ${revision}`, 'client', '--command', command, '--requirements', revision)
  for (const scenario of OLDER) await suite(scenario, 'client', '--command', command, '--scenario', scenario)
}

async function testServer() {
  const project = mkdtempSync(join(tmpdir(), 'kode-conformance-'))
  const served = await startKode(project)
  const proxy = await startProxy(served.port)
  const url = `http://127.0.0.1:${proxy.address().port}/mcp`
  for (const revision of REVISIONS)
    await suite(`server, ${revision}`, 'server', '--url', url, '--requirements', revision)
  proxy.closeAllConnections()
  proxy.close()
  served.child.kill()
  rmSync(project, { recursive: true, force: true })
}

/** Only the summary is printed, unless something unexpected happened. */
async function suite(title, ...args) {
  const child = spawn(process.execPath, [SUITE, ...args, '--expected-failures', EXCEPTIONS, '-o', results])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (output += piece))
  const code = await new Promise(resolve => child.once('close', resolve))
  const counts = /^(?:Total|Passed): .*$/m.exec(output)?.[0] ?? 'no counts'
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${title}: ${counts}`)
  if (code === 0) return
  hasFailed = true
  const summary = output.indexOf('SUMMARY')
  console.log(summary < 0 ? output.slice(-5_000) : output.slice(summary))
}

function startKode(project) {
  const child = spawn(process.execPath, ['dist/cli/kode.mjs', 'mcp', 'serve', '--http', '--project-root', project], {
    env: { ...process.env, KODE_MCP_TOKEN: TOKEN, HOME: project },
  })
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr.on('data', piece => {
      said += piece
      const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (port) resolve({ child, port: Number(port) })
    })
    child.once('exit', () => reject(new Error(`kode mcp serve did not start: ${said}`)))
  })
}

/** The suite sends no token. Everything else goes through as it is, so that kode itself judges hosts and origins. */
async function startProxy(port) {
  const proxy = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${TOKEN}` }
    const forwarded = request(
      { port, host: '127.0.0.1', method: incoming.method, path: incoming.url, headers },
      reply => {
        outgoing.writeHead(reply.statusCode, reply.headers)
        reply.pipe(outgoing)
      },
    )
    forwarded.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve))
  return proxy
}
