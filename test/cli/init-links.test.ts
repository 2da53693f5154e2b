import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'

test.each([
  ['init', '.kode', ['init']],
  ['ci init', '.github', ['ci', 'init', '--system', 'github']],
])('%s makes nothing behind a link that leads out of the project', async (_, link, words) => {
  const root = tempProject()
  const outside = join(root, '../outside')
  mkdirSync(join(outside, 'workflows'), { recursive: true })
  symlinkSync(outside, join(root, link))
  const ended = await runCli(words, { cwd: root })
  expect(ended.code).not.toBe(0)
  expect(existsSync(join(outside, 'kode.json')) || existsSync(join(outside, 'workflows/kode.yml'))).toBe(false)
})

test('init --gitignore adds nothing to a file of the user that .gitignore leads to', async () => {
  const root = tempProject()
  const outside = join(root, '../.bashrc')
  writeFileSync(outside, 'mine\n')
  symlinkSync(outside, join(root, '.gitignore'))
  await runCli(['init', '--gitignore'], { cwd: root })
  expect(readFileSync(outside, 'utf8')).toBe('mine\n')
})
