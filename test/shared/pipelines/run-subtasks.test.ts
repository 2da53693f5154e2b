import { expect, test } from 'vitest'
import { runSubtasks } from '#shared/pipelines/support/run-subtasks'
import type { Subtask } from '#shared/pipelines/support/subtasks'

const subtask = (id: string, ...depends: string[]): Subtask => ({ id, agent: 'main', title: id, depends, prompt: id })

test('each begins when what it needs is done, wherever that stands, and results come in the order given', async () => {
  const began: string[] = []
  const subtasks = [subtask('c', 'b', 'a'), subtask('a'), subtask('b', 'a')]
  const ends = await runSubtasks(
    subtasks,
    async ({ id }, needed) => {
      began.push(id)
      return { status: 'done', text: `${id}(${needed.map(each => each.text).join()})` }
    },
    () => undefined,
  )
  expect(began).toEqual(['a', 'b', 'c'])
  expect(ends.map(end => end.status === 'done' && end.text)).toEqual(['c(b(a()),a())', 'a()', 'b(a())'])
})

test('three work at once, and no more', async () => {
  let [now, most] = [0, 0]
  const subtasks = Array.from({ length: 7 }, (_, at) => subtask(`${at}`))
  await runSubtasks(
    subtasks,
    async () => {
      most = Math.max(most, ++now)
      await new Promise(resolve => setTimeout(resolve, 5))
      now--
      return { status: 'done', text: '' }
    },
    () => undefined,
  )
  expect(most).toBe(3)
})

test.each<[string, Subtask[], string[]]>([
  [
    'who needs a failed one',
    [subtask('bad'), subtask('2', 'bad'), subtask('3', '2')],
    ['failed: broken', 'skipped: it needs subtask bad, which failed', 'skipped: it needs subtask 2, which was skipped'],
  ],
  ['who needs what is not there', [subtask('1', '7')], ['skipped: it needs subtask 7, which there is not']],
  [
    'a circle, and who waits for it',
    [subtask('1', '2'), subtask('2', '1'), subtask('3', '1')],
    [
      'skipped: it, or what it needs, waits for itself',
      'skipped: it, or what it needs, waits for itself',
      'skipped: it, or what it needs, waits for itself',
    ],
  ],
])('%s is skipped, once, and that is told', async (_, subtasks, expected) => {
  const told: string[] = []
  const ends = await runSubtasks(
    subtasks,
    async ({ id }) =>
      id === 'bad' ? { status: 'failed', reason: 'broken', exitCode: 1 } : { status: 'done', text: '' },
    ({ id }) => told.push(id),
  )
  expect(ends.map(end => (end.status === 'done' ? 'done' : `${end.status}: ${end.reason}`))).toEqual(expected)
  expect(told).toHaveLength(expected.filter(each => each.startsWith('skipped')).length)
})
