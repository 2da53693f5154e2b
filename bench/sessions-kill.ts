/**
 * Ends runs of the command line at random moments: `npm run kill:sessions -- 300 [SEED]`. Exit code 1 when anything they had
 * announced is lost.
 */
import { seededRandom } from '../test/kill/loop'
import { killSessions } from '../test/kill/sessions'

const [kills = 300, seed = Date.now() % 100_000] = process.argv.slice(2).map(Number)
const counts = await killSessions({ kills, writers: 4, random: seededRandom(seed) })
console.log(JSON.stringify({ seed, ...counts }, null, 2))
const { lost, twice, damaged, unrepaired, garbled, failed } = counts
process.exitCode =
  lost + twice + damaged + unrepaired + garbled + failed.length === 0 && counts.acknowledged > 0 ? 0 : 1
