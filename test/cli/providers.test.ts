import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FAKE_SECRET_TOOL } from '../support/fake-keychain'
import { runCli } from '../support/run-cli'
import { type Script, type ScriptedOptions, startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

const KEY = 'a-real-key-4711'

test('a key is tried, kept for the user alone, used, and forgotten', async () => {
  const { root, server } = await setUp([{ text: 'Hello.' }], { apiKey: KEY })
  const before = treeHash(root)
  const env = { KODE_BASE_URL: server.url, KODE_PROVIDER: 'groq', KODE_MODEL: 'm' }

  const login = await runCli(['providers', 'login', 'groq'], { cwd: root, env, input: `${KEY}\n` })
  expect(login).toMatchObject({ code: 0, stdout: 'the key of groq is kept\n' })
  const file = join(root, '../.config/kode/db/keys.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(treeHash(root)).toBe(before)

  const list = await runCli(['providers', 'list', '--json'], { cwd: root, env })
  const groq = JSON.parse(list.stdout).providers.find((each: { name: string }) => each.name === 'groq')
  expect(groq).toMatchObject({ has_kept_key: true, variable: null })
  expect(list.stdout).not.toContain(KEY)

  const answer = await runCli(['-p', 'hi'], { cwd: root, env })
  expect(answer).toMatchObject({ code: 0, stdout: 'Hello.\n' })
  expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`)

  expect(await runCli(['providers', 'logout', 'groq'], { cwd: root, env })).toMatchObject({ code: 0 })
  const after = await runCli(['-p', 'hi'], { cwd: root, env })
  expect(after.code).toBe(5)
  expect(after.stderr).toContain('GROQ_API_KEY')
})

test('what many processes keep at the same moment is all kept', async () => {
  const { root } = await setUp([])
  const providers = ['openai', 'anthropic', 'groq', 'mistral', 'deepseek', 'openrouter']
  const servers = providers.map(name => `server-${name}`)
  const ends = await Promise.all([
    ...providers.map(name =>
      runCli(['providers', 'login', name, '--no-check'], { cwd: root, input: `key-of-${name}` }),
    ),
    ...servers.map(name => runCli(['mcp', 'add', '--project', name, 'true'], { cwd: root })),
  ])
  expect(ends.map(end => [end.code, end.stderr])).toEqual(ends.map(() => [0, '']))
  const kept = JSON.parse(readFileSync(join(root, '../.config/kode/db/keys.json'), 'utf8'))
  expect(kept.keys).toEqual(Object.fromEntries(providers.map(name => [name, `key-of-${name}`])))
  const list = await runCli(['mcp', 'list', '--json'], { cwd: root })
  expect(
    JSON.parse(list.stdout)
      .servers.map((each: { name: string }) => each.name)
      .sort(),
  ).toEqual(servers.sort())
  expect(JSON.parse(list.stdout).waiting).toEqual([])
}, 60_000)

test('where the system has a keychain the key is in there, and nowhere else', async () => {
  const { root, server } = await setUp([{ text: 'Hello.' }, { text: 'Not asked.' }], { apiKey: KEY })
  const keychain = join(root, '../keychain')
  mkdirSync(keychain)
  writeFileSync(join(keychain, 'secret-tool'), FAKE_SECRET_TOOL, { mode: 0o755 })
  const env = {
    KODE_BASE_URL: server.url,
    KODE_PROVIDER: 'groq',
    KODE_MODEL: 'm',
    PATH: `${keychain}:${process.env.PATH}`,
    FAKE_KEYCHAIN: keychain,
  }
  const login = await runCli(['providers', 'login', 'groq', '--json'], { cwd: root, env, input: KEY })
  expect(JSON.parse(login.stdout)).toEqual({ schema_version: 1, provider: 'groq', kept: true, place: 'keychain' })
  const file = join(root, '../.config/kode/db/keys.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, keys: {}, keychain: ['groq'] })
  expect(readFileSync(join(keychain, 'secret-groq'), 'utf8')).toBe(KEY)
  expect((await runCli(['providers', 'list'], { cwd: root, env })).stdout).toMatch(/groq +key kept in the keychain/)

  expect(await runCli(['-p', 'hi'], { cwd: root, env })).toMatchObject({ code: 0, stdout: 'Hello.\n' })
  expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`)

  // A keychain that is gone is told, and does not keep another provider from working.
  const locked = { ...env, FAKE_KEYCHAIN: join(root, '../elsewhere') }
  const missing = await runCli(['-p', 'hi'], { cwd: root, env: locked })
  expect(missing).toMatchObject({ code: 5, stderr: expect.stringContaining('GROQ_API_KEY') })
  const other = { ...locked, KODE_PROVIDER: 'openai', OPENAI_API_KEY: KEY }
  const answered = await runCli(['-p', 'hi'], { cwd: root, env: other })
  expect(answered).toMatchObject({ code: 0, stderr: expect.stringContaining('unlock it') })

  expect(await runCli(['providers', 'logout', 'groq'], { cwd: root, env })).toMatchObject({ code: 0 })
  expect(existsSync(join(keychain, 'secret-groq'))).toBe(false)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, keys: {}, keychain: [] })
})

test.each([
  ['a key that the provider refuses', ['login', 'groq'], 'wrong', 5, /401.*not kept/s],
  ['no key at all', ['login', 'groq'], '', 2, /pipe it/],
  ['a provider that is misspelt', ['login', 'grok3'], 'k', 2, /did you mean/],
  ['an unknown action', ['frobnicate'], '', 2, /list, login or logout/],
])('%s is refused, and nothing is kept', async (_, words, input, code, message) => {
  const { root, server } = await setUp([], { apiKey: KEY })
  const end = await runCli(['providers', ...words], { cwd: root, env: { KODE_BASE_URL: server.url }, input })
  expect(end).toMatchObject({ code, stderr: expect.stringMatching(message) })
  expect(existsSync(join(root, '../.config/kode/db/keys.json'))).toBe(false)
})

test('when the first provider is down the next one answers, and the user is told', async () => {
  const first = await setUp(Array(5).fill({ error: { status: 503, message: 'down', retryAfter: '0' } }))
  const second = await setUp([{ text: 'From the second.' }])
  const env = {
    KODE_LLM_ENDPOINT: first.server.url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'first-model',
    KODE_FALLBACK: 'vllm/second-model',
    KODE_LOCAL_URL: second.server.url,
  }
  const end = await runCli(['-p', 'hi'], { cwd: first.root, env })
  expect(end).toMatchObject({ code: 0, stdout: 'From the second.\n' })
  expect(end.stderr).toMatch(/503.*going on with vllm\/second-model/s)
  expect(second.server.requests[0]?.body.model).toBe('second-model')
})

test('a fallback that cannot be used is a mistake in the configuration', async () => {
  const { root, server } = await setUp([{ text: 'never' }])
  const env = { KODE_LLM_ENDPOINT: server.url, KODE_LLM_API_KEY: 'k', KODE_FALLBACK: 'groq/some-model' }
  expect(await runCli(['-p', 'hi'], { cwd: root, env })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/KODE_FALLBACK.*groq.*GROQ_API_KEY/s),
  })
})

async function setUp(script: Script, options: ScriptedOptions = {}) {
  const server = await startScriptedProvider(script, options)
  onTestFinished(() => server.close())
  return { root: tempProject({ 'a.txt': 'a\n' }), server }
}
