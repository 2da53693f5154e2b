import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { buildChangeSet } from '#shared/edits/build-change-set'
import type { ChangeSet } from '#shared/edits/change-set'
import { listTurns, undo } from '#shared/edits/checkpoint'
import { resolveInProject } from '#shared/edits/project-path'
import { readProposal } from '#shared/edits/proposal'
import { recoverInterrupted, writeChanges } from '#shared/edits/write'
import type { FileSystem } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { buildProgram, ended, start } from './support/own-process'
import { type TestProject, testProject } from './support/project'

let project: TestProject
beforeEach(() => {
  project = testProject()
})

/** The message of a proposal that cannot be built or written. */
async function refusal(proposal: object, on: TestProject = project): Promise<string> {
  const read = readProposal(JSON.stringify(proposal))
  const changes = read.ok ? await buildChangeSet(read.value, on.door) : read
  if (!changes.ok) return changes.error[0]!.message
  const written = await writeChanges(changes.value, on.door)
  return written.ok ? 'written' : written.error.message
}

function replaceByLink(path: string): void {
  unlinkSync(project.at(path))
  symlinkSync('/etc/hostname', project.at(path))
}

function putReadOnly(path: string): void {
  project.put(path, 'old\n')
  chmodSync(project.at(path), 0o444)
}

function putHuge(path: string): void {
  project.put(path, 'old')
  truncateSync(project.at(path), 100_000_000)
}

const create = (path: string, text = 'new\n') => ({ id: path, file_path: path, action: 'CREATE', new_text: text })
const modify = (path: string) => ({ file_path: path, action: 'MODIFY', anchor_text: 'old', new_text: 'new' })

describe('a path', () => {
  const outside = mkdtempSync(join(tmpdir(), 'kode-outside-'))
  afterAll(() => rmSync(outside, { recursive: true }))

  beforeEach(() => {
    project.put('src/a.ts', 'old\n')
    symlinkSync('src', project.at('inner'))
    symlinkSync('src/a.ts', project.at('a-link.ts'))
    symlinkSync(outside, project.at('outer'))
    symlinkSync('loop', project.at('loop'))
    symlinkSync(join(outside, 'nothing'), project.at('dangling'))
    symlinkSync('.git', project.at('innocent'))
    mkdirSync(project.at('.git'))
  })

  test.each([
    ['src/a.ts', 'src/a.ts'],
    ['./src/../src//a.ts', 'src/a.ts'],
    ['new/deep/file.ts', 'new/deep/file.ts'],
    ['inner/a.ts', 'src/a.ts'],
    ['inner/new.ts', 'src/new.ts'],
    ['a-link.ts', 'src/a.ts'],
    ['..name/x', '..name/x'],
    ['src/.gitkeep', 'src/.gitkeep'],
    ['.gitignore', '.gitignore'],
    ['.github/workflows/x.yml', '.github/workflows/x.yml'],
  ])('%s means %s', async (path, expected) => {
    const place = await resolveInProject(project.door.root, path, project.door.files)
    expect(place).toEqual({ ok: true, value: { path: expected, absolute: project.at(expected) } })
    const absolute = await resolveInProject(project.door.root, project.at(path), project.door.files)
    expect(absolute).toEqual(place)
  })

  test.each([
    ['', 'invalid-hunk'],
    ['.', 'invalid-hunk'],
    ['a\0b', 'invalid-hunk'],
    ['..', 'outside-project'],
    ['../x', 'outside-project'],
    ['src/../../x', 'outside-project'],
    ['/etc/passwd', 'outside-project'],
    ['~/x', 'outside-project'],
    ['outer/x', 'outside-project'],
    ['outer', 'outside-project'],
    ['dangling', 'other'],
    ['loop', 'other'],
    ['loop/x', 'other'],
    ['src/a.ts/x', 'other'],
    [`${'n'.repeat(300)}/x`, 'other'],
    ['.git/config', 'protected-path'],
    ['sub/.git', 'protected-path'],
    ['.GIT/x', 'protected-path'],
    ['.git /x', 'protected-path'],
    ['git~1/x', 'protected-path'],
    ['.g\u200bit/config', 'protected-path'],
    ['innocent/config', 'protected-path'],
    ['.kode/kode.json', 'protected-path'],
    ['.koda/agents/x.md', 'protected-path'],
    ['pkg/.npmrc', 'protected-path'],
    ['pkg/.yarnrc', 'protected-path'],
    ['.cursor/rules/x.md', 'protected-path'],
  ])('%j is refused: %s', async (path, kind) => {
    const place = await resolveInProject(project.door.root, path, project.door.files)
    expect(place).toMatchObject({ ok: false, error: { kind } })
  })

  test('that is itself a link can be deleted; what it leads to stays', async () => {
    const read = readProposal('[{"file_path": "a-link.ts", "action": "DELETE_FILE"}]')
    const changes = read.ok ? await buildChangeSet(read.value, project.door) : read
    if (!changes.ok) throw new Error(changes.error[0]!.message)
    expect(await writeChanges(changes.value, project.door)).toMatchObject({ ok: true })
    expect(existsSync(project.at('a-link.ts'))).toBe(false)
    expect(project.text('src/a.ts')).toBe('old\n')
    await undo({}, project.door)
    expect(project.text('a-link.ts')).toBe('old\n')
  })
})

