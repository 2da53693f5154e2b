import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CLI, runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

describe('kode undo', () => {
  test('takes back what a turn changed, the shell included, and redo brings it back', async () => {
    const { root, env } = await projectWith(
      [
        { toolCalls: [{ name: 'Write', arguments: { file_path: 'new.txt', content: 'new\n' } }] },
        { toolCalls: [{ name: 'Bash', arguments: { command: 'echo changed > old.txt' } }] },
        { text: 'done' },
      ],
      { 'old.txt': 'old\n' },
    )
    const before = treeHash(root)
    const turn = await runCli(['--output-format', 'json', 'do it'], { cwd: root, env })
    expect(JSON.parse(turn.stdout).changes).toEqual([
      { path: 'new.txt', status: 'created' },
      { path: 'old.txt', status: 'modified' },
    ])
    const after = treeHash(root)
    const dry = await runCli(['undo', '--dry-run', '--json'], { cwd: root, env })
    expect(dry.code).toBe(0)
    expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true, turns: [{ turn: 1 }] })
    expect(treeHash(root)).toBe(after)
    expect((await runCli(['undo'], { cwd: root, env })).code).toBe(0)
    expect(treeHash(root)).toBe(before)
    expect((await runCli(['undo', '--dry-run'], { cwd: root, env })).code).toBe(1)
    expect((await runCli(['undo', '--redo'], { cwd: root, env })).code).toBe(0)
    expect(treeHash(root)).toBe(after)
  })

  test('keeps a file that somebody changed since, and says so', async () => {
    const { root, env } = await projectWith(
      [
        {
          toolCalls: [
            { name: 'Edit', arguments: { file_path: 'a.txt', replacements: [{ old_str: 'a', new_str: 'b' }] } },
          ],
        },
        { text: 'done' },
      ],
      { 'a.txt': 'a\n' },
    )
    await runCli(['do it'], { cwd: root, env })
    writeFileSync(join(root, 'a.txt'), 'mine\n')
    const kept = JSON.parse((await runCli(['undo', '--json'], { cwd: root, env })).stdout)
    expect(kept.kept).toMatchObject([{ path: 'a.txt', diff: expect.stringContaining('mine') }])
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('mine\n')
  })
})

describe('kode trust check', () => {
  test('tells class and decisions as JSON', async () => {
    const end = await runCli(['trust', 'check', '--json', '--', 'git', 'push', '--force'], { cwd: tempProject() })
    expect(end.code).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      schema_version: 1,
      command: 'git push --force',
      parsed: true,
      class: 'destructive',
      decisions: { plan: 'deny', safe: 'ask', auto: 'ask', headless: 'deny', sub_agent: { plan: 'deny' } },
    })
  })

  test.skipIf(process.platform !== 'linux')('hundreds of lines take no more memory than a few', async () => {
    const cwd = tempProject()
    const env = { PATH: process.env.PATH ?? '', HOME: join(cwd, '..') }
    const child = spawn(process.execPath, [CLI, 'trust', 'check', '--stdin'], {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = Array.from({ length: 300 }, (_, index) => `for f in *.txt; do grep -c x "$f" | head -${index}; done`)
    child.stdin.end(lines.map(line => `${JSON.stringify(line)}\n`).join(''))
    child.stdout.resume()
    let peakKb = 0
    const look = setInterval(() => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peakKb)
    }, 10)
    child.on('exit', () => clearInterval(look))
    await once(child, 'close')
    expect(peakKb).toBeGreaterThan(10_000)
    // 90 MB; more than 600 where V8 optimises the grammar.
    expect(peakKb).toBeLessThan(200_000)
  })

  test('--stdin answers line by line, whatever comes', async () => {
    const lines = ['"ls"', '"rm -rf /"', 'no json', '""', '', '"echo \\"unterminated"', '42']
    const end = await runCli(['trust', 'check', '--stdin'], { cwd: tempProject(), input: `${lines.join('\n')}\n` })
    const answers = end.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(answers).toHaveLength(lines.length)
    expect(answers.map(answer => answer.decisions.headless)).toEqual([
      'allow',
      'deny',
      'deny',
      'allow',
      'deny',
      'deny',
      'deny',
    ])
  })
})

