import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { journalFolderFor } from '#shared/edits/write'
import { breakSandbox } from '../support/broken-sandbox'
import { runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

/** One small file per language, a patch that is right, and one that does not parse. */
const LANGUAGES = [
  ['TypeScript', 'src/a.ts', 'export const a = 1\n', 'a = 1', 'a = 2', 'a = (2'],
  ['JavaScript', 'src/a.js', 'export const a = 1\n', 'a = 1', 'a = 2', 'a = {2'],
  ['Go', 'a.go', 'package a\n\nfunc A() int {\n\treturn 1\n}\n', 'return 1', 'return 2', 'return 2 }'],
  ['Python', 'a.py', 'def a():\n    return 1\n', '    return 1', '    return 2', '  return (2'],
  ['Rust', 'src/lib.rs', 'pub fn a() -> i32 {\n    1\n}\n', '    1\n', '    2\n', '    2 }\n'],
] as const

describe.each(LANGUAGES)('kode run on %s', (_, path, text, from, good, bad) => {
  test('a patch that passes is written', async () => {
    const { root, env } = await projectWith([hunks([modify(path, from, good)])], { [path]: text })
    const end = await runCli(['run', 'change', 'it'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      schema_version: 1,
      command: 'run',
      task_id: 'change it',
      status: 'PASS',
      rounds_used: 1,
      applied_hunks: ['hunk-1'],
      applied_files: [path],
      failed_hunks: {},
    })
    expect(readFileSync(join(root, path), 'utf8')).toBe(text.replace(from, good))
  })

  test('a patch that does not parse is repaired in round 2', async () => {
    const script = [hunks([modify(path, from, bad)]), hunks([modify(path, from, good)])]
    const { root, env, model } = await projectWith(script, { [path]: text })
    const end = await runCli(['run', 'change it'], { cwd: root, env })
    const summary = JSON.parse(end.stdout)
    expect(summary).toMatchObject({
      status: 'PASS',
      rounds_used: 2,
      failed_hunks: {},
      repaired: { 'hunk-1': expect.stringMatching(/^syntax: /) },
    })
    expect(summary.rounds[0]).toMatchObject({
      status: 'FAIL',
      failed_hunks: { 'hunk-1': expect.stringMatching(/^syntax: /) },
    })
    const repair = JSON.stringify(model.requests[1]?.body.messages.at(-1))
    expect(repair).toContain('syntax')
    expect(repair).toContain(path)
  })

  test('a patch that never parses is never written', async () => {
    const variants = ['', ' ', '  '].map(space => hunks([modify(path, from, `${bad}${space}`)]))
    const { root, env } = await projectWith(variants, { [path]: text })
    const before = treeHash(root)
    const end = await runCli(['run', 'change it'], { cwd: root, env })
    expect(end.code).toBe(1)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'FAIL',
      rounds_used: 3,
      applied_hunks: [],
      applied_files: [],
      repaired: {},
      failed_files: { [path]: expect.arrayContaining([expect.objectContaining({ gate: 'syntax', file: path })]) },
    })
    expect(treeHash(root)).toBe(before)
  })
})

