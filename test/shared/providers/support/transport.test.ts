import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { proxyFor } from '#shared/providers/support/proxy'
import { askProvider, makeProvider, textOf } from '../../../support/ask-provider'
import { startScriptedProvider } from '../../../support/scripted-provider'

test.each([
  ['https://api.example/v1', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
  ['https://api.example/v1', { https_proxy: 'proxy:3128' }, 'http://proxy:3128/'],
  ['http://api.example/v1', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
  ['http://api.example/v1', { http_proxy: 'http://u:p@proxy:3128' }, 'http://u:p@proxy:3128/'],
  ['http://api.example/v1', { ALL_PROXY: 'http://proxy' }, 'http://proxy/'],
  ['https://api.example/v1', { HTTPS_PROXY: 'http://proxy', PROXY_USER: 'u', PROXY_PASS: 'p' }, 'http://u:p@proxy/'],
  ['http://localhost:1234/v1', { HTTP_PROXY: 'http://proxy' }, undefined],
  ['http://127.0.0.1:1234/v1', { HTTP_PROXY: 'http://proxy' }, undefined],
  ['https://api.example/v1', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'other, .example' }, undefined],
  ['https://api.example/v1', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'api.example:8443' }, 'http://proxy/'],
  ['https://api.example/v1', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '*' }, undefined],
])('%s with %j goes by %s', (url, env, proxy) => expect(proxyFor(new URL(url), env)?.href).toBe(proxy))

test('plain requests go through the proxy, with its credentials', async () => {
  const model = await startScriptedProvider([{ text: 'by proxy' }])
  const seen: IncomingMessage[] = []
  const proxy = createServer((incoming, outgoing) => {
    seen.push(incoming)
    const target = new URL(incoming.url ?? '')
    const onward = request({
      host: '127.0.0.1',
      port: new URL(model.url).port,
      path: target.pathname,
      method: incoming.method,
      headers: incoming.headers,
    })
    onward.on('response', reply => void reply.pipe(outgoing.writeHead(reply.statusCode ?? 500, reply.headers)))
    incoming.pipe(onward)
  })
  const port = await listening(proxy)
  const env = { HTTP_PROXY: `http://127.0.0.1:${port}`, PROXY_USER: 'me', PROXY_PASS: 'pass' }
  const events = await askProvider(
    makeProvider({ provider: 'openai-compatible', baseUrl: 'http://model.example/v1', apiKey: 'k' }, env),
  )
  expect(textOf(events)).toBe('by proxy')
  expect(seen[0]?.url).toBe('http://model.example/v1/chat/completions')
  expect(seen[0]?.headers['proxy-authorization']).toBe(`Basic ${btoa('me:pass')}`)
  proxy.close()
  proxy.closeAllConnections()
  await model.close()
})

test('secure requests ask the proxy for a tunnel, and speak TLS inside it', async () => {
  const asked: string[] = []
  let firstByte: number | undefined
  const proxy = createServer()
  proxy.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    asked.push(incoming.url ?? '')
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    socket.once('data', data => {
      firstByte = data[0]
      socket.destroy()
    })
  })
  const port = await listening(proxy)
  const events = await askProvider(
    makeProvider({ provider: 'openai', apiKey: 'k', retry: { tries: 1 } }, { HTTPS_PROXY: `http://127.0.0.1:${port}` }),
  )
  expect(asked).toEqual(['api.openai.com:443'])
  expect(firstByte).toBe(0x16) // a TLS handshake
  expect(events).toMatchObject([{ type: 'failure', failure: { kind: 'network' } }])
  proxy.close()
})

test('a proxy that refuses is named', async () => {
  const proxy = createServer()
  proxy.on('connect', (_: IncomingMessage, socket: Socket) =>
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
  )
  const port = await listening(proxy)
  const events = await askProvider(
    makeProvider({ provider: 'openai', apiKey: 'k', retry: { tries: 1 } }, { HTTPS_PROXY: `http://127.0.0.1:${port}` }),
  )
  expect(events).toMatchObject([
    { failure: { message: expect.stringContaining(`127.0.0.1:${port} refused with status 407`) } },
  ])
  proxy.close()
})

test.each([
  ['999 Denied', { kind: 'overloaded', status: 999 }],
  ['600 Odd', { kind: 'overloaded', status: 600 }],
  ['099 Odd', { kind: 'bad-request', status: 99 }],
  ['101 Switching Protocols', { kind: 'network', message: expect.stringContaining('closed without an answer') }],
])('an answer of %s is told, though it is none of HTTP', async (status, failure) => {
  const head = `HTTP/1.1 ${status}\r\nconnection: upgrade\r\nupgrade: odd\r\n\r\n`
  const odd = createTcpServer(socket => void socket.once('data', () => socket.end(head)))
  const baseUrl = `http://127.0.0.1:${await listening(odd)}/v1`
  const events = await askProvider(
    makeProvider({ provider: 'openai-compatible', baseUrl, apiKey: 'k', retry: { tries: 1 } }),
  )
  expect(events).toMatchObject([{ type: 'failure', failure }])
  odd.close()
})

test('a server that accepts but never completes the connection is given up in time', async () => {
  const sockets: Socket[] = []
  const silent = createTcpServer(socket => void sockets.push(socket))
  const port = await listening(silent)
  const events = await askProvider(
    makeProvider(
      { provider: 'openai-compatible', baseUrl: `https://127.0.0.1:${port}/v1`, apiKey: 'k', retry: { tries: 1 } },
      { KODE_CONNECT_TIMEOUT_SECS: '0.1' },
    ),
  )
  expect(events).toMatchObject([
    { failure: { kind: 'timeout', advice: expect.stringContaining('KODE_CONNECT_TIMEOUT_SECS') } },
  ])
  for (const socket of sockets) socket.destroy()
  silent.close()
})

test.each([
  [
    'is refused with advice',
    {},
    {
      kind: 'network',
      message: expect.stringContaining('self-signed'),
      advice: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    },
  ],
  ['is taken on this machine when the user says so', { KODE_ACCEPT_INVALID_CERTS: '1' }, undefined],
])('a certificate that nobody vouches for %s', async (_, env, failure) => {
  const data = join(import.meta.dirname, '../data')
  const secure = createSecureServer(
    { key: readFileSync(join(data, 'self-signed.key.pem')), cert: readFileSync(join(data, 'self-signed.cert.pem')) },
    (_request, reply) => {
      reply.writeHead(200, { 'content-type': 'text/event-stream' })
      reply.end('data: {"choices":[{"delta":{"content":"safe"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    },
  )
  const port = await listening(secure)
  const events = await askProvider(
    makeProvider(
      { provider: 'openai-compatible', baseUrl: `https://localhost:${port}/v1`, apiKey: 'k', retry: { tries: 1 } },
      env,
    ),
  )
  if (failure) expect(events).toMatchObject([{ type: 'failure', failure }])
  else expect(textOf(events)).toBe('safe')
  secure.close()
  secure.closeAllConnections()
})

function listening(server: ReturnType<typeof createTcpServer>): Promise<number> {
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}
