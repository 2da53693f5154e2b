/**
 * Kills a process with SIGKILL while it writes change sets of several files, and looks what a fresh start makes of it.
 * `node scripts/bench.mjs edits-kill [ROUNDS]`; 300 by default. Fails on the first mixed tree or lost change set.
 */
import { killLoop } from '../test/kill/changes'

const rounds = Number(process.argv[2] ?? 300)
const loop = killLoop()
const repairs: Record<string, number> = {}
let acknowledged = 0
for (let round = 0; round < rounds; round++) {
  const { acknowledged: sets, repair } = await loop.round({ afterMs: Math.random() * 40 })
  acknowledged += sets
  repairs[repair] = (repairs[repair] ?? 0) + 1
}
loop.close()
console.log(`${rounds} kills; ${acknowledged} change sets acknowledged, 0 lost; trees in a mixed state: 0`)
console.log(`found by the fresh start: ${JSON.stringify(repairs)}`)
