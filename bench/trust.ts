/**
 * How fast command lines are judged: the first line, a typical one, and a long script.
 * `node scripts/bench.mjs trust`
 */
import { readAsset } from '#shared/host/node/assets'
import { ShellParser } from '#shared/trust/shell-parser'
import { checkCommand } from '#shared/trust/trust-check'
import { readCorpus } from '../test/shared/trust/corpus'

const place = { root: '/work/project', home: '/home/me' }
const parser = new ShellParser(readAsset)
const started = performance.now()
await checkCommand('ls', place, parser)
console.log(`load and first line  ${(performance.now() - started).toFixed(1)} ms (target < 40)`)

const corpus = readCorpus('test/shared/trust/data')
const times: number[] = []
for (let round = 0; round < 3; round++) {
  for (const { command } of corpus) times.push(await timed(command))
}
times.sort((a, b) => a - b)
const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2)
console.log(`a line of the corpus  p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (target < 1)`)

const everyday = corpus.filter(line => line.group === 'everyday')
let script = ''
for (const { command } of everyday) if (script.length < 10_000) script += `${command}\n`
const long: number[] = []
for (let round = 0; round < 20; round++) long.push(await timed(script))
console.log(`${script.length} characters of shell  best of 20 ${Math.min(...long).toFixed(1)} ms (target < 20)`)

async function timed(command: string): Promise<number> {
  const from = performance.now()
  await checkCommand(command, place, parser)
  return performance.now() - from
}