describe('kode trust rules', () => {
  test('are added, listed with their source, used by trust check, and revoked', async () => {
    const root = tempProject({
      '.kode/kode.json': '{ "trust": { "rules": ["deny remote_action", "allow destructive rm"] } }',
    })
    const env = { KODE_CONFIG_DIR: join(root, '..', 'config') }
    expect((await runCli(['trust', 'rules', 'add', 'allow', 'local_mutation', 'npm'], { cwd: root, env })).code).toBe(0)
    expect((await runCli(['trust', 'rules', 'add', 'allow', 'everything'], { cwd: root, env })).code).toBe(1)

    const listed = JSON.parse((await runCli(['trust', 'rules', '--json'], { cwd: root, env })).stdout)
    expect(listed).toMatchObject({
      rules: [
        { rule: 'deny remote_action', source: 'workspace' },
        { rule: 'allow local_mutation npm', source: 'user' },
      ],
      problems: [expect.stringContaining('may only tighten')],
    })
    const decisions = async (line: string) => {
      const end = await runCli(['trust', 'check', '--json', '--', line], { cwd: root, env })
      return JSON.parse(end.stdout).decisions
    }
    expect(await decisions('npm test')).toMatchObject({ plan: 'deny', safe: 'allow', auto: 'allow' })
    expect(await decisions('git push')).toMatchObject({ safe: 'deny', auto: 'deny' })

    expect((await runCli(['trust', 'rules', 'revoke', 'allow local_mutation npm'], { cwd: root, env })).code).toBe(0)
    expect(await decisions('npm test')).toMatchObject({ safe: 'ask' })
  })
})

describe('kode sandbox run', () => {
  test.each([
    [[], 'allow-list'],
    [['--net', 'allow-list'], 'allow-list'],
    [['--net', 'none'], 'none'],
  ])('%j reaches %s', async (flags, mode) => {
    const root = tempProject({ 'package.json': '{}' })
    const env = { KODE_ALLOW_NET: 'intranet.example, *.example.org' }
    const check = JSON.parse((await runCli(['sandbox', 'check', '--json', ...flags], { cwd: root, env })).stdout)
    expect(check.policy.network.mode).toBe(mode)
    const hosts = ['registry.npmjs.org', 'registry.yarnpkg.com', 'intranet.example', '*.example.org']
    expect(check.policy.network.allow).toEqual(mode === 'none' ? [] : hosts)
    const run = await runCli(['sandbox', 'run', ...flags, '--', 'test -n "$HTTPS_PROXY"'], { cwd: root, env })
    expect(run.code).toBe(mode === 'none' ? 1 : 0)
  })

  test('another --net is a usage error', async () => {
    expect((await runCli(['sandbox', 'run', '--net', 'open', '--', 'true'], { cwd: tempProject() })).code).toBe(2)
  })

  test('passes output and exit code through, and holds the wall', async () => {
    const root = tempProject()
    const end = await runCli(
      ['sandbox', 'run', '--', 'echo out; echo err >&2; touch inside; touch ../outside; exit 7'],
      { cwd: root },
    )
    expect(end).toMatchObject({ code: 7, stdout: 'out\n' })
    expect(end.stderr).toContain('err')
    expect(existsSync(join(root, 'inside'))).toBe(true)
    expect(existsSync(join(root, '../outside'))).toBe(false)
  })

  test('check tells the effective policy', async () => {
    const end = await runCli(['sandbox', 'check', '--json'], { cwd: tempProject() })
    expect(JSON.parse(end.stdout)).toMatchObject({ schema_version: 1, level: 'bubblewrap' })
  })
})

