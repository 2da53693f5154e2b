import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { FileSystem } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { WorkingCopies } from '#shared/tasks/working-copies'
import { gitInit, tempProject } from '../../support/temp-project'

test('work that cannot be kept stays in its copy until it can', async () => {
  const root = tempProject({ 'a.txt': 'one\n' })
  gitInit(root)
  const outside = tempProject({ full: '' })
  const copiesWith = (patchFolder: string) =>
    new WorkingCopies(root, {
      files: nodeFiles(),
      processes: nodeProcesses(),
      env: process.env,
      cacheFolder: join(outside, 'cache'),
      patchFolder,
    })
  // A plain file, so that no folder can be made in it.
  const copies = copiesWith(join(outside, 'full'))
  const copy = await copies.make(root, 'the work')
  if (!copy.ok) throw new Error(copy.error)
  writeFileSync(join(copy.value.root, 'a.txt'), 'two\n')
  symlinkSync('a.txt', join(copy.value.root, 'link'))
  expect(await copy.value.keep('a try')).toMatchObject({ ok: false, error: expect.stringContaining(copy.value.root) })
  await copy.value.remove()
  await copies.close()
  expect(readFileSync(join(copy.value.root, 'a.txt'), 'utf8')).toBe('two\n')

  const [found] = await copiesWith(join(outside, 'patches')).recover()
  expect(found).toMatchObject({ title: 'the work', paths: ['a.txt', 'link'] })
  expect(readFileSync(join(found?.kept ?? '', 'change.patch'), 'utf8')).toContain('-one\n+two\n')
  expect(readdirSync(join(found?.kept ?? '', 'files')).sort()).toEqual(['a.txt', 'link'])
  expect(existsSync(copy.value.root)).toBe(false)
})

test.each([1, 2, 3])(
  'a copy that was being removed as its process died leaves no work behind (step %i)',
  async steps => {
    const root = tempProject({ 'a.txt': 'one\n' })
    gitInit(root)
    const outside = tempProject({})
    let left = Number.POSITIVE_INFINITY
    const files = nodeFiles()
    const dying: FileSystem = {
      ...files,
      remove: (path, recursive) => {
        if (left-- <= 0) throw new Error('dead')
        return files.remove(path, recursive)
      },
    }
    const copiesOn = (disk: FileSystem) =>
      new WorkingCopies(root, {
        files: disk,
        processes: nodeProcesses(),
        env: process.env,
        cacheFolder: join(outside, 'cache'),
        patchFolder: join(outside, 'patches'),
      })
    const copies = copiesOn(dying)
    const copy = await copies.make(root, 'the work')
    if (!copy.ok) throw new Error(copy.error)
    left = steps
    await expect(copy.value.remove()).rejects.toThrow('dead')
    left = Number.POSITIVE_INFINITY
    // Its process is gone, and its lock with it.
    await files.remove(join(dirname(dirname(copy.value.root)), 'lock'), true)
    expect(await copiesOn(files).recover()).toEqual([])
    expect(readdirSync(join(outside, 'cache', 'agents'))).toEqual([])
    expect(existsSync(copy.value.root)).toBe(false)
  },
)

test('thirty copies at once are worktrees all, and git knows of none of them afterwards', async () => {
  const root = tempProject({ 'a.txt': 'one\n' })
  gitInit(root)
  const outside = tempProject({})
  const copies = new WorkingCopies(root, {
    files: nodeFiles(),
    processes: nodeProcesses(),
    env: process.env,
    cacheFolder: join(outside, 'cache'),
    patchFolder: join(outside, 'patches'),
  })
  const made = await Promise.all(Array.from({ length: 30 }, (_, index) => copies.make(root, `agent ${index}`)))
  const roots = made.flatMap(copy => (copy.ok ? [copy.value.root] : []))
  expect(roots.filter(each => existsSync(join(each, '.git')))).toHaveLength(30)
  await copies.close()
  expect(execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' }).trim().split('\n')).toHaveLength(1)
  expect(roots.filter(existsSync)).toEqual([])
})
