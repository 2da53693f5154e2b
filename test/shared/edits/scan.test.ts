import { execFileSync } from 'node:child_process'
import { beforeEach, describe, expect, test } from 'vitest'
import { undo } from '#shared/edits/checkpoint'
import { WorkspaceScanner } from '#shared/edits/scan'
import { buildProgram, ended, start } from './support/own-process'
import { type TestProject, testProject } from './support/project'

let project: TestProject
let scanner: WorkspaceScanner
beforeEach(() => {
  project = testProject()
  scanner = new WorkspaceScanner(project.door)
})

const shell = (command: string) => execFileSync('sh', ['-c', command], { cwd: project.door.root })

async function run(command: () => unknown, turnId = 't1') {
  const watch = await scanner.begin({ turnId, title: turnId })
  if (!watch.ok) throw new Error(watch.error.message)
  await command()
  const changes = await watch.value.finish()
  if (!changes.ok) throw new Error(changes.error.message)
  return changes.value
}

describe('what a command changes', () => {
  test('is found, shown and undone: contents, new files, removed folders, modes, links', async () => {
    project.put('a.txt', 'one\n')
    project.put('src/deep/b.txt', 'bee\n')
    project.put('run.sh', '#!/bin/sh\n')
    project.put('empty.txt', '')
    project.put('full.txt', 'text\n')
    const before = project.tree()
    const changes = await run(() =>
      shell(`echo two >> a.txt; rm -r src; mkdir new; echo x > new/x.txt; chmod +x run.sh
             ln -s a.txt link; rm empty.txt; : > full.txt`),
    )
    expect(changes.files.map(file => `${file.status} ${file.path}`).sort()).toEqual([
      'created link',
      'created new/x.txt',
      'deleted empty.txt',
      'deleted src/deep/b.txt',
      'modified a.txt',
      'modified full.txt',
      'modified run.sh',
    ])
    expect(changes.files.find(file => file.path === 'a.txt')!.diff).toContain('\n one\n+two\n')
    expect(changes.files.find(file => file.path === 'run.sh')!.diff).toContain('new mode 100755')
    const undone = await undo({}, project.door)
    expect(undone).toMatchObject({ ok: true, value: { kept: [], turns: [{ turn: changes.turn }] } })
    expect(project.tree()).toEqual(before)
  })

  test('is undone where files have several names, old or new', async () => {
    project.put('a.txt', 'one\n')
    shell('ln a.txt b.txt')
    const before = project.tree()
    await run(() => shell('echo two >> a.txt; echo x > c.txt; ln c.txt d.txt; ln c.txt e.txt'))
    expect(await undo({}, project.door)).toMatchObject({ ok: true, value: { kept: [] } })
    expect(project.tree()).toEqual(before)
  })

  test('is found in a large project too, which is never in memory as a whole', async () => {
    shell('for i in $(seq 5000); do echo $i > f$i; done')
    const together: number[] = []
    const { files } = project.door
    const readMany: typeof files.readMany = (paths, maxBytes, take) => {
      together.push(paths.length)
      return files.readMany(paths, maxBytes, take)
    }
    scanner = new WorkspaceScanner({ ...project.door, files: { ...files, readMany } })
    const changes = await run(() => shell('echo new > f4711'))
    expect(changes.files).toMatchObject([{ path: 'f4711', status: 'modified', isUndoable: true }])
    expect(Math.max(...together)).toBeLessThanOrEqual(2_000)
    expect(together.reduce((sum, count) => sum + count, 0)).toBe(5_001)
  })

  test.each([
    ['an ignored file', '*.log', 'echo x > a.log'],
    ['a file below an ignored folder', 'dist/', 'mkdir -p dist/deep && echo x > dist/deep/a'],
    ['git itself', '', 'git init -q .'],
    ['installed packages', '', 'mkdir -p node_modules/x && echo x > node_modules/x/i.js'],
    ['a mere touch', '', 'touch kept.txt'],
  ])('leaves out %s', async (_, rules, command) => {
    project.put('.gitignore', rules)
    project.put('kept.txt', 'kept\n')
    expect((await run(() => shell(command))).files).toEqual([])
  })

  test.each([
    ['!keep.log in the same file', '.gitignore', '*.log\n!keep.log\n', 'keep.log'],
    ['a deeper .gitignore', 'sub/.gitignore', '!deep.log\n', 'sub/deep.log'],
  ])('counts a file brought back by %s', async (_, rulePath, rules, path) => {
    project.put('.gitignore', '*.log\n')
    project.put(rulePath, rules)
    project.put('sub/other.txt', '')
    expect((await run(() => shell(`echo x > ${path}`))).files.map(file => file.path)).toEqual([path])
  })

  test('is found in an empty project', async () => {
    const changes = await run(() => shell('echo x > first.txt'))
    expect(changes.files.map(file => `${file.status} ${file.path}`)).toEqual(['created first.txt'])
    await undo({}, project.door)
    expect(project.tree()).toEqual({})
  })

  test('is found in nested repositories and worktrees too, without touching git', async () => {
    const git = 'git -c user.name=t -c user.email=t@t'
    project.put('a.txt', 'a\n')
    shell(
      `${git} init -q . && ${git} add . && ${git} commit -qm x && ${git} worktree add -q tree && ${git} init -q inner`,
    )
    const state = () =>
      shell(`${git} status --porcelain; ${git} stash list; ${git} rev-parse HEAD; cat .git/index | cksum`).toString()
    await run(() => undefined, 't0')
    const before = state()
    const changes = await run(() => shell('echo b >> tree/a.txt; echo x > inner/x.txt'))
    expect(changes.files.map(file => file.path).sort()).toEqual(['inner/x.txt', 'tree/a.txt'])
    await undo({}, project.door)
    expect(project.text('tree/a.txt')).toBe('a\n')
    expect(state()).toBe(before)
  })

  test('does not hold what was ignored until now for new', async () => {
    project.put('.gitignore', '*.log\n')
    project.put('old.log', 'precious\n')
    const changes = await run(() => shell('echo > .gitignore; echo x > new.txt'))
    expect(changes.files.map(file => file.path).sort()).toEqual(['.gitignore', 'new.txt'])
  })

  test('does not hold what is ignored from now on for removed', async () => {
    project.put('a.log', 'here\n')
    const changes = await run(() => shell('echo "*.log" > .gitignore'))
    expect(changes.files.map(file => file.path)).toEqual(['.gitignore'])
  })

  test('leaves out what the user did before, and what kode wrote meanwhile', async () => {
    project.put('mine.txt', 'one\n')
    project.put('kode.txt', 'one\n')
    await run(() => undefined)
    project.put('mine.txt', 'two\n')
    const changes = await run(async () => {
      await project.land([{ file_path: 'kode.txt', action: 'MODIFY', anchor_text: 'one', new_text: 'two' }])
      shell('echo x > shell.txt')
    }, 't2')
    expect(changes.files.map(file => file.path)).toEqual(['shell.txt'])
  })

  test('is told to the command that ran, when two run at once', async () => {
    project.put('a.txt', 'one\n')
    const first = await scanner.begin({ turnId: 'first', title: '' })
    shell('echo x > by-first.txt')
    const second = await scanner.begin({ turnId: 'second', title: '' })
    shell('echo x > by-second.txt')
    if (!first.ok || !second.ok) throw new Error('cannot begin')
    const [bySecond, byFirst] = [await second.value.finish(), await first.value.finish()]
    expect(bySecond.ok && bySecond.value.files.map(file => file.path)).toEqual(['by-second.txt'])
    expect(byFirst.ok && byFirst.value.files.map(file => file.path)).toEqual(['by-first.txt'])
  })

  test('is found by the next process when a crash ended the first', async () => {
    project.put('a.txt', 'one\n')
    const program = buildProgram(`
      import { writeFileSync } from 'node:fs'
      import { WorkspaceScanner } from '#shared/edits/scan'
      import { nodeFiles } from '#shared/host/node/files'
      const [root, journalFolder] = process.argv.slice(2)
      const scanner = new WorkspaceScanner({ root, journalFolder, files: nodeFiles(), now: () => 0 })
      await scanner.begin({ turnId: 'crashed', title: 'the crashed one' })
      writeFileSync(root + '/a.txt', 'two\\n')
      process.kill(process.pid, 'SIGKILL')`)
    expect(await ended(start(program, [project.door.root, project.door.journalFolder]))).toBe('SIGKILL')

    const watch = await scanner.begin({ turnId: 'next', title: '' })
    expect(watch).toMatchObject({ ok: true, value: { leftBehind: { turn: 1, files: [{ path: 'a.txt' }] } } })
    await undo({}, project.door)
    expect(project.text('a.txt')).toBe('one\n')
  })

  test('is found by the next process wherever a crash ends the look', async () => {
    const program = buildProgram(`
      import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
      import { WorkspaceScanner } from '#shared/edits/scan'
      import { nodeFiles } from '#shared/host/node/files'
      import { dieAtCall } from './test/kill/die-at-call'
      const [root, journalFolder, call] = process.argv.slice(2)
      const scanner = new WorkspaceScanner({ root, journalFolder, files: nodeFiles(), now: () => 0 })
      const watch = await scanner.begin({ turnId: 'crashed', title: 'the crashed one' })
      writeFileSync(root + '/a.txt', 'two\\n')
      rmSync(root + '/gone.txt')
      mkdirSync(root + '/out')
      writeFileSync(root + '/out/new.txt', 'new\\n')
      dieAtCall(Number(call))
      await watch.value.finish()`)
    let end: string | number | null = 'SIGKILL'
    let calls = 0
    for (; end === 'SIGKILL'; calls++) {
      project = testProject()
      project.put('a.txt', 'one\n')
      project.put('gone.txt', 'here\n')
      const before = project.tree()
      end = await ended(start(program, [project.door.root, project.door.journalFolder, String(calls + 1)]))
      const next = await new WorkspaceScanner(project.door).begin({ turnId: 'next', title: '' })
      expect(next.ok).toBe(true)
      await undo({}, project.door)
      expect(project.tree(), `killed at call ${calls + 1}`).toEqual(before)
    }
    expect(calls).toBeGreaterThan(20)
  })
})