describe('a patch of which some hunks are at fault', () => {
  const text = "import { join } from 'node:path'\n\nexport const a = 1\nexport const b = 2\nexport const c = 3\n"
  const patch = [
    { ...modify('src/a.ts', 'a = 1', "a = join('x', 'y')"), id: 'sound' },
    { ...modify('src/a.ts', 'b = 2', 'b = jion()'), id: 'guilty' },
    { ...modify('src/a.ts', 'c = 3', 'c = a'), id: 'also-sound' },
    { ...modify('src/other.ts', '0', '1'), id: 'elsewhere' },
  ]
  const files = { 'src/a.ts': text, 'src/other.ts': 'export const other = 0\n' }

  test('only those are named, and the model hears which to keep', async () => {
    const { root, env, model } = await projectWith([hunks(patch), hunks(patch)], files)
    const end = await runCli(['run', 'change it'], { cwd: root, env })
    expect(Object.keys(JSON.parse(end.stdout).failed_hunks)).toEqual(['guilty'])
    const repair = JSON.stringify(model.requests[1]?.body.messages.at(-1))
    expect(repair).toContain('At fault: guilty. Keep as they are: sound, also-sound, elsewhere.')
    expect(readFileSync(join(root, 'src/other.ts'), 'utf8')).toBe(files['src/other.ts'])
  })

  test('one that others build on is not blamed for them', async () => {
    const built = [
      { ...modify('src/a.ts', 'a = 1', 'a = 1\nexport function first() {\n  return 1\n}'), id: 'base' },
      { ...modify('src/a.ts', 'return 1', 'return jion()'), id: 'guilty' },
    ]
    const { root, env } = await projectWith([hunks(built), hunks(built)], files)
    const end = await runCli(['run', 'change it'], { cwd: root, env })
    expect(Object.keys(JSON.parse(end.stdout).failed_hunks)).toEqual(['guilty'])
  })

  test('with --partial the others land, and the exit code still says FAIL', async () => {
    const { root, env } = await projectWith([hunks(patch), hunks(patch)], files)
    const end = await runCli(['run', '--partial', 'change it'], { cwd: root, env })
    expect(end.code).toBe(1)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'FAIL',
      applied_hunks: ['sound', 'also-sound', 'elsewhere'],
      applied_files: ['src/a.ts', 'src/other.ts'],
      failed_hunks: { guilty: expect.stringMatching(/^calls: .*jion/) },
      error: expect.stringContaining('3 of 4 hunks landed (--partial)'),
    })
    expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(
      text.replace('a = 1', "a = join('x', 'y')").replace('c = 3', 'c = a'),
    )
  })

  test('with --partial nothing lands that does not pass without the rest', async () => {
    const needed = [
      { ...modify('src/a.ts', 'a = 1', 'a = (1'), id: 'broken' },
      { ...modify('src/a.ts', 'b = 2', 'b = 2)'), id: 'broken-too' },
    ]
    const { root, env } = await projectWith([hunks(needed), hunks(needed)], files)
    const before = treeHash(root)
    const end = await runCli(['run', '--partial', 'change it'], { cwd: root, env })
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'FAIL', applied_hunks: [], applied_files: [] })
    expect(treeHash(root)).toBe(before)
  })
})

test('what was refused in several runs, and repaired there, is told to the next one', async () => {
  const [path, text] = ['src/a.ts', "import { join } from 'node:path'\n\nexport const a = 1\n"]
  const [bad, good] = [hunks([modify(path, 'a = 1', 'a = jion()')]), hunks([modify(path, 'a = 1', "a = join('x')")])]
  const back = hunks([modify(path, "a = join('x')", 'a = 1')])
  const { root, env, model } = await projectWith([bad, good, back, bad, good, back], { [path]: text })
  const prompts: string[] = []
  for (const _ of [1, 2, 3, 4]) {
    const asked = model.requests.length
    await runCli(['run', 'change it'], { cwd: root, env })
    prompts.push(JSON.stringify(model.requests[asked]?.body.messages))
  }
  const warnings = prompts.map(prompt => prompt.includes('again and again; avoid it'))
  expect(warnings).toEqual([false, false, false, true])
  expect(prompts[3]).toContain('- calls: ')
  expect(prompts[3]).toContain('jion')
})

test('the budget ends a run where the provider counts nothing, too', async () => {
  const content = hunks([modify('a.ts', '1', '(')]).text
  const piece = { choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }] }
  const body = `data: ${JSON.stringify(piece)}\n\ndata: [DONE]\n\n`
  const uncounted = { raw: { body, contentType: 'text/event-stream' } }
  const files = { 'a.ts': 'export const a = 1\n', '.kode/kode.json': '{ "engine": { "token_budget_usd": 0.0001 } }' }
  const { root, env, model } = await projectWith([uncounted, uncounted], files)
  const end = await runCli(['run', 'change it'], { cwd: root, env: { ...env, KODE_LLM_MODEL: 'gpt-4o' } })
  expect(end.code, end.stderr).toBe(3)
  expect(model.requests).toHaveLength(1)
  expect(JSON.parse(end.stdout)).toMatchObject({
    cost_usd: null,
    error: expect.stringMatching(/^stopped after about \$0\.00.*\(engine\.token_budget_usd 0\.0001\)$/),
  })
})

test.each([
  ['openai', true],
  ['deepseek', false],
])('%s is asked for hunks of a schema: %s', async (provider, isAsked) => {
  const patch = { text: JSON.stringify({ hunks: [modify('src/a.ts', '1', '2')] }) }
  const { root, env, model } = await projectWith([patch], { 'src/a.ts': 'export const a = 1\n' })
  const end = await runCli(['run', 'change it'], { cwd: root, env: { ...env, KODE_PROVIDER: provider } })
  expect(end.code, end.stderr).toBe(0)
  const response_format = model.requests[0]?.body.response_format
  expect(response_format !== undefined).toBe(isAsked)
  if (isAsked) expect(response_format).toMatchObject({ json_schema: { schema: { required: ['hunks'] } } })
})

