import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test } from 'vitest'
import { summarySchema } from '#shared/pipelines/contracts'
import { runCli } from '../support/run-cli'
import { type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

const PATCH = [{ id: 'hunk-1', file_path: 'src/total.js', action: 'MODIFY', anchor_text: '= 1', new_text: '= 2' }]
const patch = { text: JSON.stringify(PATCH), usage: { input: 1000, output: 100 } }
const review = (severity: string) => ({
  text: `My findings:\n\`\`\`json\n${JSON.stringify({
    findings: [
      { severity, file_path: 'src/total.js', line: 1, message: 'checkout reads it too', suggestion: 'change both' },
    ],
  })}\n\`\`\``,
  usage: { input: 500, output: 50 },
})
const FILES = {
  'src/total.js': 'export const total = 1\n',
  'src/checkout.js': "import { total } from './total.js'\n\nexport const sum = total\n",
}

describe('kode run --model-critique', () => {
  test('the small model reads task and plan first; what it says is in prompt, summary and costs', async () => {
    const { requests, summary, end } = await run(['--model-critique'], { small: review('error'), main: patch })
    expect(end.code, end.stderr).toBe(0)
    expect(requests.map(request => request.body.model)).toEqual(['gpt-4o-mini', 'gpt-4o'])
    expect(requests[0]?.raw).toContain('make total 2')
    expect(requests[0]?.raw).toContain('export const total = 1')
    expect(requests[1]?.raw).toContain('- warning (model): src/total.js:1: checkout reads it too; change both')
    expect(summary).toMatchObject({
      status: 'PASS',
      critique: [{ lens: 'model', severity: 'warning', message: 'checkout reads it too' }],
      warnings: ['critique: warning (model): src/total.js:1: checkout reads it too; change both'],
      usage: { input: 1500, output: 150 },
    })
    // 500 and 50 tokens of gpt-4o-mini, 1000 and 100 of gpt-4o.
    expect(summary.cost_usd).toBeCloseTo(0.000075 + 0.00003 + 0.0025 + 0.001, 6)
    expect(end.stderr).toContain('- warning (model): src/total.js:1: checkout reads it too')
  })

  test('a project may want it by itself, and let it stop a task', async () => {
    const critique = { ask_model: true, severities: { model: 'error' } }
    const { requests, summary, end, root } = await run([], { small: review('error'), main: patch }, { critique })
    expect(end.code).toBe(1)
    expect(requests).toHaveLength(1)
    expect(summary).toMatchObject({
      status: 'FAIL',
      error: expect.stringMatching(/the review rejected the task:.*checkout reads it too/s),
      critique: [{ severity: 'error' }],
    })
    expect(readFileSync(join(root, 'src/total.js'), 'utf8')).toBe(FILES['src/total.js'])
  })

  test.each<[string, ScriptedReply, RegExp]>([
    ['down', { error: { status: 401, message: 'no such key' } }, /not reviewed by a model: .*401/],
    ['without a word to the matter', { text: 'Looks good!' }, /not reviewed by a model: the reply holds no findings/],
  ])('a small model that is %s is a warning, and the patch lands', async (_, small, warning) => {
    const { requests, summary, end } = await run(['--model-critique'], { small, main: patch })
    expect(end.code, end.stderr).toBe(0)
    expect(requests.at(-1)?.raw).not.toContain('Said of the task')
    expect(summary.warnings).toEqual([expect.stringMatching(warning)])
    expect(end.stderr).toMatch(warning)
  })

  test.each([
    ['nobody wants it', [], {}, ['gpt-4o']],
    ['its lens is off', ['--model-critique'], { critique: { severities: { model: 'off' } } }, ['gpt-4o']],
    ['the budget is used up before', ['--model-critique'], { engine: { token_budget_usd: 0 } }, []],
  ])('where %s, the small model is not asked', async (_, flags, config, asked) => {
    const { requests } = await run(flags, { small: review('info'), main: patch }, config)
    expect(requests.map(request => request.body.model)).toEqual(asked)
  })

  test('it sees no name of a project behind the blindfold, and its findings come back with them', async () => {
    const answer = (raw: string): ScriptedReply => {
      const path = /<file path=\\"([^"\\]+)\\">\\nexport const/.exec(raw)?.[1]
      return { text: JSON.stringify([{ message: `look at ${path}`, file_path: path, severity: 'info' }]) }
    }
    const { requests, summary } = await run(['--model-critique', '--blindfold', 'strict'], {
      small: answer,
      main: patch,
    })
    for (const request of requests) expect(request.raw).not.toMatch(/total|checkout|\bsum\b/)
    expect(requests[0]?.body.model).toBe('gpt-4o-mini')
    expect(summary.critique).toMatchObject([{ file_path: 'src/total.js', message: 'look at src/total.js' }])
  })
})

