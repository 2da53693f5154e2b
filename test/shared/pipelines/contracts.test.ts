import * as v from 'valibot'
import { expect, onTestFinished, test } from 'vitest'
import { runResultSchema, summarySchema } from '#shared/pipelines/contracts'
import { runCli } from '../../support/run-cli'
import { type Script, startScriptedProvider } from '../../support/scripted-provider'
import { tempProject } from '../../support/temp-project'

const good = {
  text: JSON.stringify([{ id: 'hunk-1', file_path: 'a.js', action: 'MODIFY', anchor_text: '1', new_text: '2' }]),
}
const bad = {
  text: JSON.stringify([{ id: 'hunk-1', file_path: 'a.js', action: 'MODIFY', anchor_text: '1', new_text: '(' }]),
}

test.each<[string, string[], Script]>([
  ['run that passes', ['run', 'x'], [good]],
  ['run that fails', ['run', 'x'], [bad, { text: 'prose' }, bad]],
  ['run whose provider fails', ['run', 'x'], [{ error: { status: 401, message: 'no' } }]],
  ['loop that passes', ['loop', '--test-command', 'true', 'x'], [good]],
  ['loop that is rolled back', ['loop', '--test-command', 'false', 'x'], [good]],
  ['loop without tests', ['loop', 'x'], [good]],
])('the summary of a %s keeps its contract', async (_, args, script) => {
  const end = await withModel(args, script)
  expect(v.safeParse(summarySchema, JSON.parse(end.stdout)).issues).toBeUndefined()
})

test.each<[string, string[], Script]>([
  ['answer', ['--output-format', 'json', 'x'], [{ text: 'hi' }]],
  ['failure', ['--output-format', 'json', 'x'], [{ error: { status: 401, message: 'no' } }]],
  ['check', ['--output-format', 'json', '--verify', 'false', 'x'], [{ text: 'hi' }]],
  ['refusal to start', ['--output-format', 'json', '--provider', 'nobody', 'x'], []],
])('the result of an %s keeps its contract', async (_, args, script) => {
  const end = await withModel(args, script)
  expect(v.safeParse(runResultSchema, JSON.parse(end.stdout)).issues).toBeUndefined()
})

async function withModel(args: string[], script: Script) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject({ 'a.js': 'export const a = 1\n' })
  return runCli(args, { cwd: root, env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'm' } })
}
