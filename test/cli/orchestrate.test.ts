import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { journalFolderFor } from '#shared/edits/write'
import { nodeFiles } from '#shared/host/node/files'
import { summarySchema } from '#shared/pipelines/contracts'
import { breakSandbox } from '../support/broken-sandbox'
import { runCli } from '../support/run-cli'
import { type RecordedRequest, type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { shippedSchema } from '../support/shipped-schema'
import { tempProject, treeHash } from '../support/temp-project'

// Several agents, compilers of grammars and a test run take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

const FILES = {
  'package.json':
    '{ "name": "shop", "type": "module", "scripts": { "build": "node build.js", "test": "node --test" } }\n',
  'build.js': "import { writeFileSync } from 'node:fs'\nwriteFileSync('src/built.js', '')\nconsole.log('all built')\n",
  'src/price.js': 'export const price = 1\n',
  'src/deep/tax.js': "import { price } from '../price.js'\n\nexport const tax = price / 5\n",
  'src/price.test.js':
    "import { test } from 'node:test'\nimport { price } from './price.js'\n\ntest('the price is 1', () => {\n  if (price !== 1) throw new Error()\n})\n",
}
const PATCH = [{ id: 'hunk-1', file_path: 'src/price.js', action: 'MODIFY', anchor_text: '= 1', new_text: '= 2' }]

const subtask = (id: number, agent: string, depends: string, prompt: string) =>
  `## Subtask ${id}\nAgent: ${agent}\nDepends: ${depends}\nPrompt: ${prompt}\n`
const THREE = [
  subtask(1, 'researcher', 'none', 'Find who reads the price'),
  subtask(2, 'test-oracle', 'none', 'Judge the tests'),
  subtask(3, 'main', '1, 2', 'Work out the change'),
].join('\n')

/** Who is asked, by what it is told to be. */
const ROLES = {
  decompose: /^You split a programming task/,
  researcher: /^You are an investigator/,
  oracle: /^You are a verifier/,
  main: /^You are a planner/,
  synthesize: /^You make one plan/,
  generate: /^You change code by returning/,
}
type Role = keyof typeof ROLES
type Answer = ScriptedReply | ((request: RecordedRequest, count: number) => ScriptedReply | Promise<ScriptedReply>)

const ANSWERS: Record<Role, Answer> = {
  decompose: { text: THREE, usage: { input: 100, output: 10 } },
  researcher: { text: 'src/deep/tax.js:3 reads it.', usage: { input: 100, output: 10 } },
  oracle: { text: 'price.test.js must expect 2.', usage: { input: 100, output: 10 } },
  main: { text: 'Change the number in src/price.js.', usage: { input: 100, output: 10 } },
  synthesize: { text: 'Step 1: src/price.js. Callers: src/deep/tax.js.', usage: { input: 100, output: 10 } },
  generate: { text: JSON.stringify(PATCH), usage: { input: 100, output: 10 } },
}

describe('kode run --orchestrate', () => {
  test('parts are looked into in order, one plan is made of them, and one patch lands', async () => {
    const { end, summary, asked, requestOf, root } = await run({})
    expect(end.code, end.stderr).toBe(0)
    expect(summary).toMatchObject({
      command: 'run',
      status: 'PASS',
      applied_files: ['src/price.js'],
      subtasks: [
        { id: '1', agent: 'researcher', status: 'done', depends: [], result: 'src/deep/tax.js:3 reads it.' },
        { id: '2', agent: 'test-oracle', status: 'done', usage: { input: 100, output: 10 } },
        { id: '3', agent: 'main', status: 'done', depends: ['1', '2'] },
      ],
      usage: { input: 600, output: 60 },
    })
    expect(summary.cost_usd).toBeCloseTo(6 * (100 * 2.5e-6 + 10 * 1e-5), 8)
    expect(asked.slice(1, 3).sort()).toEqual(['oracle', 'researcher'])
    expect([asked[0], ...asked.slice(3)]).toEqual(['decompose', 'main', 'synthesize', 'generate'])

    const lines = end.stderr.split('\n').filter(line => /^(?:Agent|Done|Failed|Synthesize): /.test(line))
    expect(lines.filter(line => !/(?:researcher|oracle) —/.test(line))).toEqual([
      'Agent: main — Work out the change',
      'Done: main — Work out the change',
      'Synthesize: 3 of 3 results',
    ])
    expect(lines).toEqual(
      expect.arrayContaining([
        'Agent: researcher — Find who reads the price',
        'Done: researcher — Find who reads the price',
        'Agent: test-oracle — Judge the tests',
      ]),
    )
    expect(requestOf('researcher')).toContain('src/deep/tax.js')
    expect(requestOf('main')).toContain('src/deep/tax.js:3 reads it.')
    expect(requestOf('main')).toContain('price.test.js must expect 2.')
    expect(requestOf('synthesize')).toContain('Change the number in src/price.js.')
    expect(requestOf('generate')).toContain('Step 1: src/price.js. Callers: src/deep/tax.js.')
    expect(requestOf('generate')).toContain('export const tax = price / 5')
    expect(readFileSync(join(root, 'src/price.js'), 'utf8')).toBe('export const price = 2\n')
  })

  test('the oracle hears what kode itself built and tested, and nothing of that stays', async () => {
    const { requestOf, root } = await run({})
    const told = requestOf('oracle')
    expect(told).toContain('`npm run build` passed')
    expect(told).toContain('all built')
    expect(told).toContain('`npm test` passed')
    expect(existsSync(join(root, 'src/built.js'))).toBe(false)
  })

  test('no agent writes, neither with a tool nor with a command', async () => {
    const tries: Answer = (_, count) => {
      if (count > 0) return { text: 'It was denied.' }
      const write = { name: 'Write', arguments: { file_path: 'src/agent.js', content: 'x\n' } }
      return { toolCalls: [write, { name: 'Bash', arguments: { command: 'touch src/command.js' } }] }
    }
    const { end, summary, root } = await run({ researcher: tries, oracle: tries, main: tries })
    expect(end.code, end.stderr).toBe(0)
    expect(summary.subtasks?.map(each => each.result)).toEqual(Array(3).fill('It was denied.'))
    expect(summary.applied_files).toEqual(['src/price.js'])
    for (const name of ['agent', 'command']) expect(existsSync(join(root, `src/${name}.js`))).toBe(false)
  })

  test('what needs a failed part is skipped, and the plan is made of the rest', async () => {
    const failing = { error: { status: 400, message: 'no tests today' } }
    const { end, summary, requestOf, asked } = await run({ oracle: failing })
    expect(end.code, end.stderr).toBe(0)
    expect(summary.subtasks).toMatchObject([
      { status: 'done' },
      { status: 'failed', reason: expect.stringContaining('no tests today') },
      { status: 'skipped', reason: 'it needs subtask 2, which failed' },
    ])
    expect(asked).not.toContain('main')
    expect(end.stderr).toMatch(/^Failed: test-oracle — Judge the tests \(.*no tests today.*\)$/m)
    expect(end.stderr).toMatch(/^Failed: main — Work out the change \(skipped: it needs subtask 2, which failed\)$/m)
    expect(end.stderr).toMatch(/^Synthesize: 1 of 3 results$/m)
    expect(requestOf('synthesize')).toContain('There is no result: it needs subtask 2, which failed')
    expect(summary.warnings).toEqual([
      expect.stringMatching(/^orchestrate: subtask 2 \(test-oracle\) failed: /),
      'orchestrate: subtask 3 (main) skipped: it needs subtask 2, which failed',
    ])
  })

  test('when no part comes to its end, nothing is written and the exit code says why', async () => {
    const down = { error: { status: 401, message: 'bad key' } }
    const { end, summary, root, before } = await run({ researcher: down, oracle: down })
    expect(end.code).toBe(5)
    expect(summary).toMatchObject({ status: 'FAIL', error: expect.stringMatching(/no subtask came to its end: .*401/) })
    expect(treeHash(root)).toBe(before)
  })

  test('parts that need what is not there, or themselves, are told and left out', async () => {
    const text = [subtask(1, 'main', '1', 'a'), subtask(2, 'main', '9', 'b'), subtask(3, 'main', 'none', 'c')].join(
      '\n',
    )
    const { summary } = await run({ decompose: { text } })
    expect(summary.subtasks).toMatchObject([
      { status: 'skipped', reason: 'it, or what it needs, waits for itself' },
      { status: 'skipped', reason: 'it needs subtask 9, which there is not' },
      { status: 'done' },
    ])
  })

  test('a decomposition and a plan that are cut at the output limit are used, and that is said', async () => {
    const text = subtask(1, 'main', 'none', 'Work out the change')
    const answers = {
      decompose: { text, finish: 'length' },
      synthesize: { text: 'Step 1:', finish: 'length' },
    } as const
    const { end, summary } = await run(answers)
    expect(end.code, end.stderr).toBe(0)
    expect(summary.warnings).toEqual([
      'orchestrate: the list of subtasks was cut at the output limit',
      'orchestrate: the plan was cut at the output limit',
    ])
  })

  test('a decomposition without subtasks: the task is done without them, and that is said', async () => {
    const { end, summary, asked } = await run({ decompose: { text: 'I would just change line 1.' } })
    expect(end.code, end.stderr).toBe(0)
    expect(asked).toEqual(['decompose', 'generate'])
    expect(summary).toMatchObject({ status: 'PASS', subtasks: [] })
    expect(summary.warnings).toEqual(['orchestrate: the model named no subtasks; the task is done without them'])
    expect(end.stderr).toContain('warning: orchestrate: the model named no subtasks')
  })

  test('the budget of the run stops agents in the middle: 3, and nothing is written', async () => {
    const reads = { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/price.js' } }], usage: { input: 40_000 } }
    const config = { engine: { token_budget_usd: 0.25 } }
    const { end, summary, asked, root, before } = await run({ researcher: reads, oracle: reads }, [], config)
    expect(end.code).toBe(3)
    expect(summary).toMatchObject({
      status: 'FAIL',
      error: expect.stringMatching(/^stopped after \$0\.\d+ \(engine\.token_budget_usd 0\.25\)$/),
    })
    // Each request costs ten cents: two agents, and at most one more request of each.
    expect(asked.length).toBeLessThanOrEqual(5)
    expect(summary.cost_usd).toBeLessThan(0.5)
    expect(treeHash(root)).toBe(before)
  })

  test.each<[string, (root: string) => unknown, RegExp]>([
    ['another kode tests it', root => lockTrial(journalOf(root)), /Another kode/],
    ['what it writes cannot be seen', root => makeFolder(journalOf(root), 'shadow/index.jsonl'), /watched/],
    ['no sandbox works', root => breakSandbox(root), /bubblewrap does not work here/],
  ])(
    'where the project cannot be checked since %s, that is said, and the run ends as a run',
    async (_, hinder, why) => {
      const { end, summary, asked, root } = await run({}, [], {}, undefined, 'run', {}, hinder)
      expect(asked[0]).toBe('decompose')
      expect(summary).toMatchObject({ command: 'run', usage: { input: expect.any(Number) } })
      const warning = summary.warnings?.find(each => /^orchestrate: .* was not (?:checked|run): /.test(each))
      expect(warning, end.stderr).toMatch(why)
      expect(existsSync(join(root, 'src/built.js'))).toBe(false)
      expect(readFileSync(join(root, 'logs/kode.log'), 'utf8').trimEnd().split('\n')).toHaveLength(1)
    },
  )

  test('an agent that has used up its requests is asked for its last words', async () => {
    let requests = 0
    const searches: Answer = (_, count) => {
      requests++
      return count < 30
        ? { toolCalls: [{ name: 'Grep', arguments: { pattern: `line ${count}`, path: '.' } }] }
        : { text: 'Nobody but tax.js.' }
    }
    const decompose = { text: subtask(1, 'researcher', 'none', 'Find who reads the price') }
    const { end, summary } = await run({ decompose, researcher: searches })
    expect(end.code, end.stderr).toBe(0)
    expect(requests).toBe(31)
    expect(summary.subtasks).toMatchObject([{ status: 'done', result: 'Nobody but tax.js.' }])
  })

  test('the budget holds where the endpoint counts nothing, too', async () => {
    const reads: Answer = (_, count) => ({
      toolCalls: [{ name: 'Grep', arguments: { pattern: `line ${count}`, path: '.' } }],
      isUncounted: true,
    })
    const decompose = { text: subtask(1, 'researcher', 'none', 'Find who reads the price'), isUncounted: true }
    // One request with kode's own tools and prompts is about two cents.
    const config = { engine: { token_budget_usd: 0.05 } }
    const { end, summary, asked } = await run({ decompose, researcher: reads }, [], config)
    expect(end.code, end.stderr).toBe(3)
    expect(summary).toMatchObject({ cost_usd: null, error: expect.stringContaining('about $0.0') })
    expect(asked.length).toBeLessThan(12)
  })

  test.each<[string, Partial<Record<Role, Answer>>, string]>([
    ['an agent thinks', { researcher: { stall: 'before-headers' } }, 'Agent: researcher'],
    ['the task is split', { decompose: { stall: 'before-headers' } }, 'decompose'],
    ['the tests run', {}, 'check: sleep 50'],
  ])('Ctrl-C while %s: 130 at once, and nothing is written', async (_, answers, mark) => {
    let interruptedAt = 0
    const config = mark.includes('sleep') ? { engine: { test_command: 'sleep 50' } } : {}
    const { end, root, before } = await run(answers, [], config, (text, kill) => {
      if (interruptedAt > 0 || !text.includes(mark)) return
      interruptedAt = performance.now()
      setTimeout(() => kill('SIGINT'), 200)
    })
    expect(end.code).toBe(130)
    // Far from the 50 s, and far from what a busy machine adds to the one second.
    expect(performance.now() - interruptedAt).toBeLessThan(30_000)
    expect(treeHash(root)).toBe(before)
  })

  test('kill -9 while the project is built: the next run takes back what the build wrote', async () => {
    let waiting: NodeJS.Timeout | undefined
    onTestFinished(() => clearInterval(waiting))
    const files = { 'build.js': `${FILES['build.js']}setTimeout(() => {}, 60_000)\n` }
    const { root, before, env } = await run(
      {},
      [],
      {},
      (_, kill, root) => {
        const built = join(root, 'src/built.js')
        waiting ??= setInterval(() => existsSync(built) && kill('SIGKILL'), 20)
      },
      'run',
      files,
    )
    expect(existsSync(join(root, 'src/built.js'))).toBe(true)
    const next = await runCli(['run', '--mode', 'safe', 'double the price'], { cwd: root, env })
    expect(next.code, next.stderr).toBe(4)
    expect(treeHash(root)).toBe(before)
  })

  test('--timeout ends all of it: 3, and nothing is written', async () => {
    const silent: Partial<Record<Role, Answer>> = { researcher: { stall: 'before-headers' } }
    const generated = await run(silent, ['--timeout', '2'], {}, undefined, 'generate')
    expect(generated.end).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('stopped after 2 s') })
    const { end, root, before, summary } = await run(silent, ['--timeout', '3'])
    expect(end.code, end.stderr).toBe(3)
    expect(summary).toMatchObject({ status: 'FAIL', error: 'stopped after 3 s (--timeout)' })
    expect(treeHash(root)).toBe(before)
  })

  test('no byte of the project leaves behind the blindfold, whoever asks', async () => {
    const secrets = /price|\btax\b|\bshop\b/
    const reads: Answer = (request, count) => {
      if (count > 0) return { text: 'Found.' }
      const path = /([\w-]+\/[\w-]+\.js)/.exec(textOf(request))?.[1] ?? ''
      return { toolCalls: [{ name: 'Read', arguments: { file_path: path } }] }
    }
    const generate: Answer = request => {
      const [, path = '', name = ''] =
        /<file path=\\?"([^"\\]+)\\?">\nexport const (\w+) = 1/.exec(textOf(request)) ?? []
      const change = { id: 'h', file_path: path, action: 'MODIFY', anchor_text: `${name} = 1`, new_text: `${name} = 2` }
      return { text: JSON.stringify([change]) }
    }
    const text = THREE.replaceAll('price', 'number')
    const answers = { decompose: { text }, researcher: reads, oracle: reads, main: reads, generate }
    const { end, root, requests } = await run(answers, ['--blindfold', 'strict'])
    expect(end.code, end.stderr + end.stdout).toBe(0)
    expect(requests.length).toBeGreaterThanOrEqual(8)
    for (const request of requests) expect(request.raw.match(secrets)?.[0]).toBeUndefined()
    expect(readFileSync(join(root, 'src/price.js'), 'utf8')).toBe('export const price = 2\n')
  })

  test('stream-json tells each step in a line, the summary last', async () => {
    const { end } = await run({}, ['--output-format', 'stream-json'])
    const lines: { type: string; id?: string }[] = end.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const isLine = shippedSchema('stream-line')
    for (const line of lines) expect(isLine(line), JSON.stringify([line, isLine.errors])).toBe(true)
    const types = lines.map(line => line.type)
    expect(types.filter(type => type === 'subtask_started')).toHaveLength(3)
    expect(types.slice(-3)).toEqual(['subtask_ended', 'synthesis_started', 'summary'])
  })

  test('generate shows the patch and writes nothing', async () => {
    const { end, root, before } = await run({}, [], {}, undefined, 'generate')
    expect(JSON.parse(end.stdout)).toEqual(PATCH)
    expect(treeHash(root)).toBe(before)
  })
})

