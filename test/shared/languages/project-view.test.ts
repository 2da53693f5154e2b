import { expect, test } from 'vitest'
import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import { type ProjectView, withChanges } from '#shared/languages/project-view'

const project = viewOf({ 'src/a.ts': 'a', 'src/b.ts': 'b', 'README.md': 'r' })

test('a changed file reads as it would be, the others as they are', async () => {
  const after = withChanges(project, changing({ path: 'src/a.ts', kind: 'modify', before: 'a', after: 'A' }))
  expect(await after.read('src/a.ts')).toBe('A')
  expect(await after.read('src/b.ts')).toBe('b')
  expect(await project.read('src/a.ts')).toBe('a')
})

test('a new file brings its folders', async () => {
  const after = withChanges(project, changing({ path: 'src/deep/er/c.ts', kind: 'create', after: 'c' }))
  expect(await after.kindOf('src/deep')).toBe('directory')
  expect(await after.list('src')).toEqual(expect.arrayContaining(['a.ts', 'b.ts', 'deep']))
  expect(await after.list('src/deep/er')).toEqual(['c.ts'])
})

test('a deleted file is gone, a renamed one is where it went', async () => {
  const after = withChanges(
    project,
    changing(
      { path: 'src/a.ts', kind: 'delete', before: 'a' },
      { path: 'lib/b.ts', kind: 'rename', oldPath: 'src/b.ts', before: 'b', after: 'b' },
    ),
  )
  expect(await after.kindOf('src/a.ts')).toBeUndefined()
  expect(await after.read('src/b.ts')).toBeUndefined()
  expect(await after.list('src')).toEqual([])
  expect(await after.read('lib/b.ts')).toBe('b')
})

test('a file renamed away and created anew is there', async () => {
  const after = withChanges(
    project,
    changing(
      { path: 'src/old.ts', kind: 'rename', oldPath: 'src/a.ts', before: 'a', after: 'a' },
      { path: 'src/a.ts', kind: 'create', after: 'new' },
    ),
  )
  expect(await after.read('src/a.ts')).toBe('new')
  expect(await after.read('src/old.ts')).toBe('a')
})

function changing(...files: Omit<FileChange, 'hunkIds'>[]): ChangeSet {
  return { id: 'c', files: files.map(file => ({ ...file, hunkIds: [] })) }
}

function viewOf(texts: Record<string, string>): ProjectView {
  const paths = Object.keys(texts)
  return {
    root: '/p',
    async read(path) {
      return texts[path]
    },
    async kindOf(path) {
      if (path in texts) return 'file'
      return paths.some(each => each.startsWith(`${path}/`)) ? 'directory' : undefined
    },
    async list(path) {
      const prefix = path === '' ? '' : `${path}/`
      const inside = paths.filter(each => each.startsWith(prefix)).map(each => each.slice(prefix.length).split('/')[0]!)
      return [...new Set(inside)]
    },
  }
}
