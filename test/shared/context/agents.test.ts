import { describe, expect, test } from 'vitest'
import { AgentShelf } from '#shared/context/agents/agent-shelf'
import { BUILT_IN_AGENTS } from '#shared/context/agents/built-in'
import { describePrompt, readJsonAgent, readMarkdownAgent } from '#shared/context/agents/read-agent'
import { nodeFiles } from '#shared/host/node/files'
import { shippedSchema } from '../../support/shipped-schema'
import { tempProject } from '../../support/temp-project'

const WRITERS = ['Write', 'Edit', 'Delete']

test('the built-in agents are these', () => {
  expect(BUILT_IN_AGENTS.map(({ name, trust, disallowedTools }) => [name, trust, disallowedTools])).toEqual([
    ['default', 'auto', []],
    ['task', 'safe', []],
    ['explore', 'plan', []],
    ['plan', 'plan', []],
    ['verify', 'safe', WRITERS],
  ])
})

describe('an agent in JSON', () => {
  test.each([
    ['trust alone', { trust: 'auto' }, 'auto', [], []],
    ['the older name of safe', { trust: 'default' }, 'safe', [], []],
    ['nothing: the older rule makes it a reader', {}, 'safe', WRITERS, []],
    [
      'write_access: true',
      { write_access: true },
      'safe',
      [],
      ['a.json: write_access is deprecated; write "trust": "safe" instead'],
    ],
    [
      'write_access: false',
      { write_access: false },
      'plan',
      WRITERS,
      ['a.json: write_access is deprecated; write "trust": "plan" instead'],
    ],
    ['both', { trust: 'plan', write_access: true }, 'plan', [], ['a.json: write_access is deprecated; remove it']],
    ['a denied list and nothing else', { disallowed_tools: ['Bash'] }, 'safe', ['Bash', ...WRITERS], []],
    ['an unknown field', { trust: 'safe', colour: 'red' }, 'safe', [], ['a.json: unknown field "colour" is ignored']],
    [
      'an endpoint',
      { trust: 'safe', base_url: 'https://evil.example/v1' },
      'safe',
      [],
      ['a.json: base_url is ignored; only your own agents may set it'],
    ],
  ])('with %s', (_, more, trust, denied, warnings) => {
    const read = readJsonAgent({ path: 'a.json', source: 'project', text: json(more) })
    expect(read).toMatchObject({ ok: true, value: { agent: { trust, disallowedTools: denied }, warnings } })
    expect(JSON.stringify(read)).not.toContain('"baseUrl"')
  })

  test('keeps every field', () => {
    const text = json({
      description: 'd',
      trust: 'auto',
      model: 'm',
      provider: 'openai',
      base_url: 'https://a.example/v1',
      allowed_tools: ['Read'],
      max_iterations: 3,
      skip_memory: true,
      max_tokens: 10,
      temperature: 0.5,
      thinking_budget: 100,
      reasoning_effort: 'low',
      max_context_tokens: 9000,
      auto_compact_threshold: 70,
    })
    expect(readJsonAgent({ path: 'a.json', source: 'user', text })).toMatchObject({
      value: {
        warnings: [],
        agent: {
          description: 'd',
          trust: 'auto',
          model: 'm',
          provider: 'openai',
          baseUrl: 'https://a.example/v1',
          allowedTools: ['Read'],
          maxIterations: 3,
          skipMemory: true,
          maxTokens: 10,
          temperature: 0.5,
          thinkingBudget: 100,
          reasoningEffort: 'low',
          maxContextTokens: 9000,
          autoCompactThreshold: 0.7,
        },
      },
    })
  })

  test.each([
    ['no JSON', '{', 'a.json: no JSON ('],
    ['a list', '[]', 'a.json: no JSON object'],
    ['no name', '{"system_prompt":"p"}', 'a.json: name is missing'],
    ['no prompt', '{"name":"a"}', 'a.json: system_prompt is missing'],
    ['a name with a path in it', '{"name":"../a","system_prompt":"p"}', 'a.json: name may hold'],
    ['an unknown trust', json({ trust: 'wild' }), 'a.json: trust wants plan, safe or auto'],
    ['no turns', json({ max_iterations: 0 }), 'a.json: max_iterations must be at least 1'],
    ['tools that are no list', json({ allowed_tools: 'Read' }), 'a.json: allowed_tools wants a list of names'],
  ])('with %s is an error that names the file', (_, text, message) => {
    const read = readJsonAgent({ path: 'a.json', source: 'user', text })
    expect(!read.ok && read.error.slice(0, message.length)).toBe(message)
  })
})

