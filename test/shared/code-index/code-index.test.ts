import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CodeIndex } from '#shared/code-index/code-index'
import { ImportGraph } from '#shared/code-index/import-graph'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'

const languages = new Languages(readAsset)
const files = nodeFiles()
let root = ''
let cacheFolder = ''

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'kode-index-'))
  root = join(folder, 'project')
  cacheFolder = join(folder, 'cache')
  mkdirSync(root)
})
afterEach(() => rmSync(dirname(root), { recursive: true }))

test('a name is found in every file that says it, and in no other', async () => {
  write({ 'src/a.ts': 'export const wanted = 1', 'src/b.py': 'print(wanted_too)', 'c.go': '// wanted\n' })
  const index = await indexed()
  expect(index.filesWith('wanted').sort()).toEqual(['c.go', 'src/a.ts'])
  expect(index.filesWith('want')).toEqual([])
})

test('what version control ignores is not indexed', async () => {
  write({ '.gitignore': 'dist\n', 'dist/a.ts': 'x', 'node_modules/m/index.js': 'x', 'src/a.ts': 'x', 'notes.bin': 'x' })
  expect((await indexed()).filesWith('x')).toEqual(['src/a.ts'])
})

test('a refresh sees what was changed, added, moved and removed', async () => {
  write({ 'a.ts': 'alpha', 'b.ts': 'beta', 'c.ts': 'gamma' })
  const index = await indexed()
  write({ 'a.ts': 'alpha2', 'd.ts': 'delta' })
  renameSync(join(root, 'b.ts'), join(root, 'moved.ts'))
  rmSync(join(root, 'c.ts'))
  await index.refresh()
  expect(index.filesWith('alpha')).toEqual([])
  expect(index.filesWith('alpha2')).toEqual(['a.ts'])
  expect(index.filesWith('beta')).toEqual(['moved.ts'])
  expect(index.filesWith('gamma')).toEqual([])
  expect(index.filesWith('delta')).toEqual(['d.ts'])
})

test('one file is looked at again without a walk', async () => {
  write({ 'a.ts': 'alpha', 'b.ts': 'beta' })
  const index = await indexed()
  write({ 'a.ts': 'omega' })
  rmSync(join(root, 'b.ts'))
  await index.update(['a.ts', 'b.ts'])
  expect(index.filesWith('omega')).toEqual(['a.ts'])
  expect(index.filesWith('beta')).toEqual([])
})

test('the cache of an earlier run is used, and corrected where the disk moved on', async () => {
  write({ 'a.ts': "import './b'\nalpha", 'b.ts': 'beta' })
  await indexed()
  write({ 'b.ts': 'beta2' })
  const reads: string[] = []
  const watching = { ...files, readMany: countReads(reads) }
  const index = new CodeIndex({ root, files: watching, languages, cacheFolder })
  await index.refresh()
  expect(reads).toEqual([join(root, 'b.ts')])
  expect(index.filesWith('alpha')).toEqual(['a.ts'])
  expect(index.filesWith('beta2')).toEqual(['b.ts'])
  expect(index.file('a.ts')?.imports).toEqual(['./b'])
})

test.each([
  ['empty', new Uint8Array()],
  ['cut off', new Uint8Array([255, 0, 0, 0, 123])],
  ['not an index', new TextEncoder().encode('\x04\0\0\0null')],
])('a cache that is %s is built anew', async (_, bytes) => {
  write({ 'a.ts': 'alpha' })
  await indexed()
  const folder = join(cacheFolder, 'code-index')
  writeFileSync(join(folder, readdirSync(folder)[0]!), bytes)
  expect((await indexed()).filesWith('alpha')).toEqual(['a.ts'])
})

test('a cache whose end never reached the disk is built anew', async () => {
  write({ 'a.ts': 'alpha' })
  await indexed()
  const folder = join(cacheFolder, 'code-index')
  const path = join(folder, readdirSync(folder)[0]!)
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0, bytes.length - 4))
  expect((await indexed()).filesWith('alpha')).toEqual(['a.ts'])
})

test('importers are found through endings, folders, aliases and package names', async () => {
  write({
    'package.json': '{ "name": "root", "workspaces": ["packages/*"] }',
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
    'src/lib/index.ts': 'export const a = 1',
    'src/by-folder.ts': "import { a } from './lib'",
    'src/by-ending.ts': "import { a } from './lib/index.js'",
    'src/by-alias.ts': "import { a } from '@/lib'",
    'src/lib/inside.ts': "import { a } from '.'",
    'src/other.ts': "import { a } from './library'",
    'packages/core/package.json': '{ "name": "@acme/heart", "main": "src/index.ts" }',
    'packages/core/src/index.ts': 'export const b = 1',
    'src/by-package.ts': "import { b } from '@acme/heart'",
  })
  const graph = new ImportGraph(await indexed(), languages, projectViewOf(files, root))
  expect((await graph.importersOf('src/lib/index.ts')).sort()).toEqual([
    'src/by-alias.ts',
    'src/by-ending.ts',
    'src/by-folder.ts',
    'src/lib/inside.ts',
  ])
  expect(await graph.importersOf('packages/core/src/index.ts')).toEqual(['src/by-package.ts'])
  expect(await graph.importsOf('src/by-folder.ts')).toEqual(['src/lib/index.ts'])
})

async function indexed(): Promise<CodeIndex> {
  const index = new CodeIndex({ root, files, languages, cacheFolder })
  await index.refresh()
  return index
}

function write(texts: Record<string, string>): void {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

function countReads(reads: string[]): typeof files.readMany {
  return (paths, maxBytes, take) => {
    reads.push(...paths)
    return files.readMany(paths, maxBytes, take)
  }
}