test('kode loop asks the small model once, however often it tries', async () => {
  const patches = ['3', '4'].map(value => ({ text: JSON.stringify([{ ...PATCH[0], new_text: `= ${value}` }]) }))
  const { requests, root } = await run(
    ['--model-critique', '--attempts', '2', '--test-command', 'false'],
    { small: review('warning'), main: (_, index) => patches[index - 1] ?? {} },
    {},
    'loop',
  )
  expect(requests.map(request => request.body.model)).toEqual(['gpt-4o-mini', 'gpt-4o', 'gpt-4o'])
  for (const request of requests.slice(1)) expect(request.raw).toContain('checkout reads it too')
  expect(readFileSync(join(root, 'src/total.js'), 'utf8')).toBe(FILES['src/total.js'])
})

test('kode generate asks for no patch when the review has used up the budget', async () => {
  const { requests, end } = await run(
    ['--model-critique'],
    { small: review('info'), main: patch },
    { engine: { token_budget_usd: 0.0001 } },
    'generate',
  )
  expect(requests.map(request => request.body.model)).toEqual(['gpt-4o-mini'])
  expect(end).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('engine.token_budget_usd') })
})

describe('kode critique --model-critique', () => {
  test('findings of the rules and of the model, and what they cost', async () => {
    const { end } = await run(['--json', '--model-critique'], { small: review('error'), main: patch }, {}, 'critique')
    expect(end.code, end.stderr).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'WARN',
      findings: [{ lens: 'model', severity: 'warning' }],
      warnings: [],
      usage: { input: 500, output: 50 },
    })
  })

  test('without any model the rules still speak', async () => {
    const root = tempProject(FILES)
    const before = treeHash(root)
    const end = await runCli(['critique', '--json', '--model-critique', 'mend src/missing.js soon'], { cwd: root })
    expect(end.code).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      findings: [{ lens: 'task' }],
      warnings: [expect.stringMatching(/key/)],
    })
    expect(treeHash(root)).toBe(before)
  })
})

type Answer = ScriptedReply | ((raw: string, index: number) => ScriptedReply)

/** Main model gpt-4o, small model gpt-4o-mini, at one endpoint of the user's. */
async function run(
  flags: readonly string[],
  { small, main }: { small: Answer; main: Answer },
  config: object = {},
  command = 'run',
) {
  const answerOf = (answer: Answer, raw: string, index: number) =>
    typeof answer === 'function' ? answer(raw, index) : answer
  const model = await startScriptedProvider((request, index) =>
    answerOf(request.body.model === 'gpt-4o-mini' ? small : main, request.raw, index),
  )
  onTestFinished(() => model.close())
  const root = tempProject({ ...FILES, '.kode/kode.json': JSON.stringify({ small_model: 'gpt-4o-mini', ...config }) })
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'gpt-4o' }
  const end = await runCli([command, ...flags, 'make total 2'], { cwd: root, env })
  const summary = ['critique', 'generate'].includes(command)
    ? undefined
    : v.parse(summarySchema, JSON.parse(end.stdout))
  return { root, end, requests: model.requests, summary: summary ?? v.parse(v.looseObject({}), {}) }
}
