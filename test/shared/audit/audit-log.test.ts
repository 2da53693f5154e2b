import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuditEntry, AuditLog } from '#shared/audit/audit-log'
import { nodeFiles } from '#shared/host/node/files'

const ENTRY: AuditEntry = {
  timestamp: '2026-01-01T00:00:00Z',
  task_id: 'task',
  status: 'PASS',
  rounds_used: 1,
  duration_ms: 1,
  command: 'run',
  version: '0.0.0',
  reason: '$(touch owned)',
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kode-audit-log-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a decision is one line of the log, whose folder is made with it', async () => {
  const log = new AuditLog(join(folder, 'project', 'logs'), nodeFiles())
  await log.append(ENTRY)
  await log.append(ENTRY)
  const lines = readFileSync(join(folder, 'project', 'logs', 'kode.log'), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.map(line => JSON.parse(line))).toEqual([ENTRY, ENTRY])
})

test('the log is ignored where it lies, and rules that are there stay', async () => {
  const logs = join(folder, 'logs')
  await new AuditLog(logs, nodeFiles()).append(ENTRY)
  execFileSync('git', ['init', '--quiet', folder])
  const untracked = () => execFileSync('git', ['status', '--porcelain', '-uall'], { cwd: folder, encoding: 'utf8' })
  expect(untracked()).toBe('')
  writeFileSync(join(logs, 'other.log'), '')
  expect(untracked()).toBe('?? logs/other.log\n')
  writeFileSync(join(logs, '.gitignore'), '# mine\n')
  await new AuditLog(logs, nodeFiles()).append(ENTRY)
  expect(readFileSync(join(logs, '.gitignore'), 'utf8')).toBe('# mine\n')
})

test('a link that a command put in place of the log leads no line into another file', async () => {
  const startup = join(folder, '.bashrc')
  writeFileSync(startup, '')
  mkdirSync(join(folder, 'logs'))
  symlinkSync(startup, join(folder, 'logs', 'kode.log'))
  await new AuditLog(join(folder, 'logs'), nodeFiles()).append(ENTRY)
  expect(readFileSync(startup, 'utf8')).toBe('')
})

test('a pipe that nobody reads in place of the log keeps no work waiting', async () => {
  mkdirSync(join(folder, 'logs'))
  execFileSync('mkfifo', [join(folder, 'logs', 'kode.log')])
  await new AuditLog(join(folder, 'logs'), nodeFiles()).append(ENTRY)
  expect(lstatSync(join(folder, 'logs', 'kode.log')).isFIFO()).toBe(true)
})
