import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

const create = (path: string, text: string) => ({ id: path, file_path: path, action: 'CREATE', new_text: text })
const PROJECT = {
  'src/a.ts': 'export const readFile = 1\nexport const writeFile = 2\nexport const closeFile = 3\n',
  'src/b.ts': "import { readFile } from './a'\n\nexport const total = readFile\n",
  'lib/other.ts': 'export const other = 1\n',
  'package.json': '{ "name": "x", "dependencies": { "pg": "8.0.0", "react": "18.0.0" } }\n',
  'package-lock.json': '{}\n',
  'go.mod': 'module example.com/x\n\ngo 1.21\n',
}
const edit = (path: string, anchor: string, text: string) => ({
  id: path,
  file_path: path,
  action: 'MODIFY',
  anchor_text: anchor,
  new_text: text,
})

describe('kode critique of a patch', () => {
  test.each<[string, object[], object[]]>([
    ['nothing to say', [edit('src/b.ts', 'total', 'sum')], []],
    [
      'a name in another style than the file has',
      [edit('src/a.ts', 'export const closeFile', 'export const open_file = 4\nexport const closeFile')],
      [{ lens: 'convention', severity: 'info', file_path: 'src/a.ts', line: 3 }],
    ],
    [
      'a dependency that comes and one that is renewed, without the lock file',
      [edit('package.json', '"pg": "8.0.0"', '"pg": "9.0.0", "zod": "4.0.0"')],
      [
        { lens: 'dependency', message: 'updates pg from 8.0.0 to 9.0.0' },
        { lens: 'dependency', message: 'adds zod 4.0.0' },
        { lens: 'dependency', severity: 'warning', message: expect.stringContaining('package-lock.json does not') },
      ],
    ],
    [
      'page and database in one file',
      [create('src/c.ts', "import 'react'\nimport pg from 'pg'\n\nexport const c = pg\n")],
      [{ lens: 'coherence', severity: 'warning', file_path: 'src/c.ts', line: 2 }],
    ],
    [
      'two parts that have nothing in common',
      [edit('src/b.ts', 'total', 'sum'), edit('lib/other.ts', '1', '2')],
      [{ lens: 'coherence', message: expect.stringContaining('2 parts') }],
    ],
    [
      'a Go package that is called otherwise than its folder',
      [create('shop/total.go', 'package total_sum\n')],
      [
        { lens: 'architecture-compliance', message: 'package total_sum in folder shop' },
        { lens: 'architecture-compliance', message: expect.stringContaining('underscore') },
      ],
    ],
    [
      'a path with a blank',
      [create('src/my file.txt', 'x\n')],
      [{ lens: 'architecture-compliance', file_path: 'src/my file.txt' }],
    ],
    [
      'six files',
      Array.from({ length: 6 }, (_, at) => create(`src/n${at}.ts`, `export const n${at} = ${at}\n`)),
      [{ lens: 'blast-radius', message: 'the patch touches 6 files' }],
    ],
  ])('%s', async (_, hunks, expected) => {
    const root = tempProject({ ...PROJECT, 'p.json': JSON.stringify(hunks) })
    const end = await runCli(['critique', '--json', '--input', 'p.json'], { cwd: root })
    expect(end.code, end.stderr).toBe(0)
    const { findings } = JSON.parse(end.stdout)
    expect(findings).toHaveLength(expected.length)
    expect(findings).toEqual(expected.map(each => expect.objectContaining(each)))
  })

  test('the project weighs the lenses: an error fails, off silences', async () => {
    const patch = { 'p.json': JSON.stringify([create('src/c.ts', "import 'react'\nimport 'pg'\n")]) }
    const settings = (severity: string) => ({
      '.kode/kode.json': `{ "critique": { "severities": { "coherence": "${severity}" } } }`,
    })
    const strict = await runCli(['critique', '--input', 'p.json'], {
      cwd: tempProject({ ...PROJECT, ...patch, ...settings('error') }),
    })
    expect(strict).toMatchObject({ code: 1, stdout: expect.stringContaining('error (coherence): src/c.ts:2') })
    const silent = await runCli(['critique', '--input', 'p.json'], {
      cwd: tempProject({ ...PROJECT, ...patch, ...settings('off') }),
    })
    expect(silent).toMatchObject({ code: 0, stdout: 'Nothing to remark.\n' })
  })
})

test.each([
  ['mend src/missing.ts soon please', 'src/missing.ts, which is not there'],
  ['zzz qqq xxx', 'no word of the task'],
  ['readFile', 'very short'],
])('kode critique of the task "%s" says: %s', async (task, remark) => {
  const end = await runCli(['critique', task], { cwd: tempProject(PROJECT) })
  expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining(remark) })
})

test('run sends back what the review rejects before the gates look, and tells what it only remarks', async () => {
  const rejected = [create('src/my file.ts', 'export const c = 1\n')]
  const remarked = [
    edit('src/b.ts', 'export const total', 'export const sum = 1\nexport const total'),
    edit('lib/other.ts', '1', '2'),
  ]
  const model = await startScriptedProvider([rejected, remarked].map(hunks => ({ text: JSON.stringify(hunks) })))
  onTestFinished(() => model.close())
  const settings = { '.kode/kode.json': '{ "critique": { "severities": { "architecture-compliance": "error" } } }' }
  const root = tempProject({ ...PROJECT, ...settings })
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'm' }
  const end = await runCli(['run', 'change total and other'], { cwd: root, env })
  expect(end.code, end.stdout).toBe(0)
  const summary = JSON.parse(end.stdout)
  expect(summary.rounds[0]).toMatchObject({
    status: 'FAIL',
    failed_hunks: { 'src/my file.ts': expect.stringContaining('critique') },
  })
  expect(summary.warnings).toEqual([expect.stringMatching(/^critique: .*2 parts/)])
  expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('leading dot')
})
