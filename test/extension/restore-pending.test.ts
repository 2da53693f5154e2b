import { expect, test } from 'vitest'
import { nodeFiles } from '#shared/host/node/files'
import { PendingStore } from '../../extension/pending-store'
import { type Proposal, Proposals } from '../../extension/proposals'
import { restorePending } from '../../extension/restore-pending'
import { tempProject } from '../support/temp-project'

function proposal(id: string, decision: 'open' | 'accepted'): Proposal {
  const file = { path: 'x', before: '1', proposed: '2', after: '2', decision, acceptedHunks: new Set<string>() }
  return { id, root: '/project', title: id, gates: undefined, files: [file] }
}

/** What an earlier window left behind: one change that waits and one that it was about to land. */
async function leftBehind(): Promise<PendingStore> {
  const store = new PendingStore(tempProject(), nodeFiles())
  const earlier = new Proposals()
  store.follow(earlier)
  earlier.restore(proposal('interrupted', 'accepted'))
  earlier.restore(proposal('waiting', 'open'))
  await store.settled()
  return store
}

test('tabs of what was decided are closed while the user has not yet said what becomes of an interrupted change', async () => {
  const proposals = new Proposals()
  const store = await leftBehind()
  const spared = await new Promise<ReadonlySet<string>>(resolve => {
    const close = async (interrupted: ReadonlySet<string>) => resolve(interrupted)
    void restorePending(proposals, store, close, () => new Promise(() => undefined))
  })
  expect([...spared]).toEqual(['interrupted'])
  expect(proposals.all.map(({ id }) => id)).toEqual(['waiting'])
})

test.each([
  ['landed', ['waiting']],
  ['pending', ['waiting', 'interrupted open']],
  ['finish', ['waiting', 'interrupted accepted']],
] as const)('an interrupted change that is settled as %s', async (outcome, left) => {
  const proposals = new Proposals()
  await restorePending(
    proposals,
    await leftBehind(),
    async () => undefined,
    async () => outcome,
  )
  const decided = ({ id, files }: Proposal) => (id === 'waiting' ? id : `${id} ${files[0]?.decision}`)
  expect(proposals.all.map(decided)).toEqual(left)
})