describe('replies as models write them', () => {
  const good = modify('a.ts', '1', '2')
  test.each([
    [
      'prose and a fence around it',
      `Sure! Here it is:\n\n\`\`\`json\n${JSON.stringify([good])}\n\`\`\`\nHope it helps.`,
    ],
    ['one object', JSON.stringify(good)],
    ['an object with hunks', JSON.stringify({ hunks: [good] })],
    [
      'a search/replace block',
      'a.ts\n<<<<<<< SEARCH\nexport const a = 1\n=======\nexport const a = 2\n>>>>>>> REPLACE\n',
    ],
    ['a unified diff', '--- a/a.ts\n+++ b/a.ts\n@@ -1 +1 @@\n-export const a = 1\n+export const a = 2\n'],
  ])('%s', async (_, text) => {
    const { root, env } = await projectWith([{ text }], { 'a.ts': 'export const a = 1\n' })
    const end = await runCli(['run', 'change it'], { cwd: root, env })
    expect(end.code, end.stdout + end.stderr).toBe(0)
    expect(readFileSync(join(root, 'a.ts'), 'utf8')).toBe('export const a = 2\n')
  })
})

describe('what is refused leaves every file as it was', () => {
  const outside = (path: string) => ({ id: 'hunk-1', file_path: path, action: 'CREATE', new_text: 'x\n' })
  test.each([
    ['prose without hunks', 'I would change line 1.', /no hunks/i],
    ['an invalid hunk', JSON.stringify([{ id: 'hunk-1', file_path: 'a.ts', action: 'CHANGE' }]), /action|CHANGE/i],
    ['an anchor that is not there', JSON.stringify([modify('a.ts', 'nowhere', 'x')]), /nowhere|anchor|not found/i],
    ['an anchor that is there twice', JSON.stringify([modify('twice.ts', 'same()', 'x()')]), /2|twice|times|lines/i],
    ['a path above the project', JSON.stringify([outside('../escape.ts')]), /outside the project/],
    ['an absolute path', JSON.stringify([outside('/tmp/escape.ts')]), /outside the project/],
    ['a path through a link', JSON.stringify([outside('link/escape.ts')]), /outside the project/],
    ["git's own files", JSON.stringify([outside('.git/hooks/pre-commit')]), /git|protected/i],
    ['a binary file', JSON.stringify([modify('binary.ts', 'a', 'b')]), /binary/],
    ['a huge file', JSON.stringify([modify('huge.ts', 'a', 'b')]), /too large/],
    [
      'one good and one bad hunk',
      JSON.stringify([modify('a.ts', '1', '2'), { ...modify('a.ts', 'nowhere', 'x'), id: 'hunk-2' }]),
      /nowhere|anchor|not found/i,
    ],
  ])('%s', async (_, text, message) => {
    const { root, env } = await projectWith([{ text }, { text }, { text }], {
      'a.ts': 'export const a = 1\n',
      'twice.ts': 'same()\nsame()\n',
      'binary.ts': new Uint8Array([97, 0, 1, 2, 255, 254]),
      'huge.ts': new Uint8Array(34_000_000).fill(97),
    })
    mkdirSync(join(root, '..', 'elsewhere'))
    symlinkSync(join(root, '..', 'elsewhere'), join(root, 'link'))
    const before = treeHash(root)
    const end = await runCli(['run', 'change it'], { cwd: root, env })
    expect(end.code).toBe(1)
    const summary = JSON.parse(end.stdout)
    expect(summary.status).toBe('FAIL')
    expect(JSON.stringify([summary.failed_hunks, summary.failed_files, summary.results])).toMatch(message)
    expect(treeHash(root)).toBe(before)
    expect(existsSync(join(root, '..', 'escape.ts'))).toBe(false)
  })

  test('a provider that fails: 5, with the summary', async () => {
    const { root, env } = await projectWith([{ error: { status: 401, message: 'bad key' } }], { 'a.ts': '1\n' })
    const end = await runCli(['run', 'x'], { cwd: root, env })
    expect(end.code).toBe(5)
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'FAIL', error: expect.stringMatching(/401/) })
  })

  test('a mode that forbids it: 4', async () => {
    const { root, env } = await projectWith([hunks([modify('a.ts', '1', '2')])], { 'a.ts': '1\n' })
    const end = await runCli(['run', '--mode', 'safe', 'x'], { cwd: root, env })
    expect(end.code).toBe(4)
    expect(readFileSync(join(root, 'a.ts'), 'utf8')).toBe('1\n')
  })
})

