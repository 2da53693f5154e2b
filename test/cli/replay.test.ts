import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, onTestFinished, test } from 'vitest'
import { replaySchema } from '#shared/pipelines/contracts'
import { runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject, treeHash } from '../support/temp-project'

const A = "import { join } from 'node:path'\n\nexport const a = join('x', 'y')\n"

test('the calls of a session come to the same, whatever became of the files since', async () => {
  const { root, session } = await recorded()
  writeFileSync(join(root, 'src/a.ts'), 'export const somethingElse = 1\n')
  const before = treeHash(root)
  const { code, report } = await replay(root, session)
  expect(report.results.map(({ tool, recorded, replayed }) => [tool, recorded, replayed])).toEqual([
    ['Read', 'allowed', 'allowed'],
    ['Edit', 'gates_failed', 'gates_failed'],
    ['Edit', 'allowed', 'allowed'],
    ['Edit', 'allowed', 'allowed'],
    ['Edit', 'failed', 'failed'],
    ['Bash', 'allowed', 'allowed'],
    ['Write', 'allowed', 'allowed'],
    ['Bash', 'denied', 'asked'],
    ['Delete', 'allowed', 'allowed'],
  ])
  expect({ code, ...report }).toMatchObject({ code: 0, status: 'PASS', calls: 10, replayed: 9, differs: 0 })
  expect(treeHash(root)).toBe(before)
  const copies = join(root, '..', '.cache', 'kode', 'agents')
  expect(existsSync(copies) ? readdirSync(copies) : []).toEqual([])
})

test('a verdict that a new rule changes is named, with the rule', async () => {
  const { root, session } = await recorded()
  mkdirSync(join(root, '.kode'), { recursive: true })
  const settings = { trust: { rules: ['deny line echo hi > made.txt'] } }
  writeFileSync(join(root, '.kode/kode.json'), JSON.stringify(settings))
  const { code, report } = await replay(root, session)
  const differing = report.results.filter(each => each.differs)
  expect(differing.map(({ tool, recorded, replayed }) => [tool, recorded, replayed])).toContainEqual([
    'Bash',
    'allowed',
    'denied',
  ])
  expect({ code, status: report.status }).toEqual({ code: 1, status: 'FAIL' })
  const end = await runCli(['replay', session], { cwd: root })
  expect(end.stdout).toContain('Bash echo hi > made.txt: allowed then, denied now')
})

test.each([
  [[], 2, 'name a session'],
  [['nothing-like-it'], 1, 'nothing-like-it'],
])('kode replay %j', async (words, code, message) => {
  const end = await runCli(['replay', ...words], { cwd: tempProject({}) })
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code, stderr: expect.stringContaining(message) })
})

async function replay(root: string, session: string) {
  const end = await runCli(['replay', session, '--json'], { cwd: root })
  return { code: end.code, report: v.parse(replaySchema, JSON.parse(end.stdout)) }
}

/** A session with a call of each fate. */
async function recorded() {
  const root = tempProject({ 'src/a.ts': A, '.gitignore': 'logs\n' })
  gitInit(root)
  const edit = (old_str: string, new_str: string) => ({
    name: 'Edit',
    arguments: { file_path: join(root, 'src/a.ts'), replacements: [{ old_str, new_str }] },
  })
  const script: Script = [
    { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/a.ts' } }] },
    { toolCalls: [edit("join('x', 'y')", "jion('x', 'y')")] },
    { toolCalls: [edit("'y'", "'z'"), edit("'z'", "'zz'")] },
    { toolCalls: [edit('not in the file', 'anything')] },
    { toolCalls: [{ name: 'Bash', arguments: { command: 'echo hi > made.txt' } }] },
    { toolCalls: [{ name: 'TodoWrite', arguments: { todos: [] } }] },
    { toolCalls: [{ name: 'Write', arguments: { file_path: 'src/new.ts', content: 'export const n = 1\n' } }] },
    { toolCalls: [{ name: 'Bash', arguments: { command: 'rm -rf ..' } }] },
    { toolCalls: [{ name: 'Delete', arguments: { file_path: 'src/new.ts' } }] },
    { text: 'done' },
  ]
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_MODEL: 'm', KODE_API_KEY: 'k' }
  const end = await runCli(['--output-format', 'json', '--mode', 'auto', 'go'], { cwd: root, env })
  const { session_id, changes } = JSON.parse(end.stdout)
  expect(changes.length, end.stdout + end.stderr).toBeGreaterThan(0)
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toContain("'zz'")
  return { root, session: session_id as string }
}
