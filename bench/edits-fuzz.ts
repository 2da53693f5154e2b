/**
 * Tries the properties of the change engine on random files: git's diffs against `git apply`, undo and redo.
 * `node scripts/bench.mjs edits-fuzz [RUNS] [SEED]`
 */
import { GitTrees } from '../test/shared/edits/support/git-trees'
import { driftProperty, gitDiffProperties, OWN_DIFF, UNDO } from '../test/shared/edits/support/properties'

const [runs = '200', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2)
const git = new GitTrees()
let failures = 0
for (const property of [...gitDiffProperties(git), driftProperty(git), OWN_DIFF, UNDO]) {
  try {
    await property.check({ numRuns: Number(runs), seed: Number(seed) })
    console.log(`holds: ${property.title}`)
  } catch (error) {
    failures++
    console.log(`FAILS: ${property.title}\n${error instanceof Error ? `${error.message}\n${error.cause}` : error}`)
  }
}
git.close()
console.log(`${runs} runs each, seed ${seed}: ${failures} properties fail`)
process.exitCode = failures === 0 ? 0 : 1
