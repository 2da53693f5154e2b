/** Ends a loop at random moments: `npm run kill:loop -- 50 [SEED]`. Exit code 1 when a project was left half-way. */
import { killLoops, seededRandom } from '../test/kill/loop'

const [kills = 50, seed = Date.now() % 100_000] = process.argv.slice(2).map(Number)
const report = await killLoops(kills, seededRandom(seed))
console.log(JSON.stringify({ seed, ...report }, null, 2))
process.exitCode = report.others.length > 0 ? 1 : 0
