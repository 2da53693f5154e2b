import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { kodePaths } from '#shared/config/paths'
import { frame, scanJournal } from '#shared/store/journal'
import { runCli } from '../support/run-cli'
import { type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
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

async function projectWith(script: readonly ScriptedReply[], home?: string) {
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
