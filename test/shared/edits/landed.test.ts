import { chmodSync, rmSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { undo } from '#shared/edits/checkpoint'
import { landedBytes, landedFiles } from '#shared/edits/landed'
import { WorkspaceScanner } from '#shared/edits/scan'
import { hashOf } from '#shared/edits/text-file'
import { type TestProject, testProject } from './support/project'

let project: TestProject
beforeEach(() => {
  project = testProject()
  project.put('a.txt', '0\n')
})

async function landed(...turnIds: string[]) {
  const files = await landedFiles(turnIds, project.door)
  if (!files.ok) throw new Error(files.error.message)
  return files.value
}

/** As a command changes files: with any bytes. */
async function command(turnId: string, work: () => void): Promise<void> {
  const watch = await new WorkspaceScanner(project.door).begin({ turnId, title: turnId })
  if (!watch.ok) throw new Error(watch.error.message)
  work()
  const changes = await watch.value.finish()
  if (!changes.ok) throw new Error(changes.error.message)
}

const change = (from: string, to: string, turnId: string) =>
  project.land([{ file_path: 'a.txt', action: 'MODIFY', anchor_text: from, new_text: to }], turnId)

describe('what a turn landed', () => {
  test('is one text a file, from before its first change to after its last', async () => {
    await change('0', '1', 'earlier')
    await change('1', '2', 'turn')
    await project.land([{ file_path: 'new.txt', action: 'CREATE', new_text: 'new\n' }], 'turn')
    await change('2', '3', 'turn')
    await change('3', '4', 'later')
    expect(await landed('turn')).toEqual([
      { path: 'a.txt', before: '1\n', after: '3\n' },
      { path: 'new.txt', after: 'new\n' },
    ])
    expect(await landed('no such turn')).toEqual([])
  })

  test('is not told where it was taken back, or never was in the end', async () => {
    await project.land([{ file_path: 'new.txt', action: 'CREATE', new_text: 'new\n' }], 'turn')
    await change('0', '1', 'turn')
    await undo({ turnIds: ['turn'], paths: ['new.txt'] }, project.door)
    expect(await landed('turn')).toEqual([{ path: 'a.txt', before: '0\n', after: '1\n' }])
    await change('1', '0', 'turn')
    expect(await landed('turn')).toEqual([])
  })

  test('of several turns is their sum', async () => {
    await change('0', '1', 'first')
    await change('1', '2', 'second')
    expect(await landed('first', 'second')).toEqual([{ path: 'a.txt', before: '0\n', after: '2\n' }])
  })
})

describe('of a file that is no text', () => {
  const image = (fill: number) => Buffer.from([0x89, 0x50, 0x00, 0xff, fill])
  const side = (bytes: Uint8Array) => ({ sha256: hashOf(bytes), size: bytes.length })

  test('both sides are told by their hashes, and their bytes are kept', async () => {
    project.put('changed.png', image(1))
    project.put('gone.png', image(2))
    project.put('a.txt', 'text before\n')
    await command('turn', () => {
      project.put('changed.png', image(3))
      project.put('new.png', image(4))
      rmSync(project.at('gone.png'))
      project.put('a.txt', image(5))
    })
    await command('later', () => project.put('changed.png', image(6)))
    const files = new Map((await landed('turn')).map(({ path, ...file }) => [path, file]))
    expect(Object.fromEntries(files)).toEqual({
      'changed.png': { binary: { before: side(image(1)), after: side(image(3)) } },
      'gone.png': { binary: { before: side(image(2)) } },
      'new.png': { binary: { after: side(image(4)) } },
      'a.txt': { binary: { before: side(Buffer.from('text before\n')), after: side(image(5)) } },
    })
    const bytes = async (path: string) => landedBytes(['turn', 'later'], path, project.door)
    expect(await bytes('changed.png')).toEqual({ ok: true, value: { before: image(1), after: image(6) } })
    expect(await bytes('new.png')).toEqual({ ok: true, value: { after: image(4) } })
  })

  test('its bytes are found without a look at the contents of other files', async () => {
    project.put('a.png', image(1))
    await command('turn', () => project.put('a.png', image(2)))
    await command('turn', () => project.put('b.png', image(3)))
    const read: string[] = []
    const files = Object.assign(Object.create(project.door.files), {
      read: (path: string) => {
        read.push(path)
        return project.door.files.read(path)
      },
    })
    expect(await landedBytes(['turn'], 'a.png', { ...project.door, files })).toEqual({
      ok: true,
      value: { before: image(1), after: image(2) },
    })
    expect(read.filter(path => path.endsWith('.blobs'))).toHaveLength(1)
  })

  test('nothing is told where only its permissions changed', async () => {
    project.put('tool.bin', image(1))
    await command('turn', () => chmodSync(project.at('tool.bin'), 0o755))
    expect(await landed('turn')).toEqual([])
  })
})
