import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'

/** A scanner that dislikes `legacyLogin`, and says which variables and arguments it was given. */
const SIEVE = `#!/usr/bin/env node
const { readFileSync } = require('node:fs')
const [, , command, file, ...flags] = process.argv
if (command !== 'scan' || flags.join(' ') !== '--format json --quiet') process.exit(3)
if (process.env.KODE_LLM_API_KEY) process.exit(4)
const lines = readFileSync(file, 'utf8').split('\\n')
const line = lines.findIndex(each => each.includes('legacyLogin')) + 1
const finding = { ruleId: 'no-legacy-login', filePath: file, line, column: 1, severity: 'high', cweId: 'CWE-287' }
process.stdout.write(JSON.stringify(line ? [finding] : []))
`

const CHANGE = JSON.stringify({ files: { 'src/a.js': 'export const a = 1\nlegacyLogin\n' } })

test('a scanner that the user names judges with the security gate', async () => {
  const { end } = await verify({ scanner: 'named' })
  expect(end.code, end.stderr).toBe(1)
  expect(JSON.parse(end.stdout).failed_files).toMatchObject({
    'src/a.js': [{ id: 'security/scanner', line: 2, message: 'sieve: no-legacy-login [CWE-287]' }],
  })
})

test('one that the project brings is not started', async () => {
  const { end } = await verify({ scanner: 'in the project' })
  expect(end.code, end.stdout).toBe(0)
})

test.each([
  ['is not there', {}, 1],
  ['is there', { scanner: 'named' as const, change: CHANGE.replace('legacyLogin', 'a') }, 0],
])('where the project requires a scanner and it %s', async (_, more, code) => {
  const { end } = await verify({ ...more, project: { verify: { require_scanner: true } } })
  expect(end.code, end.stdout).toBe(code)
  if (code === 1) expect(end.stdout).toContain('the security scanner is required, but none is set up')
})

interface Verified {
  scanner?: 'named' | 'in the project'
  change?: string
  project?: object
}

async function verify({ scanner, change = CHANGE, project = {} }: Verified) {
  const root = tempProject({ 'src/a.js': 'export const a = 1\n', '.kode/kode.json': JSON.stringify(project) })
  const folder = join(root, scanner === 'named' ? '../tools' : '.kode/bin')
  mkdirSync(folder, { recursive: true })
  const program = join(folder, scanner === 'named' ? 'sieve' : 'sicario')
  if (scanner) {
    writeFileSync(program, SIEVE)
    chmodSync(program, 0o755)
  }
  const env = {
    KODE_LLM_API_KEY: 'k',
    PATH: `${folder}:${process.env.PATH}`,
    ...(scanner === 'named' && { KODE_SECURITY_SCANNER: program }),
  }
  return { end: await runCli(['verify', '--input', '-'], { cwd: root, env, input: change }) }
}