test('every run leaves one line in the audit log, FAIL too', async () => {
  const { root, env } = await projectWith([hunks([modify('a.ts', '1', '2')]), { text: 'no' }, { text: 'no' }], {
    'a.ts': '1\n',
  })
  await runCli(['run', 'good'], { cwd: root, env })
  await runCli(['run', 'bad'], { cwd: root, env })
  const lines = readFileSync(join(root, 'logs/kode.log'), 'utf8').trimEnd().split('\n')
  const entries = lines.map(line => JSON.parse(line))
  expect(entries).toMatchObject([
    { task_id: 'good', status: 'PASS', command: 'run', files: ['a.ts'], rounds_used: 1 },
    { task_id: 'bad', status: 'FAIL', command: 'run', gate: 'diff_applier' },
  ])
})

test('generate prints the hunks and writes nothing', async () => {
  const { root, env } = await projectWith([hunks([modify('a.ts', '1', '2')])], { 'a.ts': '1\n' })
  const end = await runCli(['generate', 'x'], { cwd: root, env })
  expect(JSON.parse(end.stdout)).toMatchObject([{ id: 'hunk-1', action: 'MODIFY' }])
  expect(readFileSync(join(root, 'a.ts'), 'utf8')).toBe('1\n')
})

test.each([
  ['--partial', ['--partial'], /--partial works with --apply/],
  ['--output-format', ['--output-format', 'stream-json'], /--output-format works with --apply/],
])('generate refuses %s, which does nothing without --apply', async (_, flags, message) => {
  const { root, env, model } = await projectWith([hunks([modify('a.ts', '1', '2')])], { 'a.ts': '1\n' })
  const end = await runCli(['generate', ...flags, 'x'], { cwd: root, env })
  expect(end).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
  expect(model.requests).toHaveLength(0)
})

