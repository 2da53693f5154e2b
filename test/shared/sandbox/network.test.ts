import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nodeProcesses } from '#shared/host/node/processes'
import { AllowedHosts, defaultHosts, isNotPublic } from '#shared/sandbox/allowed-hosts'
import { NetworkGuard } from '#shared/sandbox/network-guard'
import { openSandbox } from '#shared/sandbox/open'
import type { Sandbox } from '#shared/sandbox/sandbox'

describe('which hosts are allowed', () => {
  test.each([
    ['registry.npmjs.org', 'registry.npmjs.org', 443, true],
    ['registry.npmjs.org', 'REGISTRY.npmjs.org.', 443, true],
    ['registry.npmjs.org', 'registry.npmjs.org', 22, false],
    ['registry.npmjs.org', 'registry.npmjs.org.evil.example', 443, false],
    ['registry.npmjs.org', 'evil-registry.npmjs.org', 443, false],
    ['*.example.org', 'a.b.example.org', 443, true],
    ['*.example.org', 'example.org', 443, false],
    ['*.example.org', 'badexample.org', 443, false],
    ['localhost:8080', 'localhost', 8080, true],
    ['localhost:8080', 'localhost', 80, false],
    ['[::1]:8080', '::1', 8080, true],
    ['10.1.2.3', '10.1.2.3', 80, true],
  ])('%s: %s port %d is %s', (entry, host, port, expected) => {
    expect(new AllowedHosts([entry]).allows(host, port)).toBe(expected)
  })

  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '192.168.1.1',
    '::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '0.0.0.0',
  ])('%s is no public address', address => expect(isNotPublic(address)).toBe(true))

  test.each(['1.1.1.1', '140.82.112.3', '2606:4700::1111'])('%s is a public address', address =>
    expect(isNotPublic(address)).toBe(false),
  )

  test.each([
    ['an allowed name that leads to a public address', 'registry.example', ['8.8.8.8'], 'allowed'],
    ['an allowed name that was bound to this machine', 'registry.example', ['127.0.0.1'], 'blocked'],
    ['an allowed name of which one address is private', 'registry.example', ['8.8.8.8', '10.0.0.1'], 'blocked'],
    ['the user’s own name in a private network', 'intranet.example', ['10.0.0.1'], 'allowed'],
    ['the user’s own name that leads to this machine', 'intranet.example', ['127.0.0.1'], 'blocked'],
    ['the user’s own name that leads to a metadata service', 'intranet.example', ['169.254.169.254'], 'blocked'],
    ['a name that a rule closes, although the user lists it', 'closed.example', ['8.8.8.8'], 'blocked'],
    ['a name on no list', 'other.example', ['8.8.8.8'], 'blocked'],
    ['a public address on no list', '8.8.8.8', [], 'blocked'],
  ])('%s', async (_, host, addresses, kind) => {
    const guard = new NetworkGuard({
      defaults: ['registry.example'],
      userHosts: ['intranet.example', 'closed.example'],
      denied: ['closed.example'],
      resolve: async () => addresses,
    })
    const verdict = await guard.judge(host, 443)
    expect(verdict.kind).toBe(kind)
    expect(guard.takeBlocked().length).toBe(kind === 'blocked' ? 1 : 0)
  })

  test('the user is asked about another host, once', async () => {
    const asked: string[] = []
    const ask = async (host: string) => {
      asked.push(host)
      return host === 'yes.example'
    }
    const guard = new NetworkGuard({ defaults: [], userHosts: [], ask, resolve: async () => ['8.8.8.8'] })
    const kinds = []
    for (const host of ['yes.example', 'yes.example', 'no.example']) kinds.push((await guard.judge(host, 443)).kind)
    expect(kinds).toEqual(['allowed', 'allowed', 'blocked'])
    expect(asked).toEqual(['yes.example', 'no.example'])
  })
})

describe('defaults', () => {
  test('registries of the manifests and the code host of the remote, nothing that a project names itself', () => {
    const root = mkdtempSync(join(tmpdir(), 'kode-hosts-'))
    mkdirSync(join(root, '.git'))
    writeFileSync(join(root, 'package.json'), '{}')
    writeFileSync(
      join(root, '.git', 'config'),
      '[remote "a"]\n\turl = git@github.com:a/b.git\n[remote "b"]\n\turl = https://evil.example/x.git\n',
    )
    const hosts = defaultHosts(root)
    rmSync(root, { recursive: true })
    expect(hosts).toContain('registry.npmjs.org')
    expect(hosts).toContain('codeload.github.com')
    expect(hosts.join(' ')).not.toMatch(/evil|pypi|crates/)
  })
})

describe('a command on the network', () => {
  let base: string
  let sandbox: Sandbox
  let server: Server
  let port: number

  beforeAll(async () => {
    server = createServer((incoming, reply) => reply.end(`served ${incoming.url}`))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    port = typeof address === 'object' && address ? address.port : 0
  })
  afterAll(() => {
    server.close()
  })

  beforeEach(async () => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'kode-net-')))
    mkdirSync(join(base, 'project'))
    const opened = await openSandbox({
      root: join(base, 'project'),
      stateFolder: join(base, 'state'),
      home: join(base, 'home'),
      processes: nodeProcesses(),
      env: { PATH: process.env.PATH },
      allowNet: [`127.0.0.1:${port}`],
      useSandbox: true,
    })
    if (!opened.ok) throw new Error(opened.error.message)
    sandbox = opened.value
  })
  afterEach(async () => {
    await sandbox.close()
    rmSync(base, { recursive: true })
  })

  async function run(command: string) {
    const ended = await sandbox.run({ command, cwd: join(base, 'project'), timeoutMs: 20_000 })
    if (!ended.ok) throw new Error(ended.error.message)
    return ended.value
  }

  /** Asks the proxy as curl would, with nothing but a shell. */
  const viaProxy = (request: string) =>
    `bash -c 'exec 5<>/dev/tcp/127.0.0.1/\${HTTP_PROXY##*:}; printf "${request}" >&5; cat <&5'`

  test('reaches an allowed host through the proxy, plain and by tunnel', async () => {
    const get = `GET http://127.0.0.1:${port}/a HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n`
    expect((await run(viaProxy(get))).stdout).toContain('served /a')
    const connect = `CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\n\\r\\nGET /b HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n`
    expect((await run(viaProxy(connect))).stdout).toContain('served /b')
  })

  test('is told which host was blocked', async () => {
    const end = await run(viaProxy('CONNECT evil.example:443 HTTP/1.1\\r\\n\\r\\n'))
    expect(end.stdout).toContain('403 Forbidden')
    expect(end.violations).toEqual([expect.stringContaining('network to evil.example:443 was blocked')])
  })

  test('has no other way out', async () => {
    expect((await run(`bash -c 'exec 5<>/dev/tcp/127.0.0.1/${port}'`)).exitCode).not.toBe(0)
  })

  test('finds the server that an earlier command started', async () => {
    const script = 'require("http").createServer((_, r) => r.end("still here")).listen(4567, () => console.log("up"))'
    const started = await sandbox.start({ command: `node -e '${script}'`, cwd: join(base, 'project') })
    if (!started.ok) throw new Error(started.error.message)
    await expect.poll(() => started.value.output(), { timeout: 10_000 }).toBe('up\n')
    const get = 'bash -c \'exec 5<>/dev/tcp/127.0.0.1/4567; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&5; cat <&5\''
    expect((await run(get)).stdout).toContain('still here')
  })
})
