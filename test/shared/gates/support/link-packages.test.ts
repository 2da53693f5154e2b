import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ProjectState } from '#shared/gates/support/change-states'
import { linkPackages } from '#shared/gates/support/link-packages'
import { nodeFiles } from '#shared/host/node/files'
import { tempProject } from '../../../support/temp-project'

const PACKAGES = { 'node_modules/a/index.js': 'a\n', 'node_modules/.bin/a': '#!/bin/sh\n', 'node_modules/.vite/x': '' }

test.each([
  ['a folder', () => undefined],
  [
    'a link, as in a worktree',
    (root: string) => {
      renameSync(join(root, 'node_modules'), join(root, '../packages'))
      symlinkSync('../packages', join(root, 'node_modules'))
    },
  ],
])('packages in %s are seen in a copy, whose tools write beside them and not into them', async (_, move) => {
  const root = tempProject(PACKAGES)
  move(root)
  const copy = join(root, '../copy')
  mkdirSync(copy)
  const line = await linkPackages(new ProjectState(root, {}, nodeFiles()))
  execFileSync('/bin/sh', ['-c', line], { cwd: copy })
  const modules = join(copy, 'node_modules')
  expect(readFileSync(join(modules, 'a/index.js'), 'utf8')).toBe('a\n')
  expect(readFileSync(join(modules, '.bin/a'), 'utf8')).toBe('#!/bin/sh\n')
  mkdirSync(join(modules, '.vite'))
  writeFileSync(join(modules, '.vite/y'), '')
  expect(readdirSync(join(root, 'node_modules/.vite'))).toEqual(['x'])
})

test('a project without packages gets no folder for them', async () => {
  const root = tempProject({ 'a.js': 'a\n' })
  const line = await linkPackages(new ProjectState(root, {}, nodeFiles()))
  execFileSync('/bin/sh', ['-ec', line], { cwd: root })
  expect(readdirSync(root)).toEqual(['a.js'])
})
