import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

const modify = (file_path: string, new_text = 'new') => ({ file_path, action: 'MODIFY', anchor_text: 'old', new_text })
const create = (file_path: string) => ({ file_path, action: 'CREATE', new_text: 'new\n' })

async function modelThatSays(replies: readonly ScriptedReply[]): Promise<Record<string, string>> {
  const model = await startScriptedProvider(replies)
  onTestFinished(() => model.close())
  return { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
}

/** One round of `kode run` with these hunks. */
async function runHunks(root: string, hunks: readonly object[], env: Record<string, string> = {}) {
  const model = await modelThatSays([{ text: JSON.stringify(hunks) }])
  return runCli(['run', '--max-rounds', '1', 'do it'], { cwd: root, env: { ...model, ...env } })
}

const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0

/** A folder that is a file system of its own, until the test is over. */
function mounted(options: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kode-mount-')))
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

describe('kode run says what is wrong with the files, and leaves them as they were', () => {
  test.each<[string, (root: string) => void, object[], string]>([
    ['a folder in the way', () => undefined, [modify('a.txt'), create('dir')], 'dir is a folder'],
    ['a file where a folder is needed', () => undefined, [modify('a.txt'), create('b.txt/x')], 'no folder'],
    ['a name too long', () => undefined, [modify('a.txt'), create('n'.repeat(256))], 'too long'],
    ['a name that differs in case only', () => undefined, [modify('a.txt'), create('B.TXT')], 'upper and lower case'],
    [
      'a FIFO',
      root => execFileSync('mkfifo', [join(root, 'pipe')]),
      [modify('a.txt'), modify('pipe')],
      'device, pipe or socket',
    ],
    [
      'a link to a device',
      root => symlinkSync('/dev/zero', join(root, 'zero')),
      [modify('a.txt'), modify('zero')],
      'outside the project',
    ],
    [
      'a link to itself',
      root => symlinkSync('loop', join(root, 'loop')),
      [modify('a.txt'), create('loop/x')],
      'leads to itself',
    ],
    [
      'a file of 100 MB',
      root => truncateSync(join(root, 'b.txt'), 1e8),
      [modify('a.txt'), modify('b.txt')],
      'too large',
    ],
    [
      'a file that is read-only',
      root => chmodSync(join(root, 'b.txt'), 0o444),
      [modify('a.txt'), modify('b.txt')],
      'b.txt is read-only',
    ],
  ])('%s', async (_, prepare, hunks, message) => {
    const root = tempProject({ 'a.txt': 'old\n', 'b.txt': 'old\n', 'dir/x': '' })
    prepare(root)
    const before = treeHash(root)
    const end = await runHunks(root, hunks)
    expect(end.code, end.stderr).toBe(1)
    expect(end.stdout + end.stderr).toContain(message)
    expect(treeHash(root)).toBe(before)
  })

  test.skipIf(process.getuid?.() !== 0)('a device', async () => {
    const root = tempProject({ 'a.txt': 'old\n' })
    execFileSync('mknod', [join(root, 'null'), 'c', '1', '3'])
    const end = await runHunks(root, [modify('a.txt'), modify('null')])
    expect(end.code, end.stderr).toBe(1)
    expect(end.stdout + end.stderr).toContain('device, pipe or socket')
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('old\n')
  })

  test.skipIf(!canMount)('a disk that is full, and then has room again', async () => {
    const root = join(mounted('size=600k'), 'project')
    const home = tempProject()
    mkdirSync(root)
    for (const name of ['a.txt', 'b.txt']) writeFileSync(join(root, name), `old${'x'.repeat(100_000)}\n`)
    writeFileSync(join(root, 'filler'), 'f'.repeat(250_000))
    const before = treeHash(root)
    const hunks = [modify('a.txt'), modify('b.txt')]
    const end = await runHunks(root, hunks, { HOME: home })
    expect(end.code, end.stderr).toBe(1)
    const error = expect.stringContaining('no space left on the disk')
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'FAIL', applied_files: [], error })
    expect(treeHash(root)).toBe(before)
    unlinkSync(join(root, 'filler'))
    expect(await runHunks(root, hunks, { HOME: home })).toMatchObject({ code: 0 })
  })

  test.skipIf(!canMount)('a disk that is full where kode keeps what was there before', async () => {
    const home = mounted('size=64k')
    const root = tempProject({ 'a.txt': `old${'x'.repeat(200_000)}\n` })
    const before = treeHash(root)
    const end = await runHunks(root, [modify('a.txt')], { HOME: home })
    expect(end.code, end.stderr).toBe(1)
    const error = expect.stringContaining('no space left on the disk')
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'FAIL', applied_files: [], error })
    expect(treeHash(root)).toBe(before)
  })

  test.skipIf(!canMount)('a read-only file system', async () => {
    const root = join(mounted('size=1m'), 'project')
    mkdirSync(root)
    writeFileSync(join(root, 'a.txt'), 'old\n')
    const before = treeHash(root)
    execFileSync('mount', ['-o', 'remount,ro', dirname(root)])
    const end = await runHunks(root, [modify('a.txt')], { HOME: tempProject() })
    expect(end.code, end.stderr).toBe(1)
    expect(end.stdout + end.stderr).toContain('read-only file system')
    expect(treeHash(root)).toBe(before)
  })

  test.skipIf(process.getuid?.() !== 0)('a folder of somebody else, as an ordinary user', async () => {
    const root = tempProject({ 'a.txt': 'old\n', 'closed/b.txt': 'old\n' })
    const program = join(dirname(root), 'kode')
    for (const part of ['cli', 'assets']) cpSync(join('dist', part), join(program, part), { recursive: true })
    execFileSync('chown', ['-R', 'nobody', dirname(root)])
    execFileSync('chown', ['root', join(root, 'closed')])
    chmodSync(dirname(root), 0o755)
    const before = treeHash(root)
    const env = await modelThatSays([{ text: JSON.stringify([modify('a.txt'), modify('closed/b.txt')]) }])
    const uid = Number(execFileSync('id', ['-u', 'nobody']).toString())
    const child = spawn(process.execPath, [join(program, 'cli/kode.mjs'), 'run', '--max-rounds', '1', 'do it'], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: dirname(root), ...env },
      uid,
      gid: uid,
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (printed += piece))
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(printed).toContain('closed/b.txt: permission denied')
    expect(code).toBe(1)
    expect(treeHash(root)).toBe(before)
  })

  test('a thousand files are written, and taken back', async () => {
    const settings = JSON.stringify({ engine: { max_files_touched: 2000 } })
    const root = tempProject({ '.kode/kode.json': settings })
    const before = treeHash(root)
    const end = await runHunks(
      root,
      Array.from({ length: 1000 }, (_, index) => create(`d${index % 40}/f${index}.txt`)),
    )
    expect(end.code, end.stderr).toBe(0)
    expect(readdirSync(join(root, 'd7'))).toHaveLength(25)
    expect((await runCli(['undo'], { cwd: root })).code).toBe(0)
    expect(treeHash(root)).toBe(before)
  }, 60_000)
})

