import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'
import { KEY, Terminal } from '../support/terminal'

const AGENT =
  '---\nname: narrow\ndescription: d\nmax_context_tokens: 8000\nauto_compact_threshold: 0.5\n---\nYou read.\n'
/** Fuller than the agent wants it. */
const usage = { input: 6000, output: 10 }
const line = 'export const aLongNameOfNoInterest = "a text of no interest whatsoever, to fill the window"\n'

test.each<[string, ScriptedReply, string[]]>([
  ['by the small model', { text: 'They read a file.', usage: { input: 50 } }, ['small']],
  ['by the main model where the small one fails', { error: { status: 400, message: 'no' } }, ['small', 'main']],
])('a long conversation is summed up %s', async (_, small, expected) => {
  const { requests, root, env } = await project((model, isSummary, count) => {
    if (model === 'small') return small
    if (isSummary) return { text: 'They read a file.' }
    return count < 4
      ? { toolCalls: [{ name: 'Read', arguments: { file_path: `f${count}.ts` } }], usage }
      : { text: 'done' }
  })
  const end = await runCli(['--agent', 'narrow', '--output-format', 'json', 'read them'], { cwd: root, env })
  expect(end.code, end.stderr + end.stdout).toBe(0)
  const askedForSummary = requests
    .filter(request => request.body.tools === undefined)
    .map(request => request.body.model)
  expect(askedForSummary.slice(0, expected.length)).toEqual(expected)
  const last = requests.findLast(request => request.body.tools !== undefined)
  expect(last?.body.model).toBe('main')
  expect(last?.raw).toContain('They read a file.')
})

test('a recorded run is the work of one model', async () => {
  const { requests, root, env } = await project((_, isSummary, count) => {
    if (isSummary) return { text: 'They read a file.' }
    return count < 4
      ? { toolCalls: [{ name: 'Read', arguments: { file_path: `f${count}.ts` } }], usage }
      : { text: 'done' }
  })
  const record = join(root, '..', 'record.jsonl')
  await runCli(['--agent', 'narrow', '--record', record, 'read them'], { cwd: root, env })
  expect(requests.some(request => request.body.tools === undefined)).toBe(true)
  expect(requests.map(request => request.body.model)).not.toContain('small')
})

test.each<[string, ScriptedReply, string]>([
  ['the small model', { text: 'Counting the orders' }, 'It is called "Counting the orders" now'],
  ['the main model where the small one fails', { error: { status: 400, message: 'no' } }, 'It is called "Done" now'],
])('/title is found by %s', async (_, small, shown) => {
  const { root, env } = await project(model => (model === 'small' ? small : { text: 'Done.' }))
  const terminal = new Terminal([], { cwd: root, env })
  await terminal.shows('> ')
  terminal.type(`count the orders, please${KEY.enter}`)
  await terminal.shows('Done.')
  terminal.type(`/title${KEY.enter}`)
  await terminal.shows(shown)
})

test.each([
  [{}, 'warning', /small.*does not list this model/],
  [{ KODE_SMALL_MODEL: 'scripted' }, 'ok', /scripted answers after \d+ ms/],
])('kode doctor with %j tells of the small model', async (more, status, message) => {
  const { root, env } = await project(() => ({}))
  const end = await runCli(['doctor', '--json'], { cwd: root, env: { ...env, ...more } })
  const checks: { name: string }[] = JSON.parse(end.stdout).checks
  expect(checks.find(check => check.name === 'small model')).toMatchObject({
    status,
    message: expect.stringMatching(message),
  })
})

type Answer = (model: string, isSummary: boolean, count: number) => ScriptedReply

async function project(answer: Answer) {
  let count = 0
  const model = await startScriptedProvider(({ body }) => {
    const isSummary = body.tools === undefined
    const reply = answer(body.model, isSummary, count)
    if (!isSummary) count++
    return reply
  })
  onTestFinished(() => model.close())
  const files = Object.fromEntries([0, 1, 2, 3].map(at => [`f${at}.ts`, line.repeat(100)]))
  const settings = { '.kode/kode.json': '{ "small_model": "small" }', '.kode/agents/narrow.md': AGENT }
  const root = tempProject({ ...files, ...settings })
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'main' }
  return { root, env, requests: model.requests }
}
