import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

// A compiler starts for each of them.
vi.setConfig({ testTimeout: 120_000 })

const FILES = {
  'package.json': '{ "name": "shop", "type": "module" }\n',
  'tsconfig.json': '{ "compilerOptions": { "strict": true, "types": [] } }\n',
  'src/price.ts': 'export const price: number = 1\n',
}

/** Parses, imports and calls nothing wrong: only the compiler sees it. */
const WRONG = "price: number = 'one'"
const RIGHT = 'price: number = 2'

test('a loop asks the compiler without being told to, and its error goes back to the model', async () => {
  const { root, end, model } = await kodeOn('loop', [WRONG, RIGHT])
  expect(end.code, end.stderr + end.stdout).toBe(0)
  const summary = JSON.parse(end.stdout)
  expect(summary).toMatchObject({ status: 'PASS', rounds_used: 2 })
  expect(summary.rounds[0].failed_hunks['hunk-1']).toMatch(/^static_analysis: .*TS2322/)
  expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('TS2322')
  expect(readFileSync(join(root, 'src/price.ts'), 'utf8')).toContain(RIGHT)
})

test.each([
  ['loop', { deep: false }, WRONG],
  ['run', {}, WRONG],
  ['run', { deep: true }, RIGHT],
])('kode %s where the project says %j lands %s', async (command, verify, landed) => {
  const { root, end } = await kodeOn(command, [WRONG, RIGHT], { '.kode/kode.json': JSON.stringify({ verify }) })
  expect(end.code, end.stderr + end.stdout).toBe(0)
  expect(readFileSync(join(root, 'src/price.ts'), 'utf8')).toContain(landed)
})

async function kodeOn(command: string, texts: readonly string[], more: Record<string, string> = {}) {
  const replies = texts.map(text => [
    { id: 'hunk-1', file_path: 'src/price.ts', action: 'MODIFY', anchor_text: 'price: number = 1', new_text: text },
  ])
  const model = await startScriptedProvider(replies.map(hunks => ({ text: JSON.stringify(hunks) })))
  onTestFinished(() => model.close())
  const root = tempProject({ ...FILES, ...more })
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(join(import.meta.dirname, '../../node_modules/typescript'), join(root, 'node_modules/typescript'))
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const end = await runCli([command, 'change', 'the', 'price'], { cwd: root, env })
  return { root, end, model }
}
