import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as v from 'valibot'
import { expect, onTestFinished, test, vi } from 'vitest'
import { summarySchema } from '#shared/pipelines/contracts'
import { scoreBranches } from '#shared/pipelines/support/branch-score'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject, treeHash } from '../support/temp-project'

// Compilers and several processes at once take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const FILES = { 'a.js': 'export const a = 1\n', 'b.js': 'export const b = 1\n', '.gitignore': 'logs\n' }

test('each branch works in its own copy, and the one with the smaller change lands, staged', async () => {
  const { root, run } = await project({ minimal: '2', modular: '2' })
  writeFileSync(join(root, 'b.js'), 'export const b = "mine"\n')
  const end = await run('--test-command', 'grep -q "a = 2" a.js && ls | wc -l > /dev/null')
  expect(end.code, end.stderr).toBe(0)
  const summary = v.parse(summarySchema, JSON.parse(end.stdout))
  expect(summary).toMatchObject({ status: 'PASS', winner: 'alpha', applied_files: ['a.js'] })
  expect(summary.branches?.map(branch => branch.status)).toEqual(['PASS', 'PASS'])
  expect(readFileSync(join(root, 'a.js'), 'utf8')).toBe('export const a = 2\n')
  expect(readFileSync(join(root, 'b.js'), 'utf8')).toContain('mine')
  expect(existsSync(join(root, 'extra.js'))).toBe(false)
  expect(git(root, 'diff', '--cached', '--name-only')).toBe('a.js\n')
  expect(git(root, 'worktree', 'list').trim().split('\n')).toHaveLength(1)
})

test('a branch whose tests fail does not land, whatever its size', async () => {
  const { root, run } = await project({ minimal: '3', modular: '2' })
  const end = await run('--test-command', 'grep -q "a = 2" a.js')
  expect(JSON.parse(end.stdout)).toMatchObject({ status: 'PASS', winner: 'beta', branches: [{ score: -1 }, {}] })
  expect(existsSync(join(root, 'extra.js'))).toBe(true)
})

test('what won before is told to the next patch, and not to those that are to differ', async () => {
  const { root, run, runPlain, prompts } = await project({ minimal: '2', modular: '2' })
  for (let count = 0; count < 2; count++) {
    const end = await run('--test-command', 'true')
    expect(end.code, end.stderr).toBe(0)
    git(root, 'checkout', '-q', 'HEAD', '--', 'a.js')
  }
  await run('--test-command', 'true')
  git(root, 'checkout', '-q', 'HEAD', '--', 'a.js')
  await runPlain()
  const isTold = prompts().map(prompt =>
    prompt.includes('the minimal ones won 3 of 3 times. Solve this with the least'),
  )
  expect(isTold).toEqual([...Array(6).fill(false), true])
  expect(prompts().filter(prompt => prompt.includes('ones won'))).toHaveLength(1)
})

test('--timeout before the best branch is here: 3, and nothing lands', async () => {
  const { root, run } = await project({ minimal: '2', modular: '2' })
  const slowGit = join(root, '../bin/git')
  mkdirSync(join(root, '../bin'))
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
  writeFileSync(slowGit, `#!/bin/sh\ncase "$*" in *--deleted*) sleep 10;; esac\nexec ${real} "$@"\n`)
  chmodSync(slowGit, 0o755)
  const before = treeHash(root)
  const end = await run('--timeout', '10', '--test-command', 'true')
  expect(end.code, end.stderr).toBe(3)
  expect(JSON.parse(end.stdout)).toMatchObject({
    status: 'FAIL',
    applied_files: [],
    error: 'stopped after 10 s (--timeout)',
  })
  expect(treeHash(root)).toBe(before)
})

test("the user's packet reaches every branch, also where git ignores it", async () => {
  const { run, prompts } = await project({ minimal: '2', modular: '2' }, { 'logs/packet.txt': 'a.js holds a' })
  const end = await run('--context-file', 'logs/packet.txt', '--test-command', 'true')
  expect(end.code, end.stderr).toBe(0)
  const [minimal, modular] = prompts().toSorted(
    (a, b) => Number(b.includes('least code')) - Number(a.includes('least')),
  )
  expect(minimal).toContain('a.js holds a\\n\\nSolve this with the least code')
  expect(modular).toContain('a.js holds a\\n\\nSolve this with clean, separate modules')
})

test('branches share one budget and one review, and the summary counts all of it', async () => {
  const priced = { KODE_LLM_MODEL: 'gpt-4o' }
  const config = { small_model: 'gpt-4o-mini', engine: { token_budget_usd: 0.5 } }
  const { run, models } = await project(
    { minimal: '2', modular: '2' },
    { '.kode/kode.json': JSON.stringify(config) },
    priced,
  )
  const end = await run('--model-critique', '--test-command', 'true')
  expect(end.code, end.stderr).toBe(0)
  expect(models().toSorted()).toEqual(['gpt-4o', 'gpt-4o', 'gpt-4o-mini'])
  const summary = v.parse(summarySchema, JSON.parse(end.stdout))
  expect(summary.usage).toMatchObject({ input: 100 + 100 + 40_000, output: 50 + 500 + 10 })
  expect(summary.branches?.map(branch => branch.cost_usd)).toEqual([0.00075, 0.00525])
  // The review took 40 000 tokens of gpt-4o-mini.
  expect(summary.cost_usd).toBeCloseTo(0.00075 + 0.00525 + 0.006006, 8)
})

