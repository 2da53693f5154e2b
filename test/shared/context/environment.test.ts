import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { environmentNote, uncommittedDiff, uncommittedSummary } from '#shared/context/environment'
import { nodeProcesses } from '#shared/host/node/processes'
import { gitInit, tempProject } from '../../support/temp-project'

const NOON = Date.UTC(2026, 0, 2, 12)
const processes = nodeProcesses()
const env = { PATH: process.env.PATH }

test('what changes from turn to turn is the date, the branch and what is not committed', async () => {
  const root = tempProject({ 'a.txt': 'one\n' })
  expect(await environmentNote(root, env, NOON, processes)).toBe(
    '<environment>\nDate: 2026-01-02\nGit: not a repository\n</environment>',
  )
  gitInit(root)
  expect(await environmentNote(root, env, NOON, processes)).toMatch(/\nGit: \S+\nclean\n/)
  writeFileSync(join(root, 'a.txt'), 'two\n')
  expect(await environmentNote(root, env, NOON, processes)).toContain(' M a.txt')
  expect(await uncommittedSummary(root, env, processes)).toContain('1 insertion(+), 1 deletion(-)')
  expect(await uncommittedDiff(root, env, processes)).toContain('+two')
})

test("a look at git runs no program that the project's own configuration names", async () => {
  const root = tempProject({ 'a.txt': 'one\n', '.gitattributes': '*.txt diff=mine\n' })
  gitInit(root)
  const trace = join(root, '../ran')
  // Git takes it for a command line; the folder has a blank in its name.
  const program = './program.sh'
  writeFileSync(join(root, program), `#!/bin/sh\necho "$0" >> '${trace}'\n`)
  chmodSync(join(root, program), 0o755)
  for (const key of ['core.fsmonitor', 'diff.external', 'diff.mine.textconv', 'core.pager'])
    execFileSync('git', ['config', key, program], { cwd: root })
  writeFileSync(join(root, 'a.txt'), 'two\n')
  // Git asks the monitor once its index knows of it.
  execFileSync('git', ['update-index', '--fsmonitor'], { cwd: root, stdio: 'ignore' })
  execFileSync('git', ['status'], { cwd: root, stdio: 'ignore' })
  expect(existsSync(trace)).toBe(true)
  rmSync(trace)
  await environmentNote(root, env, NOON, processes)
  await uncommittedSummary(root, env, processes)
  await uncommittedDiff(root, env, processes)
  expect(existsSync(trace)).toBe(false)
})
