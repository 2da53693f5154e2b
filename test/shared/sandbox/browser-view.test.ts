import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { nodeProcesses } from '#shared/host/node/processes'
import { openSandbox } from '#shared/sandbox/open'
import type { Sandbox } from '#shared/sandbox/sandbox'

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

test('nobody else may, and a command after a browser sees the project as ever', async () => {
  const { sandbox, root } = await project()
  expect(await said(sandbox, SOCKET, true)).toBe('open\n')
  expect(await said(sandbox, SOCKET, false)).toBe('closed\n')
  const ended = await sandbox.run({ command: `${SOCKET}; ls`, cwd: root, timeoutMs: 20_000 })
  expect(ended.ok && ended.value.stdout).toBe('closed\nkept.txt\n')
})

test('commands on the loopback reach each other and nobody else', async () => {
  const { sandbox, root } = await project()
  const server = `node -e 'require("http").createServer((_, r) => r.end("here")).listen(5080)'`
  const started = await sandbox.start({ command: server, cwd: root })
  expect(started.ok).toBe(true)
  const ask = (url: string) =>
    `node -e 'const go = n => fetch("${url}").then(r => r.text()).then(t => console.log(t.slice(0, 4)), e => n ? setTimeout(go, 100, n - 1) : console.log("lost")); go(50)'`
  expect(await said(sandbox, ask('http://localhost:5080/'), false)).toBe('here\n')
  expect(sandbox.effectivePolicy().network).toEqual({ mode: 'allow-list', allow: [] })
})

async function project(): Promise<{ sandbox: Sandbox; root: string; base: string }> {
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
