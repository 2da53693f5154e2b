import { expect, test } from 'vitest'
import type { GateReport } from '#shared/protocol/gate-report'
import { Proposals } from '../../extension/proposals'
import { ReviewRows, rowId } from '../../extension/review-rows'

function waiting(...ids: string[]) {
  const proposals = new Proposals()
  const rows = new ReviewRows()
  const add = (id: string) =>
    proposals.add({ id, title: id, files: [{ path: 'x', before: 'a\n', after: 'b\n' }] }, '/p')
  for (const id of ids) add(id)
  rows.update(proposals.all)
  return { proposals, rows, add, update: () => rows.update(proposals.all) }
}

const FAILED: GateReport = {
  status: 'FAIL',
  results: [{ check_name: 'calls', status: 'FAIL', message: '', duration_ms: 0, findings: [] }],
  duration_ms: 0,
}

test('a row stays the same and where it stands when its file is decided', () => {
  const { proposals, rows, update } = waiting('one', 'two')
  const [one, two] = rows.all
  proposals.reject('one', 'x')
  expect(update()).toBe(false)
  expect(rows.all.map((row, index) => row === [one, two][index])).toEqual([true, true])
  expect(rows.all[0]?.file.decision).toBe('rejected')
})

test('a row stays the same and tells what is new when its proposal is put there again', () => {
  const { proposals, rows, update } = waiting('one')
  const [one] = rows.all
  const again = proposals.get('one')!
  proposals.restore({ ...again, files: again.files.map(file => ({ ...file, after: 'c\n' })) })
  expect(update()).toBe(false)
  expect(rows.all[0]).toBe(one)
  expect(one?.file.after).toBe('c\n')
})

test('rows have moved when one comes, goes or fails', () => {
  const { proposals, rows, add, update } = waiting('one', 'two')
  add('three')
  expect(update()).toBe(true)
  proposals.setGates('three', FAILED)
  expect(update()).toBe(true)
  expect(rows.all.map(rowId)).toEqual(['three/x', 'one/x', 'two/x'])
  proposals.remove('one')
  expect(update()).toBe(true)
  expect(rows.all.map(rowId)).toEqual(['three/x', 'two/x'])
})
