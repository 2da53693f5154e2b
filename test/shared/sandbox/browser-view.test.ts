import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeProcesses } from '#shared/host/node/processes'
import { isWritable } from '#shared/host/node/writable'
import { browserView } from '#shared/sandbox/browser-view'
import { type OpenSandbox, openSandbox } from '#shared/sandbox/open'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { socketFilesIn } from '#shared/sandbox/socket-files'

const SOCKET = `perl -e 'socket(my $s, 1, 1, 0) or exit 1' && echo open || echo closed`

test('a browser may use socket files, and sees none of anybody else', async () => {
  const { sandbox, root, base } = await project()
  const daemon = createServer().listen(join(root, 'daemon.sock'))
  onTestFinished(() => void daemon.close())
  const look = `${SOCKET}; ls -A ${[root, join(base, 'home'), '/var', '/home', '/root'].join(' ')} 2>&1`
  const seen = await said(sandbox, look, true)
  expect(seen).toMatch(/^open\n/)
  expect(seen).not.toContain('.sock')
  expect(seen.split('\n').filter(line => line !== '' && !/:$|No such file/.test(line))).toEqual(['open'])
  expect(await said(sandbox, 'echo x > /usr/x || echo no; cat /etc/hostname > /dev/null && echo read', true)).toBe(
    'no\nread\n',
  )
})

const canWriteBesidePrograms = isWritable('/usr/local') && isWritable('/')

test.runIf(canWriteBesidePrograms)(
  'a browser reaches no daemon that listens beside programs, and reads no key there',
  async () => {
    const beside = mkdtempSync('/usr/local/kode-state-')
    const sockets = [join(beside, 'daemon.sock'), `/kode-${process.pid}.sock`]
    onTestFinished(() => rmSync(beside, { recursive: true, force: true }))
    for (const socket of sockets) {
      const daemon = createServer().listen(socket)
      onTestFinished(() => void daemon.close())
    }
    writeFileSync(join(beside, 'keys.json'), 'sesame')
    const { sandbox } = await project({ stateFolder: beside })
    const reach = sockets.map(
      socket => `perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new(Peer => "${socket}") ? "in" : "out"'`,
    )
    expect(await said(sandbox, [...reach, `cat ${beside}/keys.json`, SOCKET].join('; '), true)).toBe('outoutopen\n')
  },
)

describe('the view of a browser', () => {
  const view = {
    writable: ['/opt/work', '/opt/caches', '/srv/repository/.git'],
    temporary: '/tmp/session/tmp',
    protected: ['/opt/work/.npmrc'],
    hiddenFolders: ['/opt/kode/db', '/home/ann/.config/kode/db', '/tmp/x/db'],
    hiddenFiles: ['/opt/kode/keys.json', '/home/ann/.config/kode/keys.json'],
  }
  const seen = browserView(view, ['/opt/work'], '/tmp/session/browser', [
    ...['/home/ann/agent.sock', '/run/docker.sock', '/tmp/.X11-unix/X0', '/opt/work/own.sock'],
    ...['/opt/lampp/mysql.sock', '/rpc.sock'],
  ])

  test('writes nowhere but in a temporary folder of its own', () =>
    expect(seen).toMatchObject({ writable: [], protected: [], temporary: '/tmp/session/browser' }))

  test('hides what was hidden, and every socket file that is not hidden already or out of sight', () => {
    expect(seen.hiddenFolders).toContain('/opt/kode/db')
    expect(seen.hiddenFolders).toContain('/opt/work')
    expect(seen.hiddenFolders.filter(folder => /^\/(home\/|tmp)/.test(folder))).toEqual([])
    expect(seen.hiddenFiles).toEqual(['/opt/kode/keys.json', '/opt/lampp/mysql.sock', '/rpc.sock'])
  })

  test('reads from the kernel who listens at which file', () => {
    const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01   579 /opt/my daemon/a.sock
0000000000000000: 00000003 00000000 00000000 0001 03   580
0000000000000000: 00000002 00000000 00010000 0001 01 22628447 @/tmp/.X11-unix/X0
0000000000000000: 00000002 00000000 00000000 0002 01   581 /rpc.sock
`
    expect(socketFilesIn(table)).toEqual(['/opt/my daemon/a.sock', '/rpc.sock'])
  })
})

test('what a command leaves in /tmp is not there for a browser', async () => {
  const { sandbox, root } = await project()
  await sandbox.run({
    command: 'mkdir -p /tmp/.config && echo --flag > /tmp/.config/flags.conf',
    cwd: root,
    timeoutMs: 20_000,
  })
  expect(await said(sandbox, 'ls -A /tmp /var/tmp | grep config || echo none; touch /tmp/x && echo own', true)).toBe(
    'none\nown\n',
  )
})

test('nobody else may, and a command after a browser sees the project as ever', async () => {
  const { sandbox, root } = await project()
  expect(await said(sandbox, SOCKET, true)).toBe('open\n')
  expect(await said(sandbox, SOCKET, false)).toBe('closed\n')
  const ended = await sandbox.run({ command: `${SOCKET}; ls`, cwd: root, timeoutMs: 20_000 })
  expect(ended.ok && ended.value.stdout).toBe('closed\nkept.txt\n')
})

test('commands on the loopback reach each other and nobody else', async () => {
  const { sandbox, root } = await project({ allowNet: ['wanted.example'], askNetwork: async () => true })
  writeFileSync(join(root, 'package.json'), '{}')
  const server = `node -e 'require("http").createServer((_, r) => r.end("here")).listen(5080)'`
  const started = await sandbox.start({ command: server, cwd: root })
  expect(started.ok).toBe(true)
  const ask = (url: string) =>
    `node -e 'const go = n => fetch("${url}").then(r => r.text()).then(t => console.log(t.slice(0, 4)), e => n ? setTimeout(go, 100, n - 1) : console.log("lost")); go(50)'`
  expect(await said(sandbox, ask('http://localhost:5080/'), false)).toBe('here\n')
  expect(sandbox.effectivePolicy().network).toEqual({ mode: 'allow-list', allow: [] })
  expect(sandbox.description).toContain('a network of its own')
  for (const host of ['registry.npmjs.org', 'wanted.example', 'asked.example']) {
    const through = `node -e 'const { hostname, port } = new URL(process.env.HTTP_PROXY); require("http").get({ hostname, port, path: "http://${host}/" }, r => console.log(r.statusCode))'`
    expect(await said(sandbox, through, false), host).toBe('403\n')
  }
})

async function project(more: Partial<OpenSandbox> = {}): Promise<{ sandbox: Sandbox; root: string; base: string }> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'kode-browser-')))
  const root = join(base, 'project')
  for (const folder of ['project', 'home', 'state']) mkdirSync(join(base, folder))
  for (const folder of ['project', 'home']) writeFileSync(join(base, folder, 'kept.txt'), '')
  const opened = await openSandbox({
    root,
    stateFolder: join(base, 'state'),
    home: join(base, 'home'),
    processes: nodeProcesses(),
    env: { PATH: process.env.PATH },
    net: 'loopback',
    useSandbox: true,
    ...more,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  onTestFinished(async () => {
    await opened.value.close()
    rmSync(base, { recursive: true, force: true })
  })
  return { sandbox: opened.value, root, base }
}

async function said(sandbox: Sandbox, command: string, isBrowser: boolean): Promise<string> {
  const started = await sandbox.converse({ command, cwd: '/', env: {}, isBrowser })
  if (!started.ok) throw new Error(started.error.message)
  return text(started.value.stdout)
}
