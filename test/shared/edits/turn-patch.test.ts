import { beforeEach, expect, test } from 'vitest'
import { undo } from '#shared/edits/checkpoint'
import { patchOfTurns } from '#shared/edits/turn-patch'
import { type TestProject, testProject } from './support/project'

let project: TestProject
beforeEach(() => {
  project = testProject()
  project.put('a.txt', '0\n')
})

const change = (from: string, to: string, turnId: string) =>
  project.land([{ file_path: 'a.txt', action: 'MODIFY', anchor_text: from, new_text: to }], turnId)

async function patchOf(...turnIds: string[]): Promise<string> {
  const patch = await patchOfTurns(turnIds, project.door)
  if (!patch.ok) throw new Error(patch.error.message)
  return patch.value.text
}

test('the patch of turns is their net change', async () => {
  await change('0', '1', 'older')
  await change('1', '2', 'newer')
  expect(await patchOf('older')).toContain('-0\n+1\n')
  expect(await patchOf('older', 'newer')).toContain('-0\n+2\n')
})

test('what an undo over several turns took back is in the patch of none of them', async () => {
  await change('0', '1', 'older')
  await change('1', '2', 'newer')
  await undo({ turnIds: ['older', 'newer'] }, project.door)
  expect([await patchOf('older'), await patchOf('newer'), await patchOf('older', 'newer')]).toEqual(['', '', ''])
})