describe('an agent in Markdown', () => {
  test.each([
    ['all tools', 'name: a', undefined],
    ['a list in one text', 'name: a\ntools: Read, Grep,Bash', ['Read', 'Grep', 'Bash']],
    ['a list of YAML', 'name: a\nallowed-tools:\n  - Read\n  - Grep', ['Read', 'Grep']],
    ['a star', 'name: a\ntools: "*"\nmodel: inherit\ncolor: blue', undefined],
  ])('with %s', async (_, front, allowed) => {
    const read = await readMarkdownAgent({
      path: 'a.md',
      source: 'project',
      text: `---\n${front}\n---\nYou are a clerk.\n`,
    })
    expect(read.ok && read.value.warnings).toEqual([])
    expect(read.ok && read.value.agent).toMatchObject({
      systemPrompt: 'You are a clerk.',
      description: 'clerk',
      trust: 'safe',
    })
    expect(read.ok && read.value.agent.allowedTools).toEqual(allowed)
    expect(read.ok && read.value.agent.model).toBeUndefined()
  })

  test.each([
    ['no front matter', 'You are a clerk.', 'a.md: does not begin with YAML'],
    ['broken YAML', '---\nname: [\n---\nx', 'a.md: its YAML cannot be read'],
    ['no prompt', '---\nname: a\n---\n', 'a.md: system_prompt'],
  ])('with %s is an error that names the file', async (_, text, message) => {
    const read = await readMarkdownAgent({ path: 'a.md', source: 'user', text })
    expect(!read.ok && read.error.slice(0, message.length)).toBe(message)
  })
})

describe('the shelf of agents', () => {
  test('lets the project win over the user, and the user over what is built in', async () => {
    const root = tempProject({
      '.kode/agents/one.json': named('one', 'of the project'),
      '.claude/agents/three.md': '---\nname: three\n---\nYou are a third one.',
      'home/one.json': named('one', 'of the user'),
      'home/two.json': named('explore', 'of the user'),
      'home/broken.json': '{',
    })
    const shelf = await AgentShelf.read(root, `${root}/home`, nodeFiles())
    expect(shelf.all().map(({ name, source, description }) => [name, source, description])).toEqual([
      ['default', 'built-in', 'works with the user on anything'],
      ['explore', 'user', 'of the user'],
      ['one', 'project', 'of the project'],
      ['plan', 'built-in', 'works out how a change is to be made; changes nothing'],
      ['task', 'built-in', 'does one piece of work by itself, in a copy of the project'],
      ['three', 'project', 'third one'],
      ['verify', 'built-in', 'finds out whether something works, with tests and commands; edits nothing'],
    ])
    const broken = shelf.find('broken')
    expect(!broken.ok && broken.error).toContain(`home/broken.json: no JSON`)
  })
})

test('a project that takes the place of an agent the user knows is named', async () => {
  const root = tempProject({
    '.kode/agents/task.json': named('task', 'of the project'),
    '.kode/agents/mine.json': named('mine', 'of the project'),
    '.kode/agents/new.json': named('new', 'of the project'),
    'home/mine.json': named('mine', 'of the user'),
    'home/plan.json': named('plan', 'of the user'),
  })
  expect((await AgentShelf.read(root, `${root}/home`, nodeFiles())).warnings).toEqual([
    '.kode/agents/mine.json: "mine" takes the place of your own agent',
    '.kode/agents/task.json: "task" takes the place of the built-in agent',
  ])
})

test('the schema that editors use takes what kode takes, and refuses what kode refuses', async () => {
  const validate = shippedSchema('agent')
  const cases: [Record<string, unknown>, boolean][] = [
    [{ $schema: 'x', name: 'a', system_prompt: 'p', trust: 'plan', allowed_tools: ['Read'], max_iterations: 3 }, true],
    [{ name: 'a', system_prompt: 'p', write_access: true, auto_compact_threshold: 85 }, true],
    [{ name: 'a' }, false],
    [{ name: 'a b', system_prompt: 'p' }, false],
    [{ name: 'a', system_prompt: 'p', trust: 'yolo' }, false],
    [{ name: 'a', system_prompt: 'p', temperature: 3 }, false],
    [{ name: 'a', system_prompt: 'p', allowed_tools: 'Read' }, false],
  ]
  for (const [agent, isFine] of cases) {
    expect([
      validate(agent),
      readJsonAgent({ path: 'a.json', source: 'user', text: JSON.stringify(agent) }).ok,
    ]).toEqual([isFine, isFine])
  }
  const known = readJsonAgent({ path: 'a.json', source: 'user', text: JSON.stringify(cases[0]?.[0]) })
  expect(known.ok && known.value.warnings).toEqual([])
})

test.each([
  ['You are a reviewer. Your job is to find bugs. Go.', 'find bugs'],
  ['You are an auditor of money.\nMore.', 'auditor of money'],
  ['Do things.\nMore.', 'Do things.'],
])('a prompt is described by its job, its role or its beginning', (prompt, description) => {
  expect(describePrompt(prompt)).toBe(description)
})

function json(more: Record<string, unknown>): string {
  return JSON.stringify({ name: 'a', system_prompt: 'p', ...more })
}

function named(name: string, description: string): string {
  return JSON.stringify({ name, description, trust: 'safe', system_prompt: 'p' })
}