test('what one branch spends, the others cannot', async () => {
  // The larger patch costs $0.00525, comes first, and passes as little as the smaller one.
  const config = { engine: { token_budget_usd: 0.005 } }
  const { run, models } = await project(
    { minimal: '(', modular: '((', delayMs: 1_000 },
    { '.kode/kode.json': JSON.stringify(config) },
    { KODE_LLM_MODEL: 'gpt-4o' },
  )
  const end = await run('--test-command', 'true')
  expect(end.code, end.stderr).toBe(3)
  const summary = v.parse(summarySchema, JSON.parse(end.stdout))
  expect(summary.branches?.map(branch => branch.error)).toEqual(
    Array(2).fill(expect.stringMatching(/token_budget_usd/)),
  )
  expect(models().length).toBeLessThanOrEqual(2)
})

test('when every branch fails, the verdict is FAIL and nothing was touched', async () => {
  const { root, run } = await project({ minimal: '3', modular: '4' })
  const before = treeHash(root)
  const end = await run('--test-command', 'false')
  expect(end.code).toBe(1)
  expect(JSON.parse(end.stdout)).toMatchObject({
    status: 'FAIL',
    applied_files: [],
    error: expect.stringContaining('no branch passed'),
  })
  expect(treeHash(root)).toBe(before)
  expect(git(root, 'worktree', 'list').trim().split('\n')).toHaveLength(1)
})

test('a project may want branches by itself, and tests of their own for them', async () => {
  const ghost = { enabled: true, branches: 2, test_command: 'grep -q "a = 2" a.js' }
  const { runPlain } = await project(
    { minimal: '3', modular: '2' },
    { '.kode/kode.json': JSON.stringify({ ghost, engine: { test_command: 'false' } }) },
  )
  expect(JSON.parse((await runPlain()).stdout)).toMatchObject({ status: 'PASS', winner: 'beta', branches: [{}, {}] })
})

test('files that git does not know are named instead of left out', async () => {
  const { root, run } = await project({ minimal: '2', modular: '2' })
  writeFileSync(join(root, 'new.js'), 'export {}\n')
  expect(await run('--test-command', 'true')).toMatchObject({ code: 2, stderr: expect.stringContaining('new.js') })
})

test('less change, fewer tokens and less time score higher; failed is -1', () => {
  const common = { passed: true, gatesPassed: 6, impact: 1, tokens: 100, durationMs: 1_000 }
  const scores = scoreBranches([
    { ...common, id: 'small' },
    { ...common, id: 'large', impact: 4, tokens: 900, durationMs: 3_000 },
    { ...common, id: 'failed', passed: false },
  ])
  expect(Object.fromEntries(scores)).toEqual({ small: 1, large: 0.1, failed: -1 })
})

/** The minimal strategy changes one file, the modular one adds another. @param delayMs until the minimal patch is there */
async function project(
  { delayMs = 0, ...values }: { minimal: string; modular: string; delayMs?: number },
  more: Record<string, string> = {},
  variables: Record<string, string> = {},
) {
  const change = (value: string) => ({
    id: 'hunk-1',
    file_path: 'a.js',
    action: 'MODIFY',
    anchor_text: 'a = 1',
    new_text: `a = ${value}`,
  })
  const extra = { id: 'hunk-2', file_path: 'extra.js', action: 'CREATE', new_text: 'export const extra = 1\n' }
  const model = await startScriptedProvider(async request => {
    if (request.body.model === 'gpt-4o-mini') return { text: '{"findings": []}', usage: { input: 40_000, output: 10 } }
    const isMinimal = JSON.stringify(request.body.messages).includes('least code')
    if (isMinimal) await setTimeout(delayMs)
    // The larger change also costs more, so that a busy machine's clock does not decide.
    return isMinimal
      ? { text: JSON.stringify([change(values.minimal)]), usage: { input: 100, output: 50 } }
      : { text: JSON.stringify([change(values.modular), extra]), usage: { input: 100, output: 500 } }
  })
  onTestFinished(() => model.close())
  const root = tempProject({ ...FILES, ...more })
  gitInit(root)
  const env = {
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'm',
    PATH: `${join(root, '../bin')}:${process.env.PATH}`,
    ...variables,
  }
  return {
    root,
    models: () => model.requests.map(request => request.body.model),
    prompts: () => model.requests.map(request => JSON.stringify(request.body.messages)),
    runPlain: () => runCli(['loop', 'change a.js'], { cwd: root, env }),
    run: (...flags: string[]) => runCli(['loop', '--branches', '2', ...flags, 'change a.js'], { cwd: root, env }),
  }
}

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
}
