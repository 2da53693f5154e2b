import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findBrowser } from '#shared/gates/browser/find-browser'
import { isWritable } from '#shared/host/node/writable'
import { tempProject } from '../../../support/temp-project'

const ROOT = '/srv/project'
const HOME = '/home/ann'

test.each([
  ['that is there', '/usr/bin/env', '/usr/bin/env'],
  ['by its name', 'env', expect.stringMatching(/\/env$/)],
  ['that is not there', '/usr/bin/no-such-browser', undefined],
  ['that nobody may run', '/etc/passwd', undefined],
  ['where the sandbox has its own files', `/proc/${process.pid}/exe`, undefined],
])('a browser %s: %s', (_, named, found) => {
  expect(findBrowser(ROOT, HOME, { PATH: '/usr/bin', KODE_BROWSER_PATH: named })).toEqual(found)
})

test('one that the sandbox does not show hides none that it shows', () => {
  const bin = join(tempProject({ 'bin/env': '#!/bin/sh\n' }), 'bin')
  chmodSync(join(bin, 'env'), 0o755)
  const env = { PATH: `${bin}:/usr/bin`, KODE_BROWSER_PATH: 'env' }
  expect(findBrowser(ROOT, HOME, env)).toMatch(/^\/(usr\/)?bin\/env$/)
})

test.runIf(isWritable('/usr/local'))('a link among programs is worth what it leads to, and by what way', () => {
  const folder = mkdtempSync('/usr/local/kode-links-')
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const outside = join(tempProject({ browser: '#!/bin/sh\n' }), 'browser')
  chmodSync(outside, 0o755)
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real/browser'), '#!/bin/sh\n', { mode: 0o755 })
  const way = join(outside, '../way')
  const links = { good: 'real/browser', out: outside, back: way, loop: 'loop' }
  symlinkSync(join(folder, 'real/browser'), way)
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name))
  const found = Object.keys(links).filter(name =>
    findBrowser(ROOT, HOME, { PATH: '', KODE_BROWSER_PATH: join(folder, name) }),
  )
  expect(found).toEqual(['good'])
})
