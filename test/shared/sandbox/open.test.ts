import { afterEach, expect, test, vi } from 'vitest'
import { ok } from '#shared/base/result'
import { nodeProcesses } from '#shared/host/node/processes'
import type { OpenSandbox } from '#shared/sandbox/open'
import { tempProject } from '../../support/temp-project'

const platform = process.platform

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform })
  vi.resetModules()
})

/** In a process of its own as far as the probe goes, which is tried once. */
async function openOn(system: NodeJS.Platform, more: Partial<OpenSandbox> = {}) {
  Object.defineProperty(process, 'platform', { value: system })
  vi.resetModules()
  const { openSandbox } = await import('#shared/sandbox/open')
  const root = tempProject()
  const env = { PATH: process.env.PATH }
  return openSandbox({ root, stateFolder: root, processes: nodeProcesses(), env, useSandbox: true, ...more })
}

const denied = ok({
  ...{ exitCode: 1, stdout: '', stderr: 'bwrap: No permissions to create a new namespace\n', omittedBytes: 0 },
  ...{ timedOut: false, cancelled: false, durationMs: 1 },
})

test.each<[string, NodeJS.Platform, Partial<OpenSandbox>, RegExp]>([
  ['Windows', 'win32', {}, /WSL 2/],
  ['a system nobody knows', 'freebsd', {}, /none for freebsd/],
  ['Linux that lets nobody make namespaces', 'linux', { processes: { run: async () => denied } }, /user namespaces/],
  ['--no-sandbox', 'linux', { useSandbox: false }, /--no-sandbox/],
])('%s has no wall, says so with what to do, and still cuts the environment down', async (_, system, more, message) => {
  const opened = await openOn(system, more)
  if (!opened.ok) throw new Error(opened.error.message)
  expect(opened.value.level).toBe('none')
  expect(opened.value.description).toMatch(message)
  expect(opened.value.effectivePolicy().environment).not.toContain('API_TOKEN')
})

test('the root folder is refused as a project', async () => {
  const opened = await openOn('linux', { root: '/' })
  expect(opened).toMatchObject({ ok: false, error: { kind: 'refused' } })
})

test('sandboxes that are opened at the same moment do not disturb each other', async () => {
  const { openSandbox } = await import('#shared/sandbox/open')
  const opened = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const root = tempProject()
      const env = { PATH: process.env.PATH }
      const sandbox = await openSandbox({
        root,
        stateFolder: root,
        processes: nodeProcesses(),
        env,
        useSandbox: true,
      })
      if (!sandbox.ok) throw new Error(sandbox.error.message)
      return { root, sandbox: sandbox.value }
    }),
  )
  const ends = await Promise.all(
    opened.map(async ({ root, sandbox }) => {
      const ended = await sandbox.run({ command: 'echo here', cwd: root, timeoutMs: 20_000 })
      await sandbox.close()
      return ended.ok ? ended.value.stdout : ended.error.message
    }),
  )
  expect(ends).toEqual(Array.from({ length: 6 }, () => 'here\n'))
})
