import { expect, test } from 'vitest'
import { buildChangeSet } from '#shared/edits/build-change-set'
import { readProposal } from '#shared/edits/proposal'
import { ODD_PROPOSALS } from './data/odd-proposals'
import { testProject } from './support/project'

test.each(ODD_PROPOSALS.map(each => [each.title, each] as const))('%s', async (_, { before, proposal, outcome }) => {
  const project = testProject()
  for (const [path, text] of Object.entries(before)) project.put(path, text)
  const read = readProposal(proposal)
  const changes = read.ok ? await buildChangeSet(read.value, project.door) : read
  if (!changes.ok) {
    expect(changes.error[0]!.message).toContain(outcome)
    return
  }
  const after = changes.value.files.map(file => [
    file.kind === 'rename' ? `${file.oldPath} > ${file.path}` : file.path,
    file.after ?? null,
  ])
  expect(Object.fromEntries(after)).toEqual(outcome)
})
