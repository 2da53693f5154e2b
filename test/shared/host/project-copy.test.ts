import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
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

describe('what ran in the copy left', () => {
  const texts = { 'src/a.js': 'a\n', 'b.js': 'b\n' }

  /** A copy, what lies outside of it, and another object that finds the same copy. */
  async function copied() {
    const root = tempProject(texts)
    const [folder, outside] = [join(root, '../room/copy'), join(root, '../outside')]
    mkdirSync(join(outside, 'a.js'), { recursive: true })
    writeFileSync(join(outside, 'a.js/kept'), 'kept\n')
    const known = new ProjectCopy(root, folder, () => true)
    expect(await known.show({})).toBeUndefined()
    return { folder, outside, copies: { known, unknown: new ProjectCopy(root, folder, () => true) } }
  }

  test.each([
    ['a link in place of a folder', 'src', 'known'],
    ['a link in place of a folder', 'src', 'unknown'],
    ['a link in place of itself', '', 'known'],
    ['a link in place of itself', '', 'unknown'],
  ] as const)('%s: nothing behind it is touched', async (_, place, who) => {
    const { folder, outside, copies } = await copied()
    rmSync(join(folder, place), { recursive: true })
    symlinkSync(outside, join(folder, place))
    expect(await copies[who].show({ 'src/a.js': 'new\n', 'src/new/c.js': 'c\n' })).toBeUndefined()
    expect(treeOf(outside)).toEqual(['a.js', 'a.js/kept'])
    expect(treeOf(folder)).toEqual(['b.js', 'src', 'src/a.js', 'src/new', 'src/new/c.js'])
    expect(readFileSync(join(folder, 'src/a.js'), 'utf8')).toBe('new\n')
  })

  test('a pipe in place of a file goes, and nobody waits for it', async () => {
    const { folder, copies } = await copied()
    rmSync(join(folder, 'b.js'))
    execFileSync('mkfifo', [join(folder, 'b.js')])
    expect(await copies.unknown.show({})).toBeUndefined()
    expect(readFileSync(join(folder, 'b.js'), 'utf8')).toBe('b\n')
  })

  test('a folder of its own goes, also an empty one', async () => {
    const { folder, copies } = await copied()
    for (const made of ['node_modules', 'src/made/deep']) mkdirSync(join(folder, made), { recursive: true })
    expect(await copies.unknown.show({})).toBeUndefined()
    expect(treeOf(folder)).toEqual(['b.js', 'src', 'src/a.js'])
  })
})

function treeOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}
