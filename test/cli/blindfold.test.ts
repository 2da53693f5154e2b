import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { type RecordedRequest, type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

const SOURCE = `import { readFileSync } from 'node:fs'

/** Rabatt fuer Stammkunden, streng geheim. */
export function discountFor(customerName) {
  const ledgerText = readFileSync('stammkunden.csv', 'utf8')
  return ledgerText.includes(customerName) ? 'zehn Prozent' : 'nichts'
}
`
const FILES = {
  'src/discount.js': SOURCE,
  'src/checkout.js': `import { discountFor } from './discount.js'\n\nexport const checkoutTotal = buyer => discountFor(buyer)\n`,
  'package.json': '{ "name": "geheimladen", "type": "module" }\n',
}
const SECRETS =
  /discountFor|customerName|ledgerText|checkoutTotal|checkout|discount|geheimladen|stammkunden|Rabatt|Stammkunden|geheim|zehn|Prozent/

/** What the alias of `discountFor` is, as the model sees it. */
const aliasIn = (request: RecordedRequest) => /export function (\w+)\((\w+)\)/.exec(textOf(request))
const textOf = (request: RecordedRequest) =>
  JSON.stringify(request.body.messages).replaceAll('\\\\n', '\n').replaceAll('\\n', '\n')

describe('with the blindfold on, no byte of the project reaches the model', () => {
  test('run: a refused patch is repaired, and lands with the real names', async () => {
    const { root, requests, end } = await withModel(
      (request, index) => {
        const [, name = '', parameter = ''] = aliasIn(request) ?? []
        const call = index === 0 ? 'inventedOne' : name
        const anchor = `export function ${name}(${parameter}) {`
        const text = `export const wrapped = ${parameter} => ${call}(${parameter})\n\n${anchor}`
        const path = /<file path=\\?"([^"\\]+)\\?">\n*import \{ readFileSync/.exec(textOf(request))?.[1]
        return {
          text: JSON.stringify([
            { id: 'hunk-1', file_path: path, action: 'MODIFY', anchor_text: anchor, new_text: text },
          ]),
        }
      },
      ['run', '--blindfold', 'strict', 'wrap discountFor in src/discount.js; it returns "zehn Prozent"'],
    )
    expect(end.code, end.stderr + end.stdout).toBe(0)
    expect(requests).toHaveLength(2)
    for (const request of requests) expect(request.raw.match(SECRETS)?.[0]).toBeUndefined()
    expect(requests[0]?.raw).toContain('readFileSync')
    expect(readFileSync(join(root, 'src/discount.js'), 'utf8')).toContain(
      'export const wrapped = customerName => discountFor(customerName)\n\nexport function discountFor(customerName) {',
    )
  })

  test('the agent: prompts, calls and results of tools', async () => {
    const settings = { '.kode/kode.json': '{ "blindfold": { "mode": "strict" } }' }
    let path = ''
    const { root, requests, end } = await withModel(
      (request, index) => {
        const text = textOf(request)
        if (index === 0) return { toolCalls: [{ name: 'Grep', arguments: { pattern: 'readFileSync', path: '.' } }] }
        if (index === 1) {
          path = /((?:\w|-)+\/\w+\.js)/.exec(text.slice(text.lastIndexOf('"role":"tool"')))?.[1] ?? ''
          return { toolCalls: [{ name: 'Read', arguments: { file_path: path } }] }
        }
        if (index === 2) {
          const [, name] = aliasIn(request) ?? []
          const replacements = [{ old_str: `export function ${name}`, new_str: `export async function ${name}` }]
          return { toolCalls: [{ name: 'Edit', arguments: { file_path: path, replacements } }] }
        }
        return { text: 'done' }
      },
      ['--output-format', 'json', 'make discountFor asynchronous'],
      settings,
    )
    expect(end.code, end.stderr + end.stdout).toBe(0)
    for (const request of requests) expect(request.raw.match(SECRETS)?.[0]).toBeUndefined()
    expect(readFileSync(join(root, 'src/discount.js'), 'utf8')).toContain(
      'export async function discountFor(customerName)',
    )
  })
})

test('kode blindfold shows both sides and says what could still be read', async () => {
  const root = tempProject(FILES)
  const end = await runCli(['blindfold', '--dry-run', '--mode', 'strict', 'src/discount.js'], { cwd: root })
  expect(end.code).toBe(0)
  expect(end.stdout).toMatch(/words masked, 0 leaks: clean/)
  expect(end.stdout).toMatch(/export function discountFor\(customerName\) \{ +│ export function v_\w{6}\(v_\w{6}\) \{/)
  const json = JSON.parse((await runCli(['blindfold', '--json', 'src/discount.js'], { cwd: root })).stdout)
  expect(json).toMatchObject({ schema_version: 1, mode: 'identifiers', status: 'clean', original: SOURCE, leaks: [] })
  expect(json.masked).not.toMatch(/discountFor|customerName|ledgerText/)
})

async function withModel(
  script: (request: RecordedRequest, index: number) => ScriptedReply,
  args: readonly string[],
  more: Record<string, string> = {},
) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject({ ...FILES, ...more })
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'm' }
  const end = await runCli(args, { cwd: root, env })
  return { root, requests: model.requests, end }
}
