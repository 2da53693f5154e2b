import { afterAll, expect, test } from 'vitest'
import { GitTrees } from './support/git-trees'
import { driftProperty, gitDiffProperties, OWN_DIFF, UNDO } from './support/properties'

/** Other seeds are tried by `npm run fuzz:edits`. */
const SEED = 20_261_121

const git = new GitTrees()
afterAll(() => git.close())

test.each(gitDiffProperties(git).map(property => [property.title, property] as const))(
  '%s',
  async (_, property) => {
    await expect(property.check({ numRuns: 12, seed: SEED })).resolves.toBeUndefined()
  },
  60_000,
)

test.each([driftProperty(git), OWN_DIFF, UNDO].map(property => [property.title, property] as const))(
  '%s',
  async (_, property) => {
    await expect(property.check({ numRuns: 40, seed: SEED })).resolves.toBeUndefined()
  },
  60_000,
)