describe('a swap between check and use', () => {
  /** Files whose first call of `name` is preceded by something else happening on the disk. */
  function withSwapBefore(
    name: 'stage' | 'lstat' | 'read' | 'makeFolder' | 'syncFolder',
    swap: () => void,
  ): FileSystem {
    let isDone = false
    const wrap = (files: FileSystem): FileSystem => {
      const method = (...args: never[]) => {
        if (!isDone) swap()
        isDone = true
        return Reflect.apply(files[name], files, args)
      }
      return { ...files, [name]: method, confinedTo: root => wrap(files.confinedTo(root)) }
    }
    const files = nodeFiles()
    return { ...files, confinedTo: root => wrap(files.confinedTo(root)) }
  }

  test.each<[Parameters<typeof withSwapBefore>[0], string, object]>([
    ['lstat', 'a change', modify('dir/a.txt')],
    ['read', 'a change', modify('dir/a.txt')],
    ['stage', 'a change', modify('dir/a.txt')],
    ['lstat', 'a new file', create('dir/n.txt')],
    ['stage', 'a new file', create('dir/n.txt')],
    ['lstat', 'a deletion', { file_path: 'dir/a.txt', action: 'DELETE_FILE' }],
    ['read', 'a deletion', { file_path: 'dir/a.txt', action: 'DELETE_FILE' }],
    ['makeFolder', 'a new folder', create('dir/sub/n.txt')],
  ])('of a folder for a link, before %s of %s, leads nowhere', async (call, _, hunk) => {
    const outside = mkdtempSync(join(tmpdir(), 'kode-outside-'))
    writeFileSync(join(outside, 'a.txt'), 'old\n')
    project.put('dir/a.txt', 'old\n')
    const changes = await project.propose([hunk])
    const files = withSwapBefore(call, () => {
      renameSync(project.at('dir'), project.at('moved'))
      symlinkSync(outside, project.at('dir'))
    })
    const written = await writeChanges(changes, { ...project.door, files })
    expect(written.ok).toBe(false)
    expect(readdirSync(outside)).toEqual(['a.txt'])
    expect(readFileSync(join(outside, 'a.txt'), 'utf8')).toBe('old\n')
    rmSync(outside, { recursive: true })
  })

  test.each<[string, () => void, string]>([
    ['changed', () => project.put('a.txt', 'mine\n'), 'a.txt changed since it was read'],
    ['removed', () => unlinkSync(project.at('a.txt')), 'a.txt'],
    ['made a link', () => replaceByLink('a.txt'), 'a.txt changed'],
    ['made where a new one goes', () => project.put('n.txt', 'mine\n'), 'n.txt exists already'],
  ])('of a file that was %s after the check is noticed, and nothing is written', async (_, happen, message) => {
    project.put('a.txt', 'old\n')
    project.put('b.txt', 'old\n')
    const changes = await project.propose([modify('b.txt'), modify('a.txt'), create('n.txt')])
    const written = await writeChanges(changes, { ...project.door, files: withSwapBefore('stage', happen) })
    expect(written.ok ? '' : written.error.message).toContain(message)
    expect(project.text('b.txt')).toBe('old\n')
    expect(readdirSync(project.door.root).filter(name => name.startsWith('.kode'))).toEqual([])
  })

  test('of a file that was changed after the check is noticed before it is deleted', async () => {
    project.put('a.txt', 'old\n')
    project.put('b.txt', 'old\n')
    const changes = await project.propose([modify('b.txt'), { file_path: 'a.txt', action: 'DELETE_FILE' }])
    const files = withSwapBefore('stage', () => project.put('a.txt', 'mine\n'))
    const written = await writeChanges(changes, { ...project.door, files })
    expect(written.ok ? '' : written.error.message).toContain('a.txt changed since it was read')
    expect([project.text('a.txt'), project.text('b.txt')]).toEqual(['mine\n', 'old\n'])
  })

  test('is survived while somebody swaps all the time', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'kode-outside-'))
    project.put('dir/a.txt', 'old\n')
    const program = buildProgram(`
      import { renameSync, rmSync, symlinkSync } from 'node:fs'
      const [root, outside] = process.argv.slice(2)
      // The writer makes folders too, so each step may have to be tried again.
      const insist = step => {
        for (;;) {
          try {
            rmSync(root + '/dir', { recursive: true, force: true })
            return step()
          } catch {}
        }
      }
      for (const end = Date.now() + 1500; Date.now() < end; ) {
        renameSync(root + '/dir', root + '/kept')
        insist(() => symlinkSync(outside, root + '/dir'))
        insist(() => renameSync(root + '/kept', root + '/dir'))
      }`)
    const swapper = start(program, [project.door.root, outside])
    const end = ended(swapper)
    let isRunning = true
    void end.then(() => {
      isRunning = false
    })
    let tries = 0
    while (isRunning) {
      tries++
      await refusal([create(`dir/n${tries}.txt`), create(`dir/sub${tries}/n.txt`)])
    }
    expect(await end).toBe(0)
    expect(tries).toBeGreaterThan(5)
    expect(readdirSync(outside)).toEqual([])
    rmSync(outside, { recursive: true })
  })
})

