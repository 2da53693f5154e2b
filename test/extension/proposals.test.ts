import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ApprovalRequest } from '#shared/protocol/approvals'
import { Approvals } from '../../extension/host/approvals'
import { hunksBetween, withoutHunk } from '../../extension/hunks'
import { Proposals } from '../../extension/proposals'
import { rebaseText } from '../../extension/rebase'

const BEFORE = 'a\nb\nc\nd\ne\nf\ng\nh\n'
const AFTER = 'A\nb\nc\nD\ne\nf\ng\nH\n'

function request(files: NonNullable<ApprovalRequest['files']>, id = 'p'): ApprovalRequest {
  const effect = {
    class: 'local_mutation' as const,
    programs: [],
    reads: [],
    writes: [],
    network: [],
    outside_project: [],
  }
  return { id, call_id: 'c', tool: 'Edit', title: 'x', effect, reason: '', files }
}

function ask(files: NonNullable<ApprovalRequest['files']>) {
  const proposals = new Proposals()
  const approvals = new Approvals(proposals)
  const controller = new AbortController()
  const answer = approvals.approve(request(files), '/project', controller.signal)
  return { proposals, approvals, answer, stop: () => controller.abort() }
}

/** The key of the hunk that stands at that place now. */
function keyOf(proposals: Proposals, index: number): string {
  return proposals.hunks('p', 'x')[index]?.key ?? 'none'
}

describe('hunks', () => {
  test('taking every hunk out of a text gives back the text before, in any order', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    const text = fc
      .tuple(lines, fc.boolean())
      .map(([all, ends]) => all.join('\n') + (ends && all.length > 0 ? '\n' : ''))
    fc.assert(
      fc.property(text, text, fc.nat(), (before, after, seed) => {
        let now = after
        for (let left = hunksBetween(before, after).length; left > 0; left--) {
          const hunks = hunksBetween(before, now)
          const hunk = hunks[seed % hunks.length]
          if (hunk) now = withoutHunk(now, hunk)
        }
        expect(now).toBe(before)
      }),
    )
  })
})

describe('a proposal', () => {
  test('accepted as it is, is approved', async () => {
    const { proposals, answer } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    proposals.accept('p', 'x')
    expect(await answer).toEqual({ kind: 'approve' })
    expect(proposals.all).toEqual([])
  })

  test('rejected, is rejected', async () => {
    const { proposals, answer } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    proposals.reject('p', 'x')
    expect(await answer).toEqual({ kind: 'reject' })
  })

  test('of which one hunk is rejected and the others are accepted, lands with the others', async () => {
    const { proposals, answer } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    proposals.acceptHunk('p', 'x', keyOf(proposals, 0))
    proposals.rejectHunk('p', 'x', keyOf(proposals, 1))
    expect(proposals.hunks('p', 'x').map(each => each.isAccepted)).toEqual([true, false])
    proposals.acceptHunk('p', 'x', keyOf(proposals, 1))
    expect(await answer).toEqual({ kind: 'edited', files: [{ path: 'x', after: 'A\nb\nc\nd\ne\nf\ng\nH\n' }] })
  })

  test('loses exactly the hunk the user saw, also when the editor shows it where another one was', () => {
    const { proposals } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    const seen = proposals.hunks('p', 'x').map(each => each.key)
    proposals.rejectHunk('p', 'x', seen[0] ?? '')
    proposals.rejectHunk('p', 'x', seen[0] ?? '')
    proposals.rejectHunk('p', 'x', seen[1] ?? '')
    expect(proposals.file('p', 'x')?.after).toBe('a\nb\nc\nd\ne\nf\ng\nH\n')
  })

  test('of which every hunk is rejected, is rejected', async () => {
    const { proposals, answer } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    for (let index = 0; index < 3; index++) proposals.rejectHunk('p', 'x', keyOf(proposals, 0))
    expect(await answer).toEqual({ kind: 'reject' })
  })

  test('edited by the user lands as edited, and is not asked about a second time once judged', async () => {
    const { proposals, approvals, answer } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    proposals.edit('p', 'x', 'mine\n')
    approvals.answer('p', { kind: 'approve' })
    expect(await answer).toEqual({ kind: 'edited', files: [{ path: 'x', after: 'mine\n' }] })
    const signal = new AbortController().signal
    const again = request([{ path: 'x', before: BEFORE, after: 'mine\n' }], 'p2')
    expect(await approvals.approve(again, '/project', signal)).toEqual({ kind: 'approve' })
  })

  test('of two files of which one is rejected, is rejected with the words which one is wanted', async () => {
    const { proposals, answer } = ask([
      { path: 'x', before: BEFORE, after: AFTER },
      { path: 'y', after: 'new' },
    ])
    proposals.reject('p', 'y')
    proposals.accept('p', 'x')
    expect(await answer).toMatchObject({ kind: 'reject', feedback: expect.stringContaining('x') })
  })

  test('that is accepted is kept until its call has a result, in case the process dies in between', async () => {
    const { proposals, approvals, answer } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    const changes: string[] = []
    proposals.onChange(({ kind, proposal }) => changes.push(`${kind} ${proposal.files[0]?.decision}`))
    approvals.answer('p', { kind: 'always' })
    expect(await answer).toEqual({ kind: 'always' })
    expect(proposals.all).toEqual([])
    expect(changes).toEqual(['landing accepted'])
    proposals.endLanding('c')
    expect(changes).toEqual(['landing accepted', 'removed accepted'])
  })

  test('is gone when the turn is stopped', async () => {
    const { proposals, answer, stop } = ask([{ path: 'x', before: BEFORE, after: AFTER }])
    stop()
    expect(await answer).toMatchObject({ kind: 'reject' })
    expect(proposals.all).toEqual([])
  })
})

describe('a proposal on a file that moved on', () => {
  test.each([
    ['unchanged', BEFORE, AFTER],
    ['landed already', AFTER, AFTER],
    ['changed elsewhere', `zero\n${BEFORE}`, `zero\n${AFTER}`],
    ['changed close by', BEFORE.replace('f', 'f2'), undefined],
    ['changed in the same place', BEFORE.replace('d', 'other'), undefined],
  ])('%s', (_, now, expected) => expect(rebaseText(BEFORE, AFTER, now)).toBe(expected))
})
