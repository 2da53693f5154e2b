import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { ProtectedPaths } from '#shared/sandbox/protected-paths'

/** Large enough that folders are kept open between looks. */
const MANY = 1_200

function largeProject(): string {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'kode-protected-')))
  onTestFinished(() => rmSync(top, { recursive: true, force: true }))
  const root = join(top, 'project')
  for (let index = 0; index < MANY; index++) {
    mkdirSync(join(root, 'filler', `${index % 40}`, `${index}`), { recursive: true })
  }
  for (const name of ['a', 'b', 'c']) mkdirSync(join(root, name, 'x', 'y'), { recursive: true })
  return root
}

const openFiles = () => readdirSync('/proc/self/fd').length
const place = fc.constantFrom('a', 'b', 'c', 'a/x', 'b/x', 'a/x/y', 'c/x/y', 'd', 'a/d', 'filler/7/7')
const step = fc.tuple(fc.constantFrom('protect', 'unprotect', 'make', 'move', 'swap', 'remove'), place, place)

function change(root: string, [what, first, second]: [string, string, string]): void {
  const [one, two] = [join(root, first), join(root, second)]
  const isApart = !`${first}/`.startsWith(`${second}/`) && !`${second}/`.startsWith(`${first}/`)
  if (what === 'make') mkdirSync(one, { recursive: true })
  else if (!existsSync(one)) return
  else if (what === 'protect') mkdirSync(join(one, '.vscode'), { recursive: true })
  else if (what === 'unprotect') rmSync(join(one, '.vscode'), { recursive: true, force: true })
  else if (what === 'remove') rmSync(one, { recursive: true })
  else if (what === 'move' && isApart && !existsSync(two)) {
    mkdirSync(join(two, '..'), { recursive: true })
    renameSync(one, two)
  } else if (what === 'swap' && isApart && existsSync(two)) {
    renameSync(one, `${root}/between`)
    renameSync(two, one)
    renameSync(`${root}/between`, two)
  }
}

test('a look that remembers finds what a first look finds, whatever happened in between', async () => {
  const root = largeProject()
  const before = openFiles()
  const remembering = new ProtectedPaths(root, undefined)
  remembering.scan()
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 6 }), looks => {
      for (const steps of looks) {
        for (const each of steps) change(root, each)
        const fresh = new ProtectedPaths(root, undefined)
        expect([...remembering.scan().keys()].sort()).toEqual([...fresh.scan().keys()].sort())
        fresh.close()
      }
    }),
    { numRuns: 12, seed: 20_261_121 },
  )
  // It did keep folders open, and lets go of all of them.
  if (process.platform === 'linux') expect(openFiles()).toBeGreaterThan(before + MANY / 2)
  remembering.close()
  expect(openFiles()).toBeLessThanOrEqual(before + 2)
})

const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0

test.skipIf(!canMount)('what is mounted over a folder is found', () => {
  const root = largeProject()
  const remembering = new ProtectedPaths(root, undefined)
  onTestFinished(() => remembering.close())
  for (let look = 0; look < 3; look++) expect([...remembering.scan().keys()]).toEqual([])
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'a')])
  onTestFinished(() => void execFileSync('umount', ['-l', join(root, 'a')]))
  writeFileSync(join(root, 'a/.npmrc'), '')
  expect([...remembering.scan().keys()]).toEqual([join(root, 'a/.npmrc')])
})
