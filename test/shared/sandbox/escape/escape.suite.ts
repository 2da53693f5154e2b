import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ATTEMPTS } from './attempts'
import type { Outcome } from './run'

/** Nobody has this id: a user made for this test. */
const ORDINARY_USER = 48_213

const isRoot = process.getuid?.() === 0
const users = isRoot ? [0, ORDINARY_USER] : [process.getuid?.() ?? 0]

let folder: string
let runs: Map<number, Promise<Outcome[]>>

beforeAll(async () => {
  // Not below /tmp: that is another one in the sandbox, and every attempt would be contained for that alone.
  folder = realpathSync(mkdtempSync(join(isRoot ? '/var/lib' : homedir(), 'kode-escape-')))
  chmodSync(folder, 0o755)
  copyFileSync(process.execPath, join(folder, 'node'))
  chmodSync(join(folder, 'node'), 0o755)
  await build({
    entryPoints: [join(import.meta.dirname, 'run.ts')],
    outfile: join(folder, 'run.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'error',
  })
  // Side by side: most of the time goes by waiting for what must not happen.
  runs = new Map(users.map(user => [user, runAs(user)]))
  await Promise.allSettled(runs.values())
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('there are attempts enough, and all of them have different names', () => {
  expect(ATTEMPTS.length).toBeGreaterThanOrEqual(80)
  expect(new Set(ATTEMPTS.map(({ category, name }) => `${category}: ${name}`)).size).toBe(ATTEMPTS.length)
})

describe.each(users)('as user %d', user => {
  let outcomes: Outcome[]

  beforeAll(async () => {
    outcomes = (await runs.get(user)) ?? []
  })

  test('everything is contained but what is known not to be', () => {
    const escaped = outcomes.filter(({ confined, notContained }) => confined === 'escaped' && !notContained)
    expect(escaped.map(shown)).toEqual([])
  })

  test('what is known not to be contained is listed for a reason', () => {
    const wronglyListed = outcomes.filter(({ confined, notContained }) => confined === 'contained' && notContained)
    expect(wronglyListed.map(shown)).toEqual([])
  })

  test('every attempt works without the sandbox, where it can: otherwise it would test nothing', () => {
    expect(outcomes.filter(({ control }) => control === 'failed').map(shown)).toEqual([])
    expect(outcomes.filter(({ control }) => control === 'escaped').length).toBeGreaterThan(60)
  })

  test('the report', () => {
    const contained = outcomes.filter(({ confined }) => confined === 'contained').length
    console.log(`user ${user}: ${contained} of ${outcomes.length} attempts contained`)
    for (const { category, name, notContained } of outcomes)
      if (notContained) console.log(`  not: ${category}, ${name}: ${notContained}`)
    expect(contained).toBeGreaterThanOrEqual(80)
  })
})

function shown({ category, name, output }: Outcome): string {
  return `${category}: ${name}\n${output}`
}

/** In a process of that user's, which inherits a descriptor as careless parents pass them on. */
async function runAs(user: number): Promise<Outcome[]> {
  const base = join(folder, `${user}`)
  mkdirSync(base)
  const leak = join(base, 'leak')
  writeFileSync(leak, '')
  for (const path of [base, leak]) chownSync(path, user, user)
  const child = spawn(
    'bash',
    ['-c', 'exec 60>> "$LEAK"; exec "$@"', 'bash', join(folder, 'node'), join(folder, 'run.mjs'), join(base)],
    {
      cwd: base,
      env: { PATH: process.env.PATH ?? '', HOME: base, LEAK: leak, PARENT_SECRET: 'a-secret-of-the-parent' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isRoot && { uid: user, gid: user }),
    },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', piece => {
    stdout += piece
  })
  child.stderr.on('data', piece => {
    stderr += piece
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
