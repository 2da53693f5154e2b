/**
 * `npm run demo`: the real loop on a small project, with a scripted model behind a real HTTP server on this machine.
 * Everything but the model is what a user gets: the built CLI, the gates, the sandbox, the sample's own tests.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startScriptedProvider } from '../test/support/scripted-provider.ts'

const HERE = import.meta.dirname
const CLI = join(HERE, '../dist/cli/kode.mjs')
const TASK = 'Add an optional percentage discount to the receipt in src/cart.js, rounded to cents, and test it.'

/** The model's first idea calls a function that does not exist; its second uses the one the engine pointed out. */
const proposals = ['roundToCents', 'roundCents'].map(rounding => ({ text: JSON.stringify(hunks(rounding), null, 2) }))

const model = await startScriptedProvider(proposals)
const project = mkdtempSync(join(tmpdir(), 'kode-demo-'))
cpSync(join(HERE, 'demo/sample'), project, { recursive: true })
git('init', '--quiet')
git('add', '.')
git('-c', 'user.name=kode', '-c', 'user.email=kode@localhost', 'commit', '--quiet', '-m', 'A corner shop')

heading('What you see is real but for the model')
say(`The model is SCRIPTED: a small server on this machine that plays back two answers over the real wire format.`)
say(`The project is a copy in ${project}.`)
heading(`kode loop "${TASK}"`)

const result = await runKode()
const summary = JSON.parse(result.stdout)
heading('What kode reported')
say(`status ${summary.status} after ${summary.rounds_used} rounds, ${summary.duration_ms} ms`)
for (const round of summary.rounds) {
  for (const [hunk, reason] of Object.entries(round.failed_hunks))
    say(`round ${round.round}: ${hunk} refused: ${reason}`)
}
say(`tests: "${summary.test.command}" ${summary.test.passed ? 'passed' : 'failed'}`)
heading('What was written')
process.stdout.write(git('diff'))
heading('Now with a real model')
say('KODE_LLM_API_KEY=… npx kode loop "<your task>" --project-root <your project>')
say('(OpenAI-compatible by default; ANTHROPIC_API_KEY, GEMINI_API_KEY and others work the same way, see README.)')
await model.close()

const isAsShown = result.status === 0 && summary.rounds_used === 2 && summary.test.passed
process.exitCode = isAsShown ? 0 : 1

function hunks(rounding: string): object[] {
  return [
    {
      id: 'hunk-1',
      file_path: 'src/cart.js',
      action: 'MODIFY',
      anchor_text: "import { formatMoney } from './money.js'",
      new_text: `import { formatMoney, ${rounding} } from './money.js'`,
      explanation: 'rounding lives in money.js',
    },
    {
      id: 'hunk-2',
      file_path: 'src/cart.js',
      action: 'MODIFY',
      anchor_text: `export function receipt(items) {
  return \`Total: \${formatMoney(total(items))}\``,
      new_text: `export function receipt(items, discountPercent = 0) {
  const due = ${rounding}(total(items) * (1 - discountPercent / 100))
  return \`Total: \${formatMoney(due)}\``,
      explanation: 'the discount',
    },
    {
      id: 'hunk-3',
      file_path: 'test/cart.test.js',
      action: 'INSERT',
      new_text: `
test('a discount is taken off the receipt', () => {
  assert.equal(receipt(items, 10), 'Total: 13.50 EUR')
})`,
      explanation: 'a test for it',
    },
  ]
}

async function runKode(): Promise<{ status: number | null; stdout: string }> {
  const { spawn } = await import('node:child_process')
  const env = {
    ...process.env,
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'scripted',
    KODE_LLM_MODEL: 'scripted-model',
  }
  const child = spawn(process.execPath, [CLI, 'loop', TASK, '--test-command', 'node --test'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.on('data', piece => {
    stdout += piece
  })
  const status = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { status, stdout }
}

function git(...args: string[]): string {
  const ended = spawnSync('git', args, { cwd: project, encoding: 'utf8' })
  if (ended.status !== 0) throw new Error(`git ${args[0]}: ${ended.stderr}`)
  return ended.stdout
}

function heading(text: string): void {
  process.stdout.write(`\n== ${text}\n`)
}

function say(text: string): void {
  process.stdout.write(`   ${text}\n`)
}
