import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ChangeJournal } from '#shared/edits/change-journal'
import { nodeFiles } from '#shared/host/node/files'
import { tempProject } from '../../support/temp-project'

test.each([
  ['beyond a thousand records the oldest go', { older: 700, newest: 500 }, { older: 500, newest: 500 }],
  [
    'but none of the newest turn, so that it can be undone whole',
    { older: 100, newest: 1_100 },
    { older: 0, newest: 1_100 },
  ],
  ['and none where there is room', { older: 10, newest: 5 }, { older: 10, newest: 5 }],
])('%s', async (_, before, after) => {
  const folder = join(tempProject(), 'journal')
  mkdirSync(folder)
  const keys = [...Array(before.older).fill('aaaa'), ...Array(before.newest).fill('bbbb')]
  keys.forEach((key, place) => {
    writeFileSync(join(folder, `${String(place + 1).padStart(6, '0')}-id${place}-1-${key}.done.json`), '{}')
  })
  const kept = await new ChangeJournal(folder, nodeFiles()).tidy()
  const count = (key: string) => (kept.ok ? kept.value.filter(name => name.turnKey === key).length : -1)
  expect({ older: count('aaaa'), newest: count('bbbb') }).toEqual(after)
  expect(readdirSync(folder)).toHaveLength(after.older + after.newest)
})