describe('kode loop', () => {
  const files = {
    'package.json': '{ "name": "p", "type": "module", "scripts": { "test": "node --test" } }\n',
    'a.js': 'export const a = 1\n',
    'kept.txt': 'as it was\n',
    'a.test.js': `import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { a } from './a.js'
test('a is 2', () => {
  writeFileSync('kept.txt', 'overwritten by the test')
  writeFileSync('litter.txt', 'left by the test')
  if (a !== 2) throw new Error('a is ' + a)
})
`,
  }

  test('green: the patch stays', async () => {
    const { root, env } = await projectWith([hunks([modify('a.js', '1', '2')])], files)
    const end = await runCli(['loop', 'make it 2'], { cwd: root, env })
    expect(end.code, end.stdout).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      command: 'loop',
      status: 'PASS',
      rolled_back: false,
      test: { command: 'npm test', passed: true },
    })
  })

  test('red: everything is as before, what the tests wrote included', async () => {
    const { root, env } = await projectWith([hunks([modify('a.js', '1', '3')])], files)
    const before = treeHash(root)
    const end = await runCli(['loop', 'make it 2'], { cwd: root, env })
    expect(end.code).toBe(1)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'FAIL',
      rolled_back: true,
      applied_files: [],
      test: { passed: false, failed_tests: ['a is 2'], output: expect.stringContaining('a is 3') },
    })
    expect(treeHash(root)).toBe(before)
  })

  test('where nobody could see what the tests write, they do not run, and nothing stays', async () => {
    const { root, env } = await projectWith([hunks([modify('a.js', '1', '2')])], files)
    const before = treeHash(root)
    mkdirSync(join(journalFolderFor(join(root, '../.config/kode'), root), 'shadow/index.jsonl'), { recursive: true })
    const end = await runCli(['loop', 'make it 2'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(1)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'FAIL',
      rolled_back: true,
      error: expect.stringMatching(/^what commands write here cannot be watched: .* \(rolled back\)$/),
    })
    expect(treeHash(root)).toBe(before)
  })

  test('where no sandbox works, tests run only when the user says so: 4, before a model is asked', async () => {
    const { root, env, model } = await projectWith([hunks([modify('a.js', '1', '2')])], files)
    const broken = { ...env, ...breakSandbox(root) }
    const refused = await runCli(['loop', 'make it 2'], { cwd: root, env: broken })
    expect(refused.code).toBe(4)
    expect(refused.stderr).toMatch(/npm test was not run: bubblewrap does not work here.*--no-sandbox/s)
    expect(model.requests).toHaveLength(0)
    const end = await runCli(['loop', '--no-sandbox', 'make it 2'], { cwd: root, env: broken })
    expect(end.code, end.stderr).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({ test: { passed: true } })
  })

  test('red, then repaired with what the tests said', async () => {
    const script = [hunks([modify('a.js', '1', '3')]), hunks([modify('a.js', '1', '2')])]
    const { root, env, model } = await projectWith(script, files)
    const end = await runCli(['loop', '--attempts', '2', 'make it 2'], { cwd: root, env })
    expect(end.code, end.stdout).toBe(0)
    expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('a is 3')
    expect(readFileSync(join(root, 'a.js'), 'utf8')).toBe('export const a = 2\n')
  })

  test.each([
    ['the tests', [], 'test: sleep'],
    ['the new tests, which must fail,', ['--tdd'], 'test first: '],
  ])('--timeout while %s run rolls back: 3', async (_, flags, mark) => {
    const patch = [modify('a.js', '1', '2'), { id: 'test', file_path: 'b.test.js', action: 'CREATE', new_text: '\n' }]
    const { root, env } = await projectWith([hunks(patch)], files)
    const before = treeHash(root)
    const words = ['loop', '--timeout', '8', '--test-command', 'sleep 50', ...flags, 'make it 2']
    const end = await runCli(words, { cwd: root, env })
    expect(end.code, end.stderr).toBe(3)
    expect(end.stderr).toContain(mark)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'FAIL',
      rolled_back: true,
      error: 'stopped after 8 s (--timeout); rolled back',
    })
    expect(treeHash(root)).toBe(before)
  })

  test.each([
    [
      'tests fail',
      1,
      ['--test-command', 'touch ran; sleep 2; false'],
      /^tests failed after .*; what commands write here/,
    ],
    [
      'time is up',
      3,
      ['--timeout', '8', '--test-command', 'touch ran; sleep 50'],
      /^stopped after 8 s .*; what commands/,
    ],
  ])('where %s, and what they wrote can no longer be seen, nobody is told that all is as before', async (...row) => {
    const [, code, flags, error] = row
    const { root, env } = await projectWith([hunks([modify('a.js', '1', '3')])], files)
    const shadow = join(journalFolderFor(join(root, '../.config/kode'), root), 'shadow/index.jsonl')
    const waiting = setInterval(() => {
      if (!existsSync(join(root, 'ran'))) return
      clearInterval(waiting)
      rmSync(shadow)
      mkdirSync(shadow)
    }, 20)
    onTestFinished(() => clearInterval(waiting))
    const end = await runCli(['loop', ...flags, 'make it 2'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(code)
    expect(JSON.parse(end.stdout)).toMatchObject({ rolled_back: false, error: expect.stringMatching(error) })
    expect(readFileSync(join(root, 'a.js'), 'utf8')).toBe(files['a.js'])
  })

  test('Ctrl-C while the tests run rolls back', async () => {
    const { root, env } = await projectWith([hunks([modify('a.js', '1', '2')])], files)
    const before = treeHash(root)
    let isKilled = false
    const end = await runCli(['loop', '--test-command', 'sleep 50', 'make it 2'], {
      cwd: root,
      env,
      onStderr(text, kill) {
        if (isKilled || !text.includes('test: sleep')) return
        isKilled = true
        setTimeout(() => kill('SIGINT'), 100)
      },
    })
    expect(end.code).toBe(130)
    expect(treeHash(root)).toBe(before)
  })
})