describe('what cannot be written is a clear error, and the tree stays as it was', () => {
  test.each<[string, () => void, object[], string]>([
    ['a folder in the way', () => project.put('dir/x', ''), [create('dir')], 'folder'],
    [
      'a file where a folder is needed',
      () => project.put('file', ''),
      [create('file/x')],
      'below something that is no folder',
    ],
    ['a file that is read-only', () => putReadOnly('a.txt'), [create('b.txt'), modify('a.txt')], 'a.txt is read-only'],
    ['a name too long', () => undefined, [create('n'.repeat(256))], 'too long'],
    ['a path too long', () => undefined, [create(`${'long/'.repeat(900)}x`)], 'too long'],
    ['a FIFO', () => execFileSync('mkfifo', [project.at('pipe')]), [modify('pipe')], 'device, pipe or socket'],
    ['a link to a device', () => symlinkSync('/dev/zero', project.at('zero')), [modify('zero')], 'outside the project'],
    ['a file of 100 MB', () => putHuge('big'), [modify('big')], 'too large'],
    [
      'a new name that differs only in case',
      () => project.put('readme.md', ''),
      [create('README.md')],
      'only in upper and lower case',
    ],
    [
      'two new names that differ only in case',
      () => undefined,
      [create('a/X.ts'), create('a/x.ts')],
      'only in upper and lower case',
    ],
    [
      'one that fails among many',
      () => project.put('file', ''),
      [create('a/b/c.txt'), create('d.txt'), create('file/x')],
      'no folder',
    ],
  ])('%s', async (_, prepare, hunks, message) => {
    prepare()
    const before = project.tree()
    expect(await refusal(hunks)).toContain(message)
    expect(project.tree()).toEqual(before)
  })

  test('a name may change only in case', async () => {
    project.put('readme.md', 'old\n')
    await project.land([{ file_path: 'readme.md', action: 'RENAME', new_path: 'README.md' }])
    expect(readdirSync(project.door.root)).toEqual(['README.md'])
  })

  test('the old name is free before the new one is taken, for file systems that do not tell case apart', async () => {
    project.put('readme.md', 'old\n')
    const changes = await project.propose([{ file_path: 'readme.md', action: 'RENAME', new_path: 'README.md' }])
    const calls: string[] = []
    const recording = (files: FileSystem): FileSystem => ({
      ...files,
      confinedTo: root => recording(files.confinedTo(root)),
      remove: (path, recursive) => {
        calls.push(`remove ${basename(path)}`)
        return files.remove(path, recursive)
      },
      async stage(path, bytes, options) {
        const staged = await files.stage(path, bytes, options)
        if (!staged.ok) return staged
        const { commit, discard } = staged.value
        const noted = (expected?: string) => {
          calls.push(`place ${basename(path)}`)
          return commit(expected)
        }
        return { ok: true, value: { commit: noted, discard } }
      },
    })
    const files = recording(nodeFiles())
    expect(await writeChanges(changes, { ...project.door, files })).toMatchObject({ ok: true })
    const ofProject = calls.filter(call => /readme/i.test(call))
    expect(ofProject).toEqual(['remove readme.md', 'place README.md'])
  })

  const canMount = spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0
  test.skipIf(!canMount)('a full disk: nothing is half written, and it works again once there is room', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'kode-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', mount])
    try {
      const full = testProject(mount)
      full.door.journalFolder = project.door.journalFolder
      for (const path of ['a.txt', 'b.txt', 'c.txt']) full.put(path, `old\n${'x'.repeat(50_000)}`)
      const before = full.tree()
      const hunks = ['a.txt', 'b.txt', 'c.txt'].map(path => ({ ...modify(path), new_text: `new${'y'.repeat(60_000)}` }))
      full.put('filler', 'f'.repeat(150_000))
      expect(await refusal(hunks, full)).toContain('no space left on the disk')
      unlinkSync(full.at('filler'))
      expect(full.tree()).toEqual(before)
      // … and with the journal on the full disk.
      full.door.journalFolder = join(dirname(full.door.root), 'journal')
      full.put('filler', 'f'.repeat(200_000))
      expect(await refusal(hunks, full)).toContain('no space left on the disk')
      unlinkSync(full.at('filler'))
      expect(full.tree()).toEqual(before)
      expect(await refusal([modify('a.txt')], full)).toBe('written')
    } finally {
      execFileSync('umount', [mount])
    }
  })

  test.skipIf(!canMount)('a read-only file system', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'kode-ro-'))
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mount])
    try {
      const readOnly = testProject(mount)
      readOnly.door.journalFolder = project.door.journalFolder
      readOnly.put('a.txt', 'old\n')
      execFileSync('mount', ['-o', 'remount,ro', mount])
      expect(await refusal([modify('a.txt')], readOnly)).toContain('read-only')
      expect(readOnly.text('a.txt')).toBe('old\n')
    } finally {
      execFileSync('umount', [mount])
    }
  })

  test.skipIf(process.getuid?.() !== 0)('a folder that belongs to somebody else', async () => {
    project.put('closed/a.txt', 'old\n')
    project.put('open/a.txt', 'old\n')
    const changes = await project.propose([modify('open/a.txt'), modify('closed/a.txt')])
    execFileSync('chown', ['-R', 'nobody', dirname(project.door.root)])
    execFileSync('chown', ['root', project.at('closed')])
    chmodSync(dirname(project.door.root), 0o755)
    const program = buildProgram(`
      import { writeChanges } from '#shared/edits/write'
      import { nodeFiles } from '#shared/host/node/files'
      const [root, journalFolder, changes] = process.argv.slice(2)
      const written = await writeChanges(JSON.parse(changes), { root, journalFolder, files: nodeFiles(), now: () => 0 })
      console.log(written.ok ? 'written' : written.error.message)`)
    chmodSync(dirname(program), 0o755)
    const uid = Number(execFileSync('id', ['-u', 'nobody']).toString())
    const args = [program, project.door.root, project.door.journalFolder, JSON.stringify(changes satisfies ChangeSet)]
    const printed = execFileSync(process.execPath, args, { uid, gid: uid }).toString()
    expect(printed).toBe('closed/a.txt: permission denied.\n')
    expect(project.text('open/a.txt')).toBe('old\n')
    expect(readdirSync(project.at('open'))).toEqual(['a.txt'])
  })

  test('a thousand files land and are undone', async () => {
    const before = project.tree()
    await project.land(Array.from({ length: 1000 }, (_, index) => create(`d${index % 50}/f${index}.txt`)))
    expect(Object.keys(project.tree())).toHaveLength(1050)
    expect(await undo({}, project.door)).toMatchObject({ ok: true, value: { kept: [] } })
    expect(project.tree()).toEqual(before)
  }, 60_000)
})

