import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { checkedTarget, nodeWeb } from '#shared/host/node/web'

const asked = vi.hoisted(() => ({ names: [] as string[], answers: [] as { address: string; family: number }[][] }))
vi.mock('node:dns/promises', () => ({
  lookup: async (name: string) => {
    asked.names.push(name)
    return asked.answers.shift() ?? []
  },
}))
beforeEach(() => {
  asked.names = []
  asked.answers = []
})

const LIMITS = { timeoutMs: 5_000, maxBytes: 10_000, publicOnly: false }

test.each([
  ['http://localhost/'],
  ['http://printer.local/'],
  ['http://metadata.google.internal/'],
  ['http://127.0.0.1/'],
  ['http://2130706433/'], // 127.0.0.1 as one number
  ['http://0x7f.1/'],
  ['http://0/'],
  ['http://10.1.2.3/'],
  ['http://172.31.0.1/'],
  ['http://192.168.1.1/'],
  ['http://169.254.169.254/latest/meta-data'],
  ['http://100.64.0.1/'],
  ['http://[::1]/'],
  ['http://[::ffff:127.0.0.1]/'],
  ['http://[fe80::1]/'],
  ['http://[fd00::1]/'],
  ['http://example.com@127.0.0.1/'],
  ['ftp://example.com/'],
  ['no url'],
])('%s is not fetched where only public addresses are', async url => {
  expect(await checkedTarget(url, true)).toMatchObject({ ok: false, error: { kind: 'refused' } })
})

test('a name with one private address among its public ones is not fetched', async () => {
  asked.answers = [
    [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
  ]
  expect(await checkedTarget('http://both.example/', true)).toMatchObject({ ok: false, error: { kind: 'refused' } })
})

test('what is connected to is the address that was checked, whatever the name says a moment later', async () => {
  const port = await serve((_, reply) => reply.end('the checked one'))
  asked.answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '192.0.2.1', family: 4 }]]
  const reply = await nodeWeb().fetch({ ...LIMITS, url: `http://rebinding.example:${port}/` })
  expect(reply.ok && Buffer.from(reply.value.bytes).toString()).toBe('the checked one')
  expect(asked.names).toEqual(['rebinding.example'])
})

test('every redirect is looked at anew, and not for ever', async () => {
  let hops = 0
  const port = await serve((request, reply) => {
    hops++
    reply.writeHead(302, { location: `http://next.example:${port}${request.url}x` }).end()
  })
  asked.answers = Array(20).fill([{ address: '127.0.0.1', family: 4 }])
  const reply = await nodeWeb().fetch({ ...LIMITS, url: `http://first.example:${port}/` })
  expect(reply).toMatchObject({ ok: false, error: { kind: 'refused', message: 'more than 5 redirects' } })
  expect([hops, asked.names.length]).toEqual([6, 6])
})

test.each<[string, RequestListener]>([
  ['a long page', (_, reply) => reply.end('x'.repeat(1_000_000))],
  [
    'a page that is small until it is unpacked',
    (_, reply) => reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(50_000_000))),
  ],
])('%s is cut at the limit', async (_, listener) => {
  const port = await serve(listener)
  const reply = await nodeWeb().fetch({ ...LIMITS, url: `http://127.0.0.1:${port}/` })
  expect(reply.ok && [reply.value.bytes.length, reply.value.isCut]).toEqual([10_000, true])
})

test('a page that never ends is given up in time', async () => {
  const port = await serve((_, reply) => void reply.write('still'))
  const reply = await nodeWeb().fetch({ ...LIMITS, timeoutMs: 300, url: `http://127.0.0.1:${port}/` })
  expect(reply).toMatchObject({ ok: false, error: { kind: 'timeout' } })
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
