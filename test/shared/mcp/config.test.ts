import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kodePaths } from '#shared/config/paths'
import { nodeFiles } from '#shared/host/node/files'
import { entriesIn, serversFrom } from '#shared/mcp/config-file'
import { Consents } from '#shared/mcp/consent'
import { writeServer } from '#shared/mcp/edit-config'
import { findConfigTexts } from '#shared/mcp/find-config'
import { loadServers } from '#shared/mcp/load-servers'
import { isServerName, serverNameFrom } from '#shared/mcp/server-config'
import { tempProject } from '../../support/temp-project'

const ENV = { TOKEN: 's3cret', EMPTY: '' }
const variable = (text: string) => `\${${text}}`
const read = (entry: unknown, source: 'user' | 'client' = 'user') =>
  serversFrom({ it: entry }, { source, from: 'mcp.json', root: '/project', env: ENV })

describe('an entry', () => {
  test.each([
    [
      { command: 'npx', args: ['-y', 'x'] },
      { kind: 'program', command: 'npx', args: ['-y', 'x'], isSandboxed: false },
    ],
    [
      { type: 'local', command: ['node', 'a.js'], environment: { A: 1 } },
      { command: 'node', args: ['a.js'], env: { A: '1' } },
    ],
    [
      { command: 'x', cwd: 'sub', sandbox: true },
      { cwd: '/project/sub', isSandboxed: true },
    ],
    [{ command: 'x', env: { KEY: variable('TOKEN') } }, { env: { KEY: 's3cret' } }],
    [
      { command: variable('NONE:-fallback'), args: [variable('env:TOKEN')] },
      { command: 'fallback', args: ['s3cret'] },
    ],
    [
      { type: 'stdio', command: `${variable('workspaceFolder')}/run`, args: [variable('env:TOKEN')] },
      { command: '/project/run', args: ['s3cret'] },
    ],
    [{ url: 'https://a.example/mcp' }, { kind: 'web', transport: 'auto', allowsLocal: false, oauth: {} }],
    [
      { type: 'remote', url: 'https://a.example', oauth: false },
      { transport: 'auto', oauth: false },
    ],
    [{ type: 'sse', url: 'https://a.example' }, { transport: 'sse' }],
    [{ type: 'streamable-http', serverUrl: 'https://a.example' }, { transport: 'http' }],
    [{ url: 'https://a.example', token: variable('TOKEN') }, { headers: { Authorization: 'Bearer s3cret' } }],
    [{ url: 'http://127.0.0.1:1', allow_local: true }, { allowsLocal: true }],
    [{ url: 'https://a.example', oauth: { client_id: 'c', scope: 'a b' } }, { oauth: { clientId: 'c', scope: 'a b' } }],
  ])('%j', (entry, target) => {
    const { servers, problems } = read(entry)
    expect(problems).toEqual([])
    expect(servers[0]?.target).toMatchObject(target)
  })

  test.each([
    [{}, 'mcp.json: it: it has neither a command nor a url'],
    [{ command: 'x', url: 'https://a.example' }, 'mcp.json: it: it has both a command and a url'],
    [{ url: 'ftp://a.example' }, 'mcp.json: it: url: expected an http or https address, found "ftp://a.example"'],
    [{ command: 7 }, /^mcp\.json: it: command: /],
    [{ command: 'x', timeout: -1 }, /^mcp\.json: it: timeout: /],
    ['x', /^mcp\.json: it: /],
    [
      { command: 'x', env: { A: variable('NONE'), B: variable('EMPTY') } },
      'mcp.json: it: it needs NONE, EMPTY in the environment',
    ],
    [{ command: 'x', args: [variable('input:api-key')] }, 'mcp.json: it: it needs api-key in the environment'],
  ])('%j is wrong and says so', (entry, expected) => {
    const { servers, problems } = read(entry)
    expect(servers).toEqual([])
    if (typeof expected === 'string') expect(problems).toEqual([expected])
    else expect(problems).toEqual([expect.stringMatching(expected)])
  })

  test('limits and lists are taken as they are; what an editor hands in is not filled in', () => {
    const entry = {
      command: 'x',
      disabled: true,
      enabled_tools: ['a'],
      disabledTools: ['b'],
      timeout: 5,
      start_timeout: 6,
    }
    expect(read(entry).servers[0]).toMatchObject({
      isEnabled: false,
      enabledTools: ['a'],
      disabledTools: ['b'],
      callTimeoutMs: 5,
      startTimeoutMs: 6,
    })
    const literal = { command: 'x', args: [variable('NONE')] }
    expect(read(literal, 'client').servers[0]?.target).toMatchObject({ args: [variable('NONE')] })
  })
})

test.each([
  ['{ // the servers\n "mcpServers": {"a": {"command": "x"}}, }', { a: { command: 'x' } }],
  ['{"servers": {"a": {}}}', { a: {} }],
  ['{}', {}],
])('the file %j', (text, entries) => expect(entriesIn(text, 'f')).toEqual({ ok: true, value: entries }))

test.each([
  ['{"mcpServers": {\n"a": }}', /^f:2: /],
  ['[]', /expected an object/],
  ['{"mcpServers": 3}', /mcpServers: expected an object/],
])('the broken file %j names its place', (text, expected) => {
  expect(entriesIn(text, 'f')).toEqual({ ok: false, error: expect.stringMatching(expected) })
})

test.each([
  ['git', true, 'git'],
  ['my-server_2', true, 'my-server_2'],
  ['a__b', false, 'a_b'],
  ['_a_', false, 'a'],
  ['my server.io/x', false, 'my_server_io_x'],
  ['サーバー', false, 'server'],
])('the name %s', (text, isFine, made) => {
  expect(isServerName(text)).toBe(isFine)
  if (!isFine) expect(serverNameFrom(text)).toBe(made)
  expect(isServerName(made)).toBe(true)
})

test('the user goes before the project, and a project counts only as far as it was allowed', async () => {
  const entry = (command: string) => JSON.stringify({ mcpServers: { a: { command } } })
  const root = tempProject({
    '.kode/mcp.json': entry('project'),
    '.mcp.json': '{"mcpServers": {"b": {"command": "other"}}}',
    '.vscode/mcp.json': '{"servers": {"c": {"type": "stdio", "command": "third"}}, "inputs": []}',
  })
  const files = nodeFiles()
  const paths = kodePaths({ HOME: join(root, '..') })
  const consents = new Consents(files, paths)
  const load = async () =>
    loadServers({ root, env: {}, texts: await findConfigTexts(root, paths, files), project: undefined, consents })

  const before = await load()
  expect(before.servers).toEqual([])
  expect(before.unallowed.map(each => each.file)).toEqual(['.kode/mcp.json', '.mcp.json', '.vscode/mcp.json'])

  await writeServer(paths.mcp, 'a', { command: 'mine' }, files)
  for (const { file, hash } of before.unallowed) await consents.allow(root, file, hash)
  const after = await load()
  expect(after.servers.map(server => [server.name, server.target])).toMatchObject([
    ['a', { command: 'mine' }],
    ['b', { command: 'other' }],
    ['c', { command: 'third' }],
  ])
  expect(after.problems).toEqual(['.kode/mcp.json: a: another server of this name goes before it'])

  expect(await consents.revoke(root, '.mcp.json')).toEqual({ ok: true, value: true })
  expect((await load()).servers.map(server => server.name)).toEqual(['a', 'c'])
})
