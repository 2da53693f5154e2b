import { spawn } from 'node:child_process'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { referenceServer } from '../../support/mcp-servers'
import { turnWith } from '../../support/mcp-turn'

/** The reference server on a free port. */
async function everythingOn(transport: 'streamableHttp' | 'sse', port: number) {
  const { command, args } = referenceServer('everything', transport)
  const child = spawn(command, args, { env: { PATH: process.env.PATH, PORT: String(port) } })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise<void>(resolve => {
    const look = (piece: Buffer) => /port|listening/i.test(piece.toString()) && resolve()
    child.stderr.on('data', look)
    child.stdout.on('data', look)
  })
  return child
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

describe('servers at an address', () => {
  test.each([
    ['streamableHttp', '/mcp', {}],
    ['sse', '/sse', {}],
    ['sse', '/sse', { type: 'sse' }],
  ] as const)('%s at %s %j', async (transport, path, more) => {
    const port = await freePort()
    await everythingOn(transport, port)
    const entry = { url: `http://127.0.0.1:${port}${path}`, allow_local: true, ...more }
    const { results, notices } = await turnWith({ web: entry }, [['web__echo', { message: 'over there' }]])
    expect(notices).toEqual([])
    expect(results).toEqual([{ status: 'ok', text: 'Echo: over there' }])
  })

  test('a server that was restarted and forgot the session is connected to again within the call', async () => {
    const port = await freePort()
    let first = await everythingOn('streamableHttp', port)
    const servers = { web: { url: `http://127.0.0.1:${port}/mcp`, allow_local: true } }
    const { session, model } = await turnWith(servers, [['web__echo', { message: 'one' }]])
    first.kill('SIGKILL')
    first = await everythingOn('streamableHttp', port)
    model.add(['web__echo', { message: 'two' }])
    await session.prompt([{ type: 'text', text: 'again' }])
    expect(session.messages().findLast(message => message.role === 'tool')).toMatchObject({ text: 'Echo: two' })
  })
})

describe('behind a proxy', () => {
  /** Sends everything on to one place, whatever it is called, and notes what it is asked for. */
  async function proxyTo(port: number) {
    const asked: string[] = []
    const proxy = createServer((incoming, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization']}`)
      const path = new URL(incoming.url ?? '').pathname
      const headers = { ...incoming.headers, host: `127.0.0.1:${port}` }
      const sent = request({ port, host: '127.0.0.1', path, method: incoming.method, headers }, reply => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
        reply.pipe(outgoing)
      })
      sent.on('error', () => outgoing.destroy())
      incoming.pipe(sent)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => proxy.closeAllConnections())
    onTestFinished(() => void proxy.close())
    return { asked, url: `http://me:secret@127.0.0.1:${(proxy.address() as AddressInfo).port}` }
  }

  test('a server that only the proxy reaches is reached through it', async () => {
    const port = await freePort()
    await everythingOn('streamableHttp', port)
    const proxy = await proxyTo(port)
    const servers = { web: { url: 'http://tickets.example/mcp' } }
    const env = { HTTP_PROXY: proxy.url }
    const { results, notices } = await turnWith(servers, [['web__echo', { message: 'over there' }]], { env })
    expect([notices, results]).toEqual([[], [{ status: 'ok', text: 'Echo: over there' }]])
    expect(proxy.asked[0]).toBe(`POST http://tickets.example/mcp Basic ${btoa('me:secret')}`)
  })

  test.each(['http://10.1.2.3/mcp', 'http://printer.local/mcp', 'http://[fd00::1]/mcp'])(
    '%s is not asked for there either',
    async url => {
      const proxy = await proxyTo(1)
      const { notices } = await turnWith({ web: { url } }, [], { env: { HTTP_PROXY: proxy.url } })
      expect([notices, proxy.asked]).toEqual([[expect.stringContaining('is a private address')], []])
    },
  )
})

describe('what is not asked', () => {
  test.each([
    'http://127.0.0.1:1/mcp',
    'http://localhost:1/mcp',
    'http://[::1]:1/mcp',
    'http://[::ffff:10.0.0.1]/mcp',
    'http://10.1.2.3/mcp',
    'http://169.254.169.254/latest/meta-data',
    'http://2130706433/mcp', // 127.0.0.1 as one number
    'https://0/mcp',
  ])('%s without a word from the user', async url => {
    const { notices } = await turnWith({ web: { url } }, [])
    expect(notices).toEqual([
      expect.stringMatching(/^MCP server web: .+ is a private address.*; "allow_local": true allows it$/),
    ])
  })

  test('what a server redirects to is checked like the address itself', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(307, { location: 'http://169.254.169.254/mcp' }).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { notices } = await turnWith({ web: { url: `http://127.0.0.1:${port}/mcp`, allow_local: true } }, [])
    expect(notices).toEqual([expect.stringMatching(/^MCP server web: .*redirect/i)])
    expect(asked.length).toBeGreaterThan(0)
  })
})
