/**
 * Tries disguises of destructive lines at random and prints each that is taken for something milder.
 * `node scripts/bench.mjs trust-fuzz [COUNT] [SEED]`
 */
import fc from 'fast-check'
import { readAsset } from '#shared/host/node/assets'
import { classifyShell } from '#shared/trust/shell-classifier'
import { ShellParser } from '#shared/trust/shell-parser'
import { disguisedLines } from '../test/shared/trust/disguises'

const [count = '50000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2)
const place = { root: '/work/project', home: '/home/me' }
const parser = new ShellParser(readAsset)

const lines = new Set(fc.sample(disguisedLines, { numRuns: Number(count), seed: Number(seed) }))
let holes = 0
for (const line of lines) {
  const verdict = await classifyShell(line, place, parser)
  if (verdict.effect.class === 'destructive') continue
  holes++
  console.log(`${verdict.effect.class}: ${JSON.stringify(line)}`)
}
console.log(`${lines.size} different lines, seed ${seed}: ${holes} holes`)
process.exitCode = holes === 0 ? 0 : 1
