import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test } from 'vitest'
import { graphSchema, packetSchema } from '#shared/pipelines/contracts'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

/** Per language: a file the task names, one that uses it, one of its own imports, and one that has nothing to do with it. */
const LANGUAGES: readonly [string, Record<string, string>, string, string[]][] = [
  [
    'TypeScript',
    {
      'src/total.ts': `import { round } from './round'\n\nexport function total(prices: number[]): number {\n  return round(prices.reduce((a, b) => a + b, 0))\n}\n`,
      'src/round.ts': 'export function round(value: number): number {\n  return Math.round(value * 100) / 100\n}\n',
      'src/invoice.ts': `import { total } from './total'\n\nexport const invoice = (prices: number[]) => \`sum \${total(prices)}\`\n`,
      'test/total.test.ts': `import { total } from '../src/total'\n\ntotal([1])\n`,
      'src/weather.ts': 'export const sunny = true\n',
    },
    'src/total.ts',
    ['src/round.ts', 'src/invoice.ts', 'test/total.test.ts'],
  ],
  [
    'JavaScript',
    {
      'lib/total.js': `import { round } from './round.js'\n\nexport function total(prices) {\n  return round(prices.length)\n}\n`,
      'lib/round.js': 'export function round(value) {\n  return Math.round(value)\n}\n',
      'lib/invoice.js': `import { total } from './total.js'\n\nexport const invoice = prices => total(prices)\n`,
      'lib/weather.js': 'export const sunny = true\n',
    },
    'lib/total.js',
    ['lib/round.js', 'lib/invoice.js'],
  ],
  [
    'Python',
    {
      'shop/__init__.py': '',
      'shop/total.py': 'from .round import rounded\n\n\ndef total(prices):\n    return rounded(sum(prices))\n',
      'shop/round.py': 'def rounded(value):\n    return round(value, 2)\n',
      'shop/invoice.py': 'from .total import total\n\n\ndef invoice(prices):\n    return f"sum {total(prices)}"\n',
      'tests/test_total.py': 'from shop.total import total\n\n\ndef test_total():\n    assert total([1]) == 1\n',
      'shop/weather.py': 'SUNNY = True\n',
    },
    'shop/total.py',
    ['shop/round.py', 'shop/invoice.py', 'tests/test_total.py'],
  ],
  [
    'Go',
    {
      'go.mod': 'module example.com/shop\n\ngo 1.21\n',
      'total/total.go': `package total\n\nimport "example.com/shop/round"\n\nfunc Total(prices []float64) float64 {\n\treturn round.Round(prices[0])\n}\n`,
      'round/round.go': 'package round\n\nfunc Round(value float64) float64 {\n\treturn value\n}\n',
      'invoice/invoice.go': `package invoice\n\nimport "example.com/shop/total"\n\nfunc Invoice() float64 {\n\treturn total.Total(nil)\n}\n`,
      'total/total_test.go':
        'package total\n\nimport "testing"\n\nfunc TestTotal(t *testing.T) {\n\tTotal([]float64{1})\n}\n',
      'weather/weather.go': 'package weather\n\nvar Sunny = true\n',
    },
    'total/total.go',
    ['round/round.go', 'invoice/invoice.go', 'total/total_test.go'],
  ],
  [
    'Rust',
    {
      'Cargo.toml': '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/lib.rs': 'pub mod invoice;\npub mod round;\npub mod total;\npub mod weather;\n',
      'src/total.rs': 'use crate::round::round;\n\npub fn total(prices: &[f64]) -> f64 {\n    round(prices[0])\n}\n',
      'src/round.rs': 'pub fn round(value: f64) -> f64 {\n    value\n}\n',
      'src/invoice.rs': 'use crate::total::total;\n\npub fn invoice() -> f64 {\n    total(&[1.0])\n}\n',
      'src/weather.rs': 'pub const SUNNY: bool = true;\n',
    },
    'src/total.rs',
    ['src/round.rs', 'src/invoice.rs'],
  ],
]

