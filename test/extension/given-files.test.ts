import { expect, test } from 'vitest'
import { GivenFiles } from '../../extension/given-files'
import type { ProposedFile } from '../../extension/proposals'

const FILE: ProposedFile = {
  path: 'x',
  before: '1',
  proposed: '2',
  after: '2',
  decision: 'open',
  acceptedHunks: new Set(),
}
const side = (sha256: string) => ({ sha256, size: 1 })
const IMAGE: ProposedFile = { ...FILE, binary: { before: side('red'), after: side('green') } }

test.each<[string, ProposedFile, Partial<ProposedFile>, string[]]>([
  ['nothing of a file that is only decided', FILE, { decision: 'rejected' }, []],
  ['the proposed side that was edited', FILE, { after: '3' }, ['after']],
  ['the side it starts from, where somebody else changed the file', FILE, { before: '0' }, ['before']],
  ['both sides', FILE, { before: '0', after: '3' }, ['before', 'after']],
  ['a side that is no text', IMAGE, { binary: { before: side('blue'), after: side('green') } }, ['before']],
])('the editor reads again %s', (_, file, change, sides) => {
  const given = new GivenFiles()
  given.noteFile('p', file)
  const versions = () => (['before', 'after'] as const).map(side => given.versionOf('p', 'x', side))
  const [before = 0, after = 0] = versions()
  expect(given.noteFile('p', { ...file, ...change })).toEqual(sides)
  expect(versions()).toEqual([before + Number(sides.includes('before')), after + Number(sides.includes('after'))])
  expect(given.noteFile('p', { ...file, ...change })).toEqual([])
})

test('what the editor itself has saved it does not read again', () => {
  const given = new GivenFiles()
  given.noteFile('p', FILE)
  given.note('p', 'x', 'after', 'typed')
  expect(given.noteFile('p', { ...FILE, after: 'typed' })).toEqual([])
})

test('what was decided is read anew when it comes back', () => {
  const given = new GivenFiles()
  given.noteFile('p', FILE)
  given.forget('p', FILE)
  expect(given.noteFile('p', FILE)).toEqual(['before', 'after'])
})