describe('a written file', () => {
  test('keeps its mode and owner, and loses no link to it', async () => {
    project.put('a.txt', 'old\n')
    chmodSync(project.at('a.txt'), 0o640)
    if (process.getuid?.() === 0) execFileSync('chown', ['nobody', project.at('a.txt')])
    const before = statSync(project.at('a.txt'))
    linkSync(project.at('a.txt'), project.at('hard.txt'))
    await project.land([modify('a.txt')])
    const after = statSync(project.at('a.txt'))
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid])
    // Package managers share files between projects by hard links; those must not change with ours.
    expect(project.text('hard.txt')).toBe('old\n')
  })

  test('through a link in the project changes what the link leads to', async () => {
    project.put('real/a.txt', 'old\n')
    symlinkSync('real/a.txt', project.at('link.txt'))
    await project.land([modify('link.txt')])
    expect(project.text('real/a.txt')).toBe('new\n')
    expect(project.tree()['link.txt']).toBe('link real/a.txt')
  })
})

describe('several processes', () => {
  test('write in one project at the same time; every change lands and is on record', async () => {
    const program = buildProgram(`
      import { writeChanges } from '#shared/edits/write'
      import { nodeFiles } from '#shared/host/node/files'
      const [root, journalFolder, name] = process.argv.slice(2)
      for (let index = 0; index < 15; index++) {
        const file = { path: name + '/' + index + '.txt', kind: 'create', after: name, hunkIds: [] }
        const cause = { turnId: name + index, title: '' }
        const written = await writeChanges({ id: '', files: [file] }, { root, journalFolder, files: nodeFiles(), now: () => 0 }, cause)
        if (!written.ok) throw new Error(written.error.message)
      }`)
    const writers = ['a', 'b', 'c', 'd'].map(name =>
      ended(start(program, [project.door.root, project.door.journalFolder, name])),
    )
    expect(await Promise.all(writers)).toEqual([0, 0, 0, 0])
    const turns = await listTurns(project.door)
    expect(turns.ok && turns.value.map(turn => turn.turn)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
    expect(await undo({ turn: 1 }, project.door)).toMatchObject({ ok: true, value: { files: { length: 60 } } })
    expect(project.tree()).toEqual({})
  })
})

describe('a fresh start after a crash', () => {
  test('leaves alone what somebody changed meanwhile, and never gets stuck on it', async () => {
    project.put('a.txt', 'old\n')
    project.put('b.txt', 'old\n')
    const program = buildProgram(`
      import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      import { writeChanges } from '#shared/edits/write'
      import { nodeFiles } from '#shared/host/node/files'
      const [root, journalFolder, changes] = process.argv.slice(2)
      const rename = fs.renameSync
      // Dies after the first workspace file is in place.
      fs.renameSync = (from, to) => {
        rename(from, to)
        if (String(to).endsWith('a.txt')) process.kill(process.pid, 'SIGKILL')
      }
      syncBuiltinESMExports()
      await writeChanges(JSON.parse(changes), { root, journalFolder, files: nodeFiles(), now: () => 0 })`)
    const changes = await project.propose([modify('a.txt'), modify('b.txt')])
    expect(await ended(start(program, [project.door.root, project.door.journalFolder, JSON.stringify(changes)]))).toBe(
      'SIGKILL',
    )
    expect([project.text('a.txt'), project.text('b.txt')]).toEqual(['new\n', 'old\n'])
    project.put('b.txt', 'mine\n')
    const repaired = await recoverInterrupted(project.door)
    expect(repaired).toMatchObject({ ok: true, value: [{ outcome: 'old', wasMidWay: true, kept: ['b.txt'] }] })
    expect([project.text('a.txt'), project.text('b.txt')]).toEqual(['old\n', 'mine\n'])
    expect(await recoverInterrupted(project.door)).toEqual({ ok: true, value: [] })
  })
})
