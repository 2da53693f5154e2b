import { expect, onTestFinished, test, vi } from 'vitest'
import { DevServer, findServerCommand } from '#shared/gates/browser/dev-server'
import { ProjectState } from '#shared/gates/support/change-states'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { openSandbox } from '#shared/sandbox/open'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { tempProject } from '../../../support/temp-project'

const dev = (before: string) => `{ "scripts": { ${before} "dev": "vite" } }`

test.each<[string, Record<string, string>, string | undefined]>([
  ['the script dev', { 'package.json': dev('') }, 'npm run dev'],
  ['one after a brace', { 'package.json': dev(`"lint": "eslint 'src/**/*.{ts,tsx}'",`) }, 'npm run dev'],
  ['with the manager of its packages', { 'package.json': dev(''), 'pnpm-lock.yaml': '' }, 'pnpm run dev'],
  ['none called so elsewhere', { 'package.json': '{ "scripts": {}, "tags": { "dev": "x" } }' }, undefined],
  ['none in what is no manifest', { 'package.json': '{ "scripts": { "dev": "vite"' }, undefined],
  ['nothing', {}, undefined],
])('what serves a project: %s', async (_, texts, command) => {
  expect(await findServerCommand(new ProjectState('/nowhere', texts, nodeFiles()))).toBe(command)
})

test('a server that takes its time is waited for, by one command in its sandbox and not by one at each look', async () => {
  const { root, sandbox } = await place()
  const [run, start] = [vi.spyOn(sandbox, 'run'), vi.spyOn(sandbox, 'start')]
  const listen = `node -e 'require("http").createServer().listen(process.env.PORT)'`
  const server = await DevServer.start(`sleep 1; ${listen}`, root, ':', sandbox)
  if (!server.ok) throw new Error(server.error)
  expect(await server.value.port(20_000, new AbortController().signal)).toEqual({ ok: true, value: 5080 })
  await server.value.stop()
  expect([run, start].map(spy => spy.mock.calls.length)).toEqual([0, 2])
})

test('a server that ends is not waited for', async () => {
  const { root, sandbox } = await place()
  const server = await DevServer.start('echo sorry', root, ':', sandbox)
  if (!server.ok) throw new Error(server.error)
  expect(await server.value.port(20_000, new AbortController().signal)).toEqual({ ok: false, error: 'it ended' })
  expect(server.value.told).toBe('sorry')
})

async function place(): Promise<{ root: string; sandbox: Sandbox }> {
  const root = tempProject({ 'a.txt': '' })
  const common = { processes: nodeProcesses(), env: { PATH: process.env.PATH }, useSandbox: true }
  const opened = await openSandbox({ root, stateFolder: `${root}/../state`, net: 'loopback', ...common })
  if (!opened.ok) throw new Error(opened.error.message)
  onTestFinished(() => opened.value.close())
  return { root, sandbox: opened.value }
}
