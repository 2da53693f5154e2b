import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ProjectCopy } from '#shared/host/node/project-copy'
import { tempProject } from '../../support/temp-project'

test('links to folders that an earlier run left behind go, and what they lead to stays', async () => {
  const root = tempProject({ 'a.js': 'a\n', 'node_modules/left/index.js': 'left\n' })
  const folder = join(root, '../copy')
  const copyOf = () => new ProjectCopy(root, folder, () => true)
  expect(await copyOf().show({})).toBeUndefined()
  mkdirSync(join(folder, 'made'))
  for (const link of ['node_modules', 'made/left']) symlinkSync(join(root, 'node_modules'), join(folder, link))
  expect(await copyOf().show({ 'a.js': 'b\n' })).toBeUndefined()
  expect(readFileSync(join(folder, 'a.js'), 'utf8')).toBe('b\n')
  expect(existsSync(join(folder, 'node_modules'))).toBe(false)
  expect(existsSync(join(folder, 'made/left'))).toBe(false)
  expect(readFileSync(join(root, 'node_modules/left/index.js'), 'utf8')).toBe('left\n')
})