describe.each(LANGUAGES)('kode plan on %s', (_, files, entry, related) => {
  test('the packet has the named file first, what hangs together with it, and the text as it is', async () => {
    const root = tempProject(files)
    const packet = await packetOf(root, `mend ${entry}`)
    const paths = [...new Set(packet.files.map(file => file.path))]
    expect(paths[0]).toBe(entry)
    expect(paths).toEqual(expect.arrayContaining(related))
    // Its only merit is where it is.
    const unrelated = Object.keys(files).find(path => /weather/.test(path)) ?? ''
    const ranks = related.map(path => paths.indexOf(path))
    if (paths.includes(unrelated)) expect(paths.indexOf(unrelated)).toBeGreaterThan(Math.max(...ranks))
    for (const { path, content } of packet.files) {
      if (content !== undefined) expect(readFileSync(join(root, path), 'utf8')).toContain(content)
    }
  })

  test('the graph holds declarations and the imports between files', async () => {
    const end = await runCli(['plan', '--graph', 'mend', entry], { cwd: tempProject(files) })
    const graph = v.parse(graphSchema, JSON.parse(end.stdout))
    expect(graph.nodes[`file:${entry}`]).toMatchObject({ kind: 'file', reasons: ['named in the task'] })
    expect(graph.edges).toContainEqual({
      source: `file:${entry}`,
      target: `file:${related[0]}`,
      kind: 'imports',
      confidence: 'resolved',
    })
    const defined = graph.edges.filter(edge => edge.kind === 'defines' && edge.source === `file:${entry}`)
    expect(defined.map(edge => graph.nodes[edge.target]?.name.toLowerCase())).toContain('total')
  })
})

describe('the size of a packet', () => {
  const many = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [
      `src/price${at}.ts`,
      Array.from(
        { length: 20 },
        (_, n) => `export function price${at}n${n}(value: number) {\n  return value + ${n}\n}\n`,
      ).join('\n'),
    ]),
  )

  test.each([50, 300, 1_000, 8_000, 30_000])('fits into %i tokens, whatever the project', async maxTokens => {
    const packet = await packetOf(tempProject(many), 'change every price', maxTokens)
    expect(packet.total_tokens).toBeLessThanOrEqual(maxTokens)
    expect(packet.files.length > 0).toBe(maxTokens >= 300)
  })

  test('the same task on the same files gives the same bytes', async () => {
    const root = tempProject(many)
    const [first, second] = [await plan(root, 'change price7'), await plan(root, 'change price7')]
    expect(first.stdout).toBe(second.stdout)
  })
})

test('for people: files with reasons, and steps in the order of dependencies', async () => {
  const [, files, entry] = LANGUAGES[0]!
  const end = await runCli(['plan', 'mend', entry], { cwd: tempProject(files) })
  expect(end.stdout).toContain(`${entry}  named in the task`)
  expect(end.stdout).toMatch(/Steps\n {2}1\. src/)
})

test('a task that matches nothing begins where a reader would; an empty project is a failure', async () => {
  const root = tempProject({ 'b/deep/x.ts': 'export {}\n', 'main.ts': 'export const a = 1\n' })
  expect((await packetOf(root, 'zzz')).files[0]?.path).toBe('main.ts')
  expect(await plan(tempProject(), 'zzz')).toMatchObject({ code: 1, stderr: expect.stringContaining('no files') })
})

test('run shows the model what planning found, with exact lines to anchor on', async () => {
  const model = await startScriptedProvider([{ text: 'no patch' }, { text: 'none' }, { text: 'really none' }])
  onTestFinished(() => model.close())
  const [, files] = LANGUAGES[0]!
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'm' }
  await runCli(['run', 'round the total differently'], { cwd: tempProject(files), env })
  const asked = String(model.requests[0]?.body.messages.at(-1)?.content)
  expect(asked).toContain(`<file path="src/total.ts">\n${files['src/total.ts']}`)
  expect(asked).toContain('<file path="src/round.ts">')
})

async function packetOf(root: string, task: string, maxTokens?: number) {
  const end = await plan(root, task, maxTokens)
  expect(end.code, end.stderr).toBe(0)
  return v.parse(packetSchema, JSON.parse(end.stdout))
}

function plan(root: string, task: string, maxTokens?: number) {
  const budget = maxTokens === undefined ? [] : ['--max-tokens', String(maxTokens)]
  return runCli(['plan', '--packet', ...budget, task], { cwd: root })
}
