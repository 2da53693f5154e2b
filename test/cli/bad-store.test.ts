import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { kodePaths } from '#shared/config/paths'
import { frame, scanJournal } from '#shared/store/journal-record'
import { runCli } from '../support/run-cli'
import { type Script, type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'
import { fillDisk, makeReadOnly, mountTest, tinyDisk } from '../support/tiny-disk'

mountTest(
  'a full disk ends the run with what to do, keeps what was saved, and the session goes on when there is room',
  async () => {
    const disk = tinyDisk('size=2m')
    const { root, env } = await projectWith(
      [{ text: 'saved answer' }, { text: 'x'.repeat(30_000) }, { text: 'third' }],
      disk,
    )
    expect(await runCli(['--session-id', 's', 'hello'], { cwd: root, env })).toMatchObject({ code: 0 })
    const before = await messagesOf('s', root, env)
    expect(before).toEqual(['hello', 'saved answer'])
    fillDisk(join(disk, 'ballast'))
    const full = await runCli(['--resume', 's', 'y'.repeat(30_000)], { cwd: root, env })
    expect(full.code).toBe(1)
    expect(full.stderr).toContain('The disk is full: free some space')
    expect(full.stderr).not.toContain('    at ')
    expect(await messagesOf('s', root, env)).toEqual(before)
    rmSync(join(disk, 'ballast'))
    expect(await runCli(['--resume', 's', 'again'], { cwd: root, env })).toMatchObject({ code: 0 })
    expect((await messagesOf('s', root, env)).slice(0, 3)).toEqual([...before, 'again'])
  },
)

describe('a disk that fills up in the middle of a turn', () => {
  const write = { name: 'Write', arguments: { file_path: 'made.txt', content: 'made\n' } }
  const prints = (command: string) => ({ name: 'Bash', arguments: { command } })

  mountTest.each<[string, number, ScriptedReply, string[]]>([
    ['a reply', 0, { text: 'x'.repeat(50_000) }, ['made.txt']],
    ['a result', 48_000, { toolCalls: [prints('touch by-shell; seq 1 30000')] }, ['made.txt', 'by-shell']],
  ])(
    'ends the run at %s with a result, and the session goes on when there is room',
    async (_, leftBytes, reply, made) => {
      const disk = tinyDisk('size=2m')
      const script: ScriptedReply[] = [{ text: 'saved answer' }, { toolCalls: [write] }, reply, { text: 'last' }]
      const { root, env } = await projectWith((_, index) => {
        if (index === 2) fillDisk(join(disk, 'ballast'), leftBytes)
        return script[index] ?? { text: 'too many' }
      }, disk)
      await runCli(['--session-id', 's', 'hello'], { cwd: root, env })

      const full = await runCli(['--resume', 's', '--output-format', 'stream-json', 'go on'], { cwd: root, env })
      const lines: Record<string, unknown>[] = full.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      const message = expect.stringContaining('The disk is full: free some space')
      expect(full.code).toBe(1)
      expect(full.stderr).not.toContain('    at ')
      expect(lines.at(-2)).toMatchObject({ type: 'turn_ended', end: { reason: 'store_failed', message } })
      expect(lines.at(-1)).toMatchObject({
        type: 'result',
        success: false,
        stop_reason: 'store_failed',
        error: message,
      })
      expect(lines.at(-1)?.changes).toEqual(made.map(path => ({ path, status: 'created' })))

      rmSync(join(disk, 'ballast'))
      const saved = await messagesOf('s', root, env)
      expect(saved.slice(0, 3)).toEqual(['hello', 'saved answer', 'go on'])
      const { stdout } = await runCli(['sessions', 'list', '--json'], { cwd: root, env })
      expect(JSON.parse(stdout).sessions).toMatchObject([{ id: 's', messages: saved.length, running: false }])
      expect(await runCli(['--resume', 's', 'again'], { cwd: root, env })).toMatchObject({ code: 0, stdout: 'last\n' })
      expect(await runCli(['undo'], { cwd: root, env })).toMatchObject({ code: 0 })
      expect(made.filter(path => existsSync(join(root, path)))).toEqual([])
    },
  )
})

mountTest('a todo list that does not fit is an error of its call', async () => {
  const disk = tinyDisk('size=2m')
  const todos = [{ content: 'x'.repeat(50_000), status: 'pending' }]
  const told: string[] = []
  const { root, env } = await projectWith(({ body }, index) => {
    told.push(String(body.messages.at(-1)?.content))
    if (index > 0) return { text: 'last' }
    fillDisk(join(disk, 'ballast'), 80_000)
    return { toolCalls: [{ name: 'TodoWrite', arguments: { todos } }] }
  }, disk)
  const end = await runCli(['--output-format', 'stream-json', 'go'], { cwd: root, env })
  expect(end).toMatchObject({ code: 0, stderr: '' })
  expect(told[1]).toContain('The disk is full')
  expect(end.stdout).not.toContain('"type":"todos"')
})

mountTest('a session whose first message does not fit leaves nothing behind', async () => {
  const disk = tinyDisk('size=2m')
  const { root, env } = await projectWith([{ text: 'saved' }, { text: 'fits' }], disk)
  await runCli(['--session-id', 's', 'hello'], { cwd: root, env })
  fillDisk(join(disk, 'ballast'), 12_000)
  const args = ['--session-id', 'large', '--output-format', 'json']
  const full = await runCli([...args, 'y'.repeat(50_000)], { cwd: root, env })
  expect(full.code).toBe(1)
  expect(JSON.parse(full.stdout)).toMatchObject({
    stop_reason: 'store_failed',
    error: expect.stringContaining('is full'),
  })
  rmSync(join(disk, 'ballast'))
  expect(Object.keys(filesBelow(kodePaths(env).db)).filter(path => path.includes('large'))).toEqual([])
  expect(await runCli([...args, 'hello'], { cwd: root, env })).toMatchObject({ code: 0 })
})

mountTest(
  'a read-only home: runs work and say that nothing is kept; what is there can be read, and not be deleted',
  async () => {
    const disk = tinyDisk('size=4m')
    const { root, env } = await projectWith([{ text: 'saved' }, { text: 'not saved' }], disk)
    await runCli(['--session-id', 's', 'hello'], { cwd: root, env })
    makeReadOnly(disk)
    const end = await runCli(['hello again'], { cwd: root, env })
    expect(end).toMatchObject({ code: 0, stdout: 'not saved\n', stderr: expect.stringContaining('nothing is kept') })
    expect(await messagesOf('s', root, env)).toEqual(['hello', 'saved'])
    expect((await runCli(['sessions', 'search', 'saved'], { cwd: root, env })).code).toBe(0)
    for (const action of [['delete', 's'], ['purge']]) {
      const refused = await runCli(['sessions', ...action], { cwd: root, env })
      if (action[0] === 'delete')
        expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('read-only') })
      expect(refused.stderr).not.toContain('    at ')
    }
  },
)

