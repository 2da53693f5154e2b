import { dirname } from 'node:path'
import { shellWord } from '#shared/base/shell-word'
import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'
import type { CheckingRoom } from '#shared/sandbox/checking-room'
import type { TestRunner } from '../test-runner'
import { ProjectState, statesOf } from './change-states'
import { linkPackages } from './link-packages'

const TIMEOUT_MS = 120_000
const MAX_OUTPUT_CHARS = 4_000

/**
 * Tests of a project, run in a room: on a copy, in the sandbox, without network.
 *
 * @param root absolute, links resolved
 * @param openRoom a new one for each run, since tests may leave anything behind
 */
export function projectTests(root: string, files: FileSystem, openRoom: () => CheckingRoom): TestRunner {
  const run = async (tests: readonly string[], state: ProjectState, signal: AbortSignal) => {
    const command = await commandFor(tests, state)
    if (command === undefined) return undefined
    const room = openRoom()
    const line = `${await linkPackages(state)}\n( ${command} ) 2>&1`
    const ran = await room.run({ texts: state.texts, command: line, folder: '', timeoutMs: TIMEOUT_MS, signal })
    await room.close()
    return { command, ran }
  }
  return {
    async run(changes: ChangeSet, tests: readonly string[], signal: AbortSignal) {
      const { before, after } = statesOf(changes)
      const now = await run(tests, new ProjectState(root, after, files), signal)
      if (!now) return { kind: 'unknown', reason: 'nobody knows how single tests are run here' }
      if (!now.ran.ok) return { kind: 'unknown', reason: `the tests could not be run: ${now.ran.error}` }
      const { command } = now
      if (now.ran.value.exitCode === 0) return { kind: 'passed', command }
      const old = new ProjectState(root, before, files)
      const there: string[] = []
      for (const test of tests) if (await old.has(test)) there.push(test)
      const then = there.length > 0 ? await run(there, old, signal) : undefined
      if (then?.ran.ok && then.ran.value.exitCode !== 0)
        return { kind: 'unknown', reason: `the tests fail without the change too: ${then.command}` }
      return { kind: 'failed', command, output: now.ran.value.answer.trim().slice(-MAX_OUTPUT_CHARS) }
    },
  }
}

/** Test runners of JavaScript, by the package that a project has of them. */
const RUNNERS: Readonly<Record<string, string>> = {
  vitest: 'node_modules/.bin/vitest run',
  jest: 'node_modules/.bin/jest --ci',
  mocha: 'node_modules/.bin/mocha',
}

/** One command line for all of them; undefined where some cannot be run alone. */
async function commandFor(tests: readonly string[], state: ProjectState): Promise<string | undefined> {
  const named = (pattern: RegExp) => tests.filter(path => pattern.test(path))
  const [go, python, rust] = [named(/\.go$/), named(/\.py$/), named(/\.rs$/)]
  const scripts = named(/\.[cm]?[jt]sx?$/)
  if (go.length + python.length + rust.length + scripts.length < tests.length) return undefined
  const lines: string[] = []
  if (scripts.length > 0) {
    const manifest = await state.read('package.json')
    const runner = Object.keys(RUNNERS).find(name => new RegExp(`"${name}"\\s*:`).test(manifest))
    lines.push(`${RUNNERS[runner ?? ''] ?? 'node --test'} ${scripts.map(shellWord).join(' ')}`)
  }
  if (python.length > 0) lines.push(`python3 -m pytest -q -p no:cacheprovider ${python.map(shellWord).join(' ')}`)
  if (go.length > 0) {
    if (!(await state.has('go.mod'))) return undefined
    const packages = [...new Set(go.map(path => `./${dirname(path)}`))]
    lines.push(`go test ${packages.map(shellWord).join(' ')}`)
  }
  if (rust.length > 0) {
    if (!(await state.has('Cargo.toml'))) return undefined
    lines.push('cargo test --offline --quiet')
  }
  return lines.join(' && ')
}
