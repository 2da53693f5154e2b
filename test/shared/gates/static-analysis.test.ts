import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CodeIndex } from '#shared/code-index/code-index'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { typeScriptChecker } from '#shared/gates/support/typescript-project-checker'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { TypeScriptThread } from '#shared/host/node/typescript-checker'
import { Languages } from '#shared/languages/registry'
import { changeSetOf } from '../../support/memory-project'

const PROJECT = {
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "types": [], "module": "preserve", "moduleResolution": "bundler" } }',
  'src/shapes.ts': 'export interface Shape { area(): number }\nexport const names: string[] = []\n',
  'src/user.ts': "import type { Shape } from './shapes'\nexport const size = (shape: Shape) => shape.area()\n",
  'src/old.ts': 'export const wrong: number = "text"\n',
}

const files = nodeFiles()
const languages = new Languages(readAsset)
const thread = new TypeScriptThread()
let root = ''

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'kode-deep-'))
  for (const [path, text] of Object.entries(PROJECT)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(join(import.meta.dirname, '../../../node_modules/typescript'), join(root, 'node_modules/typescript'))
})
afterAll(() => {
  thread.close()
  rmSync(root, { recursive: true })
})

test.each([
  [
    'a misspelt method on an inferred receiver',
    { 'src/user.ts': "import { names } from './shapes'\nexport const all = names.map(name => name.trimm())\n" },
    ['TS2551 src/user.ts:2'],
  ],
  [
    'an argument of the wrong type',
    { 'src/new.ts': "import { size } from './user'\nexport const s = size(1)\n" },
    ['TS2345 src/new.ts:2'],
  ],
  [
    'a change that breaks a file it does not touch',
    { 'src/shapes.ts': 'export interface Shape { surface(): number }\nexport const names: string[] = []\n' },
    ['TS2339 src/user.ts:2'],
  ],
  [
    'a second error beside one that was there',
    { 'src/old.ts': 'export const wrong: number = "text"\nexport const worse: string = 1\n' },
    ['TS2322 src/old.ts:2'],
  ],
])('%s fails', async (_, change, expected) => {
  const result = await judge(change)
  expect(result?.status).toBe('FAIL')
  expect(
    result?.findings.map(({ id, file, line }) => `${id.slice('static_analysis/'.length)} ${file}:${line}`),
  ).toEqual(expected)
})

test.each([
  [
    'a sound change',
    {
      'src/user.ts': "import type { Shape } from './shapes'\nexport const size = (shape: Shape) => shape.area() * 2\n",
    },
  ],
  ['an error that was there before', { 'src/old.ts': '// a comment\nexport const wrong: number = "text"\n' }],
  ['a new file', { 'src/fresh.ts': 'export const fresh = new Map<string, number>().size\n' }],
])('%s passes', async (_, change) => {
  expect(await judge(change)).toMatchObject({ status: 'PASS', findings: [] })
})

test('a deleted file breaks whoever imports it', async () => {
  const result = await judge({ 'src/shapes.ts': null })
  expect(result?.findings.map(({ id, file }) => `${id} ${file}`)).toEqual(['static_analysis/TS2307 src/user.ts'])
})

test('without the project’s own library files nothing is claimed', async () => {
  const bare = mkdtempSync(join(tmpdir(), 'kode-deep-bare-'))
  writeFileSync(join(bare, 'tsconfig.json'), '{}')
  const report = await run({ 'a.ts': 'export const a: number = "x"\n' }, bare)
  expect(report.results[0]).toMatchObject({ status: 'SKIP' })
  expect(report.results[0]?.message).toContain('install its dependencies')
  rmSync(bare, { recursive: true })
})

test('a check that is cancelled is not a pass, and the next one works', async () => {
  const cancelled = await run({ 'src/new.ts': 'export const a: number = "x"\n' }, root, AbortSignal.timeout(1))
  expect(cancelled.results[0]?.status).toBe('SKIP')
  expect((await judge({ 'src/new.ts': 'export const a: number = "x"\n' }))?.status).toBe('FAIL')
})

test('without checkers the gate is not in the report', async () => {
  const view = projectViewOf(files, root)
  const settings = { blockArchitecture: false, architectureRules: [], runAll: false }
  const report = await runGates(
    changeSetOf({}, { 'a.ts': 'export {}\n' }),
    view,
    settings,
    new AbortController().signal,
    { languages, now },
  )
  expect(report.results.map(result => result.check_name)).not.toContain('static_analysis')
})

async function judge(change: Record<string, string | null>) {
  return (await run(change, root)).results[0]
}

async function run(change: Record<string, string | null>, folder: string, signal = new AbortController().signal) {
  const index = new CodeIndex({ root: folder, files, languages })
  await index.refresh()
  const settings = {
    blockArchitecture: false,
    architectureRules: [],
    runAll: false,
    only: ['static_analysis' as const],
  }
  const checkers = [typeScriptChecker(folder, thread)]
  return runGates(changeSetOf(PROJECT, change), projectViewOf(files, folder), settings, signal, {
    languages,
    index: async () => index,
    checkers,
    now,
  })
}

function now(): number {
  return performance.now()
}
