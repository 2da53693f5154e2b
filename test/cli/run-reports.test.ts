import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunResult } from '#shared/protocol/run-result'
import { prepareReports, writeReports } from '../../cli/run-reports'
import { tempProject } from '../support/temp-project'

const RESULT = {} as RunResult

/** A project, where its patch goes, and a file of the user's outside. */
function place() {
  const root = tempProject()
  const outside = join(root, '../.bashrc')
  writeFileSync(outside, 'mine\n')
  return { root, path: join(root, 'out.patch'), outside }
}

describe('the patch of a run', () => {
  test('is written anew after every prompt', () => {
    const { root, path } = place()
    writeFileSync(path, 'of an earlier run, and longer')
    const reports = prepareReports({ 'patch-file': path }, root)
    expect(readFileSync(path, 'utf8')).toBe('')
    writeReports(RESULT, 'a long patch', reports)
    writeReports(RESULT, 'a patch', reports)
    expect(readFileSync(path, 'utf8')).toBe('a patch')
  })

  test.each([
    ['a link', (path: string, outside: string) => symlinkSync(outside, path)],
    ['a pipe that nobody reads', (path: string) => void execFileSync('mkfifo', [path])],
  ])('does not go into %s that a command put in its place', (_, plant) => {
    const { root, path, outside } = place()
    const reports = prepareReports({ 'patch-file': path }, root)
    rmSync(path)
    plant(path, outside)
    expect(() => writeReports(RESULT, '+$(touch owned)', reports)).toThrow()
    expect(readFileSync(outside, 'utf8')).toBe('mine\n')
  })

  test.each([
    ['a link out of the project', '../.bashrc'],
    ['a link to nothing', '../.profile'],
  ])('is refused before the run where an earlier command left %s', (_, target) => {
    const { root, path, outside } = place()
    symlinkSync(target, path)
    expect(() => prepareReports({ 'patch-file': path }, root)).toThrow('--patch-file')
    expect(readFileSync(outside, 'utf8')).toBe('mine\n')
    expect(existsSync(join(root, '../.profile'))).toBe(false)
  })
})
