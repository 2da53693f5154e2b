import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