test.skipIf(process.getuid?.() !== 0)('a store that belongs to somebody else is refused with what to do', async () => {
  const { root, env } = await projectWith([{ text: 'saved' }, { text: 'ephemeral' }])
  await runCli(['--session-id', 's', 'hello'], { cwd: root, env })
  const home = dirname(root)
  const program = join(home, 'program')
  for (const part of ['cli', 'assets']) cpSync(join('dist', part), join(program, part), { recursive: true })
  execFileSync('chown', ['-R', 'nobody', home])
  execFileSync('chown', ['-R', 'root', kodePaths(env).db])
  chmodSync(home, 0o755)
  const asNobody = async (...args: string[]) => {
    const uid = Number(execFileSync('id', ['-u', 'nobody']).toString())
    const child = spawn(process.execPath, [join(program, 'cli/kode.mjs'), ...args], {
      cwd: root,
      env,
      uid,
      gid: uid,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (printed += piece))
    return { code: await new Promise(resolve => child.on('close', resolve)), printed }
  }
  for (const args of [['hello'], ['sessions', 'list'], ['--resume', 's', 'hello']]) {
    const refused = await asNobody(...args)
    expect(refused.printed).toMatch(/^error: .*permission denied/i)
    expect(refused.printed).not.toContain('    at ')
    expect(refused.code).toBe(args[0] === 'sessions' ? 1 : 2)
  }
})

test('garbage in the middle of a journal costs the message it hit, is told once with its backup, and the session goes on', async () => {
  const { root, env } = await projectWith(['one', 'two', 'three', 'four'].map(text => ({ text })))
  await runCli(['--session-id', 's', 'hello'], { cwd: root, env })
  await runCli(['--resume', 's', 'damaged prompt'], { cwd: root, env })
  const journal = join(kodePaths(env).db, 'sessions', 's.1.log')
  const bytes = readFileSync(journal)
  const hit = scanJournal(bytes).records.find(record => record.body.includes('damaged prompt'))
  bytes.fill('garbage \n', (hit?.offset ?? 0) + 40, (hit?.offset ?? 0) + 80)
  writeFileSync(journal, bytes)

  const told = await runCli(['--resume', 's', 'next'], { cwd: root, env })
  expect(told).toMatchObject({ code: 0, stdout: 'three\n' })
  const [, backup = ''] = /damaged in one place.*As it was: (.+\.log)/.exec(told.stderr) ?? []
  expect(readFileSync(backup).equals(bytes)).toBe(true)
  expect(await messagesOf('s', root, env)).toEqual(['hello', 'one', 'two', 'next', 'three'])
  const again = await runCli(['--resume', 's', 'last'], { cwd: root, env })
  expect(again).toMatchObject({ code: 0, stdout: 'four\n' })
  expect(again.stderr).not.toContain('damaged')
})

test.each([
  [
    'session',
    'Session s was written by a newer kode',
    (db: string) => {
      const file = join(db, 'sessions', 's.1.log')
      writeFileSync(file, Buffer.concat([frame('session', 's', { schema: 99 }), readFileSync(file)]))
    },
  ],
  ['store', 'was written by a newer kode', (db: string) => writeFileSync(join(db, 'schema.json'), '{"schema":99}')],
])('a %s of a newer kode is refused and left as it is', async (_, message, age) => {
  const { root, env } = await projectWith([{ text: 'saved' }])
  await runCli(['--session-id', 's', 'hello'], { cwd: root, env })
  const { db } = kodePaths(env)
  age(db)
  const before = filesBelow(db)
  for (const args of [
    ['--resume', 's', 'hello'],
    ['sessions', 'show', 's'],
    ['sessions', 'export', 's'],
  ]) {
    const refused = await runCli(args, { cwd: root, env })
    expect(refused.stderr).toContain(message)
    expect(refused.stderr).toContain('Update kode')
    expect(refused.code).toBe(args[0] === 'sessions' ? 1 : 2)
  }
  expect(filesBelow(db)).toEqual(before)
})

async function projectWith(script: Script, home?: string) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject()
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home ?? dirname(root),
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'm',
  }
  return { root, env }
}

/** The first words of each message. */
async function messagesOf(id: string, cwd: string, env: Record<string, string>): Promise<string[]> {
  const { stdout } = await runCli(['sessions', 'show', id, '--json'], { cwd, env })
  const messages: { text?: string; parts?: { text: string }[] }[] = JSON.parse(stdout).messages
  return messages.map(({ text, parts }) => (text ?? parts?.[0]?.text ?? '').split('\n')[0] ?? '')
}

function filesBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return Object.fromEntries(
    files.map(entry => join(entry.parentPath, entry.name)).map(path => [path, readFileSync(path, 'base64')]),
  )
}