describe('kode verify', () => {
  const source = { 'a.ts': 'export const a = 1\n' }
  const verify = (root: string, input: unknown, ...more: string[]) =>
    runCli(['verify', '--input', '-', ...more], {
      cwd: root,
      input: typeof input === 'string' ? input : JSON.stringify(input),
    })

  test.each([
    ['hunks that pass', { hunks: [modify('a.ts', '1', '2')] }, 0, { status: 'PASS', applied_hunks: ['hunk-1'] }],
    ['a bare array of hunks', [modify('a.ts', '1', '2')], 0, { status: 'PASS' }],
    [
      'hunks that do not parse',
      { hunks: [modify('a.ts', '1', '(')] },
      1,
      { status: 'FAIL', failed_hunks: { 'hunk-1': expect.stringMatching(/^syntax/) } },
    ],
    ['files that pass', { files: { 'b.py': 'x = 1\n' } }, 0, { status: 'PASS', applied_hunks: ['b.py'] }],
    [
      'one good and one bad file',
      { files: { 'b.py': 'x = 1\n', 'c.go': 'package c\nfunc {' } },
      1,
      { status: 'FAIL', applied_hunks: ['b.py'], failed_hunks: { 'c.go': expect.stringMatching(/^syntax/) } },
    ],
    [
      'other originals than on the disk',
      { hunks: [modify('a.ts', 'seven', '8')], original_files: { 'a.ts': 'export const a = seven\n' } },
      0,
      { status: 'PASS' },
    ],
  ])('%s', async (_, input, code, expected) => {
    const root = tempProject(source)
    const before = treeHash(root)
    const end = await verify(root, input)
    expect(end.code, end.stdout + end.stderr).toBe(code)
    expect(JSON.parse(end.stdout)).toMatchObject({ command: 'verify', task_id: 'verify', ...expected })
    expect(treeHash(root)).toBe(before)
  })

  test.each([
    ['nothing to verify', {}, /nothing to verify/],
    ['no JSON', '{ not json', /not valid JSON/],
    ['wrong types', { files: ['a'] }, /files: expected an object of paths/],
  ])('%s is an error without a summary', async (_, input, message) => {
    const end = await verify(tempProject(source), input)
    expect(end.code).toBe(1)
    expect(end.stdout).toBe('')
    expect(end.stderr).toMatch(message)
  })

  test('a unified diff, what is staged, and everything since a commit', async () => {
    const { execFileSync } = await import('node:child_process')
    const { gitInit } = await import('../support/temp-project')
    const root = tempProject(source)
    gitInit(root)
    const diff = '--- a/a.ts\n+++ b/a.ts\n@@ -1 +1 @@\n-export const a = 1\n+export const a = (1\n'
    const patched = await runCli(['verify', '--diff', '-'], { cwd: root, input: diff })
    expect(JSON.parse(patched.stdout)).toMatchObject({ status: 'FAIL', failed_files: { 'a.ts': [{ gate: 'syntax' }] } })

    writeFileSync(join(root, 'a.ts'), 'export const a = (1\n')
    writeFileSync(join(root, 'new.py'), 'def f(:\n')
    const base = await runCli(['verify', '--base', 'HEAD'], { cwd: root })
    expect(Object.keys(JSON.parse(base.stdout).failed_files).sort()).toEqual(['a.ts', 'new.py'])
    const nothingStaged = await runCli(['verify', '--staged'], { cwd: root })
    expect(nothingStaged.code).toBe(0)
    execFileSync('git', ['add', 'new.py'], { cwd: root })
    const staged = await runCli(['verify', '--staged'], { cwd: root })
    expect(Object.keys(JSON.parse(staged.stdout).failed_files)).toEqual(['new.py'])
  })

  test('the report formats carry the finding', async () => {
    const root = tempProject(source)
    const input = { files: { 'c.go': 'package c\nfunc {' } }
    const sarif = JSON.parse((await verify(root, input, '--format', 'sarif')).stdout)
    expect(sarif.runs[0].results[0]).toMatchObject({
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'c.go' } } }],
    })
    expect((await verify(root, input, '--format', 'junit')).stdout).toMatch(
      /<testcase classname="kode" name="syntax"[^>]*>\s*<failure/,
    )
    expect((await verify(root, input, '--format', 'github')).stdout).toMatch(/^::error file=c\.go,line=2/m)
    expect((await verify(root, input, '--format', 'text')).stdout).toMatch(/✗ syntax.*\n\s+c\.go:2:/)
  })
})

test('a read-only file is not replaced behind its back', async () => {
  const { root, env } = await projectWith([hunks([modify('a.ts', '1', '2')])], { 'a.ts': '1\n' })
  chmodSync(join(root, 'a.ts'), 0o444)
  const end = await runCli(['run', 'x'], { cwd: root, env })
  expect(end.code).toBe(1)
  expect(JSON.parse(end.stdout).error).toMatch(/a\.ts.*(read-only|permission|denied)/i)
  expect(readFileSync(join(root, 'a.ts'), 'utf8')).toBe('1\n')
})

async function projectWith(script: Script, files: Readonly<Record<string, string | Uint8Array>>) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject(files)
  return { root, model, env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' } }
}

function modify(path: string, from: string, to: string) {
  return { id: 'hunk-1', file_path: path, action: 'MODIFY', anchor_text: from, new_text: to }
}

function hunks(list: readonly object[]) {
  return { text: JSON.stringify(list) }
}
