import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const SUITE = join(ROOT, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
const folder = mkdtempSync(join(ROOT, 'dist/conformance-'))
const driver = join(folder, 'client.mjs')

beforeAll(async () => {
  const entryPoints = [join(ROOT, 'test/conformance/mcp-client.ts')]
  await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: driver })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// A few of what `npm run conformance:mcp` runs: both eras of the protocol, a stream that breaks, a login and its refusals.
test.each([
  ['tools_call', '2025-11-25'],
  ['sse-retry', '2025-11-25'],
  ['http-custom-headers', '2026-07-28'],
  ['auth/scope-step-up', '2025-11-25'],
  ['auth/authorization-server-migration', '2026-07-28'],
])('the client passes %s of %s', { timeout: 120_000 }, async (scenario, revision) => {
  const results = mkdtempSync(join(tmpdir(), 'kode-conformance-'))
  const args = ['client', '--command', `${process.execPath} ${driver}`, '--scenario', scenario, '--timeout', '90000']
  const child = spawn(process.execPath, [SUITE, ...args, '--spec-version', revision, '-o', results])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', piece => {
      output += piece
    })
  }
  const code = await new Promise(resolve => child.once('close', resolve))
  rmSync(results, { recursive: true, force: true })
  expect(code, output.slice(-3_000)).toBe(0)
  expect(output).toContain('OVERALL: PASSED')
})