describe('an Edit call of the agent', () => {
  test.each<[string, (root: string) => void, string]>([
    ['of a FIFO', root => execFileSync('mkfifo', [join(root, 'pipe')]), 'pipe'],
    ['of a file of 100 MB', root => truncateSync(join(root, 'a.txt'), 1e8), 'a.txt'],
    ['of a link out of the project', root => symlinkSync('/etc/hostname', join(root, 'out')), 'out'],
  ])('%s is answered with what is wrong', async (_, prepare, path) => {
    const root = tempProject({ 'a.txt': 'old\n' })
    prepare(root)
    const before = treeHash(root)
    const edit = { file_path: path, replacements: [{ old_str: 'old', new_str: 'new' }] }
    const model = await startScriptedProvider([
      { toolCalls: [{ name: 'Edit', arguments: edit }] },
      { text: 'I could not.' },
    ])
    onTestFinished(() => model.close())
    const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
    const end = await runCli(['edit it'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(0)
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toMatch(/device, pipe or socket|too large|outside/)
    expect(treeHash(root)).toBe(before)
  })

  test.each<[string, (path: string) => void, string]>([
    ['changed', path => writeFileSync(path, 'old, and more\n'), 'changed'],
    ['removed', path => rmSync(path), 'does not exist'],
    ['replaced by a folder', replacedBy(mkdirSync), 'is a folder'],
    ['replaced by a FIFO', replacedBy(path => execFileSync('mkfifo', [path])), 'device, pipe or socket'],
    ['replaced by a link out of the project', replacedBy(path => symlinkSync('/etc/hostname', path)), 'outside'],
    ['made read-only', path => chmodSync(path, 0o444), 'read-only'],
  ])('of a file that was %s after it was read is answered with that', async (_, meddle, message) => {
    const root = tempProject({ 'a.txt': 'old\n' })
    let before = ''
    const edit = { file_path: 'a.txt', replacements: [{ old_str: 'old', new_str: 'new' }] }
    const model = await startScriptedProvider((_, index) => {
      if (index === 0) return { toolCalls: [{ name: 'Read', arguments: { file_path: 'a.txt' } }] }
      if (index > 1) return { text: 'I could not.' }
      meddle(join(root, 'a.txt'))
      before = treeHash(root)
      return { toolCalls: [{ name: 'Edit', arguments: edit }] }
    })
    onTestFinished(() => model.close())
    const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
    const end = await runCli(['edit it'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(0)
    expect(String(model.requests[2]?.body.messages.at(-1)?.content)).toContain(message)
    expect(treeHash(root)).toBe(before)
  })

  test.skipIf(!canMount)('on a full disk is answered with what is wrong', async () => {
    const root = join(mounted('size=500k'), 'project')
    mkdirSync(root)
    writeFileSync(join(root, 'a.txt'), `old${'x'.repeat(100_000)}\n`)
    writeFileSync(join(root, 'filler'), 'f'.repeat(330_000))
    const before = treeHash(root)
    const edit = { file_path: 'a.txt', replacements: [{ old_str: 'old', new_str: 'new' }] }
    const model = await startScriptedProvider([
      { toolCalls: [{ name: 'Edit', arguments: edit }] },
      { text: 'I could not.' },
    ])
    onTestFinished(() => model.close())
    const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted', HOME: tempProject() }
    const end = await runCli(['edit it'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(0)
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toContain('no space left')
    expect(treeHash(root)).toBe(before)
  })
})

function replacedBy(make: (path: string) => unknown): (path: string) => void {
  return path => {
    rmSync(path)
    make(path)
  }
}