describe('what a command changes in the background, after its call has returned,', () => {
  const cause = { turnId: 't1', title: 't1' }

  async function beginBeside(isAlone = false) {
    const watch = await scanner.beginBeside(cause, 'npm run gen', isAlone)
    if (!watch.ok) throw new Error(watch.error.message)
    return watch.value
  }

  beforeEach(async () => {
    project.put('a.txt', 'one\n')
    await run(() => undefined, 't0')
  })

  test('is undone with the turn, when it ends in it', async () => {
    const beside = await beginBeside()
    shell('echo two > a.txt')
    expect(await beside.finish()).toMatchObject({ ok: true, value: { files: [{ path: 'a.txt' }], turn: 1 } })
    expect(await undo({}, project.door)).toMatchObject({ ok: true, value: { kept: [] } })
    expect(project.text('a.txt')).toBe('one\n')
  })

  test('is undone with the turn, when the turn ends first', async () => {
    const beside = await beginBeside()
    shell('echo two > a.txt')
    await scanner.endTurn('t1')
    expect(await undo({}, project.door)).toMatchObject({ ok: true, value: { kept: [] } })
    expect(project.text('a.txt')).toBe('one\n')
    await beside.finish()
  })

  test.each([
    ['is kept and listed with a diff', false, 'two\n'],
    ['is undone where nobody else works', true, 'one\n'],
  ])('when the turn is over, %s', async (_, isAlone, expected) => {
    const beside = await beginBeside(isAlone)
    await scanner.endTurn('t1')
    shell('echo two > a.txt')
    expect(await beside.finish()).toMatchObject({ ok: true, value: { files: [{ path: 'a.txt' }] } })
    const undone = await undo({}, project.door)
    expect(project.text('a.txt')).toBe(expected)
    if (isAlone || !undone.ok) return
    expect(undone.value.kept[0]?.reason).toBe(
      'it changed while "npm run gen" ran in the background; that may have been you',
    )
    expect(undone.value.kept[0]?.diff).toContain('a.txt')
    await undo({ force: true }, project.door)
    expect(project.text('a.txt')).toBe('one\n')
  })

  test('is not taken for the work of the next turn’s command', async () => {
    await beginBeside()
    await scanner.endTurn('t1')
    shell('echo two > a.txt')
    const changes = await run(() => shell('echo x > b.txt'), 't2')
    expect(changes.files.map(file => file.path)).toEqual(['b.txt'])
  })

  test('is found by the next process when a crash ended the first', async () => {
    const program = buildProgram(`
      import { writeFileSync } from 'node:fs'
      import { WorkspaceScanner } from '#shared/edits/scan'
      import { nodeFiles } from '#shared/host/node/files'
      const [root, journalFolder] = process.argv.slice(2)
      const scanner = new WorkspaceScanner({ root, journalFolder, files: nodeFiles(), now: () => 0 })
      const call = await scanner.begin({ turnId: 'crashed', title: '' })
      await scanner.beginBeside({ turnId: 'crashed', title: '' }, 'npm run gen', false)
      await call.value.finish()
      writeFileSync(root + '/a.txt', 'two\\n')
      process.kill(process.pid, 'SIGKILL')`)
    expect(await ended(start(program, [project.door.root, project.door.journalFolder]))).toBe('SIGKILL')
    const watch = await new WorkspaceScanner(project.door).begin({ turnId: 'next', title: '' })
    expect(watch).toMatchObject({ ok: true, value: { leftBehind: { files: [{ path: 'a.txt' }] } } })
    await undo({}, project.door)
    expect(project.text('a.txt')).toBe('one\n')
  })
})
