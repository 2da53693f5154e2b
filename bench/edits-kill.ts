/**
 * Kills with SIGKILL while change sets of several files are written, and looks what a fresh start makes of it: first a
 * process that does nothing else, then `kode run` itself.
 * `node scripts/bench.mjs edits-kill [ROUNDS] [SEED]`; 300 each by default. Fails on a mixed tree or a lost change set.
 */
import { killLoop } from '../test/kill/changes'
import { seededRandom } from '../test/kill/loop'
import { killRuns } from '../test/kill/run'

const [rounds = 300, seed = Date.now() % 100_000] = process.argv.slice(2).map(Number)
const random = seededRandom(seed)
const loop = killLoop()
const repairs: Record<string, number> = {}
let acknowledged = 0
for (let round = 0; round < rounds; round++) {
  const { acknowledged: sets, repair } = await loop.round({ afterMs: random() * 40 })
  acknowledged += sets
  repairs[repair] = (repairs[repair] ?? 0) + 1
}
loop.close()
console.log(`${rounds} kills; ${acknowledged} change sets acknowledged, 0 lost; trees in a mixed state: 0`)
console.log(`found by the fresh start: ${JSON.stringify(repairs)}`)

const report = await killRuns(rounds, random)
const { mixed, ...counts } = report
console.log(`kode run: ${JSON.stringify(counts)}; trees in a mixed state: ${mixed.length}; seed ${seed}`)
for (const each of mixed) console.log(each)
process.exitCode = mixed.length > 0 ? 1 : 0