const textOf = (request: RecordedRequest) =>
  JSON.stringify(request.body.messages).replaceAll('\\\\n', '\n').replaceAll('\\n', '\n')

async function run(
  answers: Partial<Record<Role, Answer>>,
  flags: readonly string[] = [],
  config: object = {},
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void, root: string) => void,
  command = 'run',
  files: Record<string, string> = {},
  prepare?: (root: string) => unknown,
) {
  const asked: (Role | 'nobody')[] = []
  const all = { ...ANSWERS, ...answers }
  const model = await startScriptedProvider(request => {
    const role = roleOf(request)
    const count = asked.filter(each => each === role).length
    asked.push(role)
    const answer = role === 'nobody' ? { error: { status: 400, message: 'who is that?' } } : all[role]
    return typeof answer === 'function' ? answer(request, count) : answer
  })
  onTestFinished(() => model.close())
  const root = tempProject({ ...FILES, ...files, '.kode/kode.json': JSON.stringify(config) })
  await prepare?.(root)
  const before = treeHash(root)
  const env = {
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'gpt-4o',
    PATH: `${join(root, '../bin')}:${process.env.PATH}`,
  }
  const words = [command, '--orchestrate', ...flags, 'double the price']
  const watch = onStderr && {
    onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => onStderr(text, kill, root),
  }
  const end = await runCli(words, { cwd: root, env, ...watch })
  const isSummary = command === 'run' && !flags.includes('stream-json') && end.code !== 130 && end.code !== null
  const summary = isSummary ? v.parse(summarySchema, JSON.parse(end.stdout)) : NO_SUMMARY
  const requestOf = (role: Role) => textOf(model.requests[asked.indexOf(role)] ?? model.requests[0]!)
  return { end, summary, asked, requests: model.requests, requestOf, root, before, env }
}

const journalOf = (root: string) => journalFolderFor(join(root, '../.config/kode'), root)
const makeFolder = (...parts: string[]) => mkdirSync(join(...parts), { recursive: true })

/** As a loop does that tests a patch. */
async function lockTrial(journal: string): Promise<void> {
  const lock = await nodeFiles().lock(join(journal, 'trial'), 0)
  if (!lock.ok) throw new Error(lock.error.message)
  onTestFinished(() => lock.value())
}

const NO_SUMMARY: Partial<v.InferOutput<typeof summarySchema>> = {}

function roleOf({ body }: RecordedRequest): Role | 'nobody' {
  const system = body.messages.find(message => message.role === 'system' || message.role === 'developer')
  const text = typeof system?.content === 'string' ? system.content : JSON.stringify(system?.content)
  const found = Object.entries(ROLES).find(([, pattern]) => pattern.test(text))
  return (found?.[0] as Role | undefined) ?? 'nobody'
}