test.each([
  ['go.mod', 'module x\n', 'go test ./...'],
  ['Cargo.toml', '[package]\n', 'cargo test'],
  ['package.json', '{"scripts":{"test":"vitest"}}', 'npm test'],
  ['pnpm-lock.yaml', '', 'pnpm test'],
  ['pyproject.toml', '', 'pytest'],
  ['Makefile', 'all:\ntest:\n\techo\n', 'make test'],
  ['notes.txt', '', undefined],
])('kode init with %s', async (file, content, command) => {
  const root = tempProject({ [file]: content })
  expect((await runCli(['init'], { cwd: root })).code).toBe(0)
  const written = readFileSync(join(root, '.kode/kode.json'), 'utf8')
  expect(JSON.parse(written).engine.test_command).toBe(command)
  expect((await runCli(['init'], { cwd: root })).stdout).toContain('is there already')
  expect(readFileSync(join(root, '.kode/kode.json'), 'utf8')).toBe(written)
})

test('kode stats sums up the log and survives broken lines', async () => {
  const root = tempProject()
  mkdirSync(join(root, 'logs'))
  const entry = (status: string, more: object) =>
    JSON.stringify({
      timestamp: '2026-01-02T03:04:05Z',
      task_id: 't',
      status,
      rounds_used: 1,
      duration_ms: 10,
      command: 'run',
      version: '1',
      ...more,
    })
  const lines = [
    entry('PASS', { files: ['a.ts'], model: 'm', failures: null, cost_usd: 'much' }),
    entry('FAIL', { files: 'none', failures: { 'hunk-1': 3 }, model: 4 }).replace(
      '"duration_ms":10',
      '"duration_ms":"?"',
    ),
    '{ broken',
    '',
    entry('FAIL', { files: ['b.ts'], failures: { 'hunk-1': 'syntax: no', 'hunk-2': 'syntax: no' }, model: 7 }),
  ]
  writeFileSync(join(root, 'logs/kode.log'), lines.join('\n'))
  const stats = JSON.parse((await runCli(['stats', '--json'], { cwd: root })).stdout)
  expect(stats).toMatchObject({
    total: 2,
    passed: 1,
    failed: 1,
    average_duration_ms: 10,
    failures_by_gate: [{ gate: 'syntax', count: 1, percent_of_failed: 100 }],
    most_failed_files: [{ path: 'b.ts', count: 1 }],
    models: [{ model: 'm', count: 1, percent: 50 }],
    recent: ['PASS', 'FAIL'],
  })
  expect((await runCli(['stats'], { cwd: root })).stdout).toContain('2 verdicts: 1 (50.0 %) passed')
  writeFileSync(join(root, 'logs/kode.log'), entry('PASS', {}))
  const one = await runCli(['stats'], { cwd: root })
  expect(one.stdout).toContain('1 verdict: 1 (100.0 %) passed')
  const page = await runCli(['stats', '--html'], { cwd: root })
  expect(page.stdout).toContain('<b>1</b>verdict<')
  expect((await runCli(['stats', '--log-dir', 'nowhere'], { cwd: root })).code).toBe(1)
})

test('kode doctor names what is missing and how to mend it', async () => {
  const end = await runCli(['doctor', '--json'], { cwd: tempProject() })
  expect(end.code).toBe(1)
  const { checks } = JSON.parse(end.stdout)
  expect(checks).toContainEqual(expect.objectContaining({ name: 'sandbox', status: 'ok' }))
  expect(checks).toContainEqual(
    expect.objectContaining({ name: 'model', status: 'error', message: expect.stringMatching(/API_KEY/) }),
  )
})

test.each(['bash', 'zsh', 'fish'])('the %s completion script names every command', async shell => {
  const { stdout } = await runCli(['completion', shell], { cwd: tempProject() })
  for (const name of ['run', 'loop', 'verify', 'undo', 'sessions', 'trust', 'server', 'mcp'])
    expect(stdout).toContain(name)
})

test('kode --help names every command, flag and exit code', async () => {
  const { stdout } = await runCli(['--help'], { cwd: tempProject() })
  for (const word of ['--agent', '--resume', '--provider', '--model', '--prompt', '--output-format', 'verify', '130']) {
    expect(stdout).toContain(word)
  }
})

async function projectWith(script: Script, files: Readonly<Record<string, string>>) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject(files)
  return { root, model, env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' } }
}
