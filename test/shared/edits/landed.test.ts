import { beforeEach, describe, expect, test } from 'vitest'
import { undo } from '#shared/edits/checkpoint'
import { landedTexts } from '#shared/edits/landed'
import { type TestProject, testProject } from './support/project'

let project: TestProject
beforeEach(() => {
  project = testProject()
  project.put('a.txt', '0\n')
})

async function landed(turnId: string) {
  const texts = await landedTexts(turnId, project.door)
  if (!texts.ok) throw new Error(texts.error.message)
  return texts.value
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
})
