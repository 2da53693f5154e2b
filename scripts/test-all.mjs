// Everything that needs no network outside: checks, unit and scenario tests, then kode in a real VS Code.
// Ends with one line `N passed, N failed` over all suites.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const reports = mkdtempSync(join(tmpdir(), 'kode-tests-'))
const unitReport = join(reports, 'unit.json')

let passed = 0
let failed = 0
/** What each suite that failed says of it, once more at the end: a CI may keep only the last lines. */
const failures = []

await step('check', ['npm', 'run', '--silent', 'check'])
await step(
  'unit',
  ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`],
  () => {
    if (!existsSync(unitReport)) return undefined
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(unitReport, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests }
  },
)
await step('escape', ['npm', 'run', '--silent', 'test:escape'], output => {
  // Colours stand between the words, piped or not, when a CI forces them.
  const plain = stripVTControlCharacters(output)
  const count = state => Number(new RegExp(`Tests .*?(\\d+) ${state}`).exec(plain)?.[1] ?? 0)
  return { passed: count('passed'), failed: count('failed') }
})
await step('vscode', ['npm', 'run', '--silent', 'test:vscode'], output => {
  const last = [...output.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1)
  return last && { passed: Number(last[1]), failed: Number(last[2]) }
})

for (const failure of failures) console.log(failure)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/**
 * Runs one suite and adds up its tests; a suite that cannot be counted counts as one test.
 *
 * @param {string} name
 * @param {string[]} command
 * @param {(output: string) => { passed: number, failed: number } | undefined} count
 */
async function step(name, command, count = () => undefined) {
  const startedAt = performance.now()
  const { code, output } = await run(command)
  const counted = count(output) ?? { passed: code === 0 ? 1 : 0, failed: 0 }
  passed += counted.passed
  // A suite that failed without naming a test (it crashed, or ran nothing) is a failure too.
  failed += code === 0 ? counted.failed : Math.max(1, counted.failed)
  if (code !== 0) failures.push(`--- ${name} failed:\n${failureIn(output)}`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  console.log(`--- ${name}: ${code === 0 ? 'ok' : `failed with ${code}`} after ${seconds} s`)
}

/** The part of a test runner's output that tells what failed and why, else its last lines. */
function failureIn(output) {
  const plain = stripVTControlCharacters(output)
  const start = plain.search(/⎯ (?:Failed (?:Tests|Suites)|Unhandled Errors?) /)
  return start === -1 ? plain.slice(-2000) : plain.slice(start, start + 6000)
}

/** @returns {Promise<{ code: number, output: string }>} */
function run([program, ...args]) {
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', piece => {
        output += piece
        process.stdout.write(piece)
      })
    }
    child.on('error', error => resolve({ code: 127, output: String(error) }))
    child.on('close', code => resolve({ code: code ?? 1, output }))
  })
}
