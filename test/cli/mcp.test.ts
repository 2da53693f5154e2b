import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hostileServer, mcpJson, referenceServer } from '../support/mcp-servers'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

describe('kode mcp', () => {
  test('adds a program with flags of its own, tries it, lists it, and removes it', async () => {
    const root = tempProject()
    const { command, args } = hostileServer('hints', '--loud')
    const added = await runCli(['mcp', 'add', '-e', 'LEVEL=3', 'odd', command, ...args], { cwd: root })
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('kode mcp test odd') })
    const file = join(root, '../.config/kode/mcp.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      mcpServers: { odd: { command, args, env: { LEVEL: '3' } } },
    })
    expect(statSync(file).mode & 0o077).toBe(0)

    const tried = await runCli(['mcp', 'test', 'odd'], { cwd: root })
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/^odd: works .*\n {2}tools: echo, reads,/) })
    const listed = JSON.parse((await runCli(['mcp', 'list', '--json'], { cwd: root })).stdout)
    expect(listed).toMatchObject({ servers: [{ name: 'odd', state: 'connected', tools: 5 }], waiting: [] })

    expect((await runCli(['mcp', 'remove', 'odd'], { cwd: root })).code).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ mcpServers: {} })
  })

  test.each([
    [['mcp', 'add', 'a__b', 'true'], /cannot be the name/],
    [['mcp', 'add', 'x'], /usage: kode mcp add/],
    [['mcp', 'add-http', 'x', 'ftp://example.org'], /http or https/],
    [['mcp', 'add', '--env', 'NOVALUE', 'x', 'true'], /--env wants NAME=VALUE/],
    [['mcp', 'remove', 'nobody'], /has no server "nobody"/],
    [['mcp', 'login', 'nobody'], /there is no MCP server "nobody"/],
    [['mcp', 'frobnicate'], /there is no "mcp frobnicate"/],
  ])('%j says what is wrong', async (args, expected) => {
    const end = await runCli(args, { cwd: tempProject() })
    expect(end.code).not.toBe(0)
    expect(end.stderr).toMatch(expected)
  })

  test('a token over plain http is warned about', async () => {
    const end = await runCli(['mcp', 'add-http', 'x', 'http://example.org/mcp', '--token', 't'], { cwd: tempProject() })
    expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining('plain http') })
  })
})

describe('what a project names', () => {
  const project = () => {
    const entry = hostileServer('hints')
    return tempProject({ '.kode/mcp.json': mcpJson({ odd: entry }), 'a.txt': 'one\n' })
  }

  test('is not started before the user agreed, and again not when the file has changed', async () => {
    const root = project()
    const model = await startScriptedProvider(() => ({ text: 'hello' }))
    onTestFinished(() => model.close())
    const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
    const offered = async () => {
      const end = await runCli(['hi'], { cwd: root, env })
      const names = [...JSON.stringify(model.requests.at(-1)?.body.tools).matchAll(/"name":"(\w+__\w+)"/g)]
      return { names: names.map(match => match[1]), stderr: end.stderr }
    }
    const first = await offered()
    expect(first.names).toEqual([])
    expect(first.stderr).toMatch(
      /\.kode\/mcp\.json names MCP servers that are not started without your consent \(odd: /,
    )

    expect(await runCli(['mcp', 'allow'], { cwd: root })).toMatchObject({
      stdout: expect.stringMatching(/^allowed: odd/),
    })
    expect((await offered()).names).toContain('odd__reads')

    writeFileSync(join(root, '.kode/mcp.json'), mcpJson({ odd: { ...hostileServer('hints'), env: { LATER: '1' } } }))
    expect((await offered()).names).toEqual([])
  })

  test('what the user adds to it is allowed by that', async () => {
    const root = tempProject()
    const { command, args } = hostileServer()
    await runCli(['mcp', 'add', '--project', 'odd', command, ...args], { cwd: root })
    const listed = JSON.parse((await runCli(['mcp', 'list', '--json'], { cwd: root })).stdout)
    expect(listed).toMatchObject({ servers: [{ name: 'odd', state: 'connected' }], waiting: [] })
  })
})

test('a server sees the variables of a command and its own, not the keys of the user', async () => {
  const root = tempProject()
  mkdirSync(join(root, '../.config/kode'), { recursive: true })
  const entry = { ...referenceServer('everything'), env: { OWN: '$' + '{OWN_VALUE}-$' + '{MISSING:-default}' } }
  writeFileSync(join(root, '../.config/kode/mcp.json'), mcpJson({ everything: entry }))
  const model = await startScriptedProvider([
    { toolCalls: [{ name: 'everything__get-env', arguments: {} }] },
    { text: 'done' },
  ])
  onTestFinished(() => model.close())
  const env = {
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'not-for-servers',
    KODE_LLM_MODEL: 'scripted',
    OWN_VALUE: 'mine',
    AWS_SECRET_ACCESS_KEY: 'not-for-servers-either',
    SOMETHING: 'else',
  }
  await runCli(['look'], { cwd: root, env })
  const seen = String(model.requests[1]?.body.messages.at(-1)?.content)
  expect(seen).toContain('mine-default')
  expect(seen).not.toMatch(/not-for-servers|SOMETHING|KODE_/)
})
