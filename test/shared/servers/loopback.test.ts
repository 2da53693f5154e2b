import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen, newToken, refusalOf } from '#shared/servers/loopback'

const TOKEN = newToken()
const http = createServer((incoming, response) => {
  response.writeHead(refusalOf(incoming, TOKEN)?.status ?? 200).end()
})
let port = 0
beforeAll(async () => {
  port = await listen(http, 0)
})
afterAll(() => void http.close())

function status(headers: Record<string, string>, path = '/'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, headers, setHost: headers.host === undefined }, reply => {
      reply.resume()
      resolve(reply.statusCode)
    })
    asked.on('error', reject).end()
  })
}

describe('who has the token', () => {
  const authorization = `Bearer ${TOKEN}`
  test.each([
    [{}, 200],
    [{ host: 'localhost:3000' }, 200],
    [{ host: '[::1]:3000' }, 200],
    [{ origin: 'http://localhost:5173' }, 200],
    [{ origin: 'http://127.0.0.1' }, 200],
    // A page whose name was pointed at this machine after it was loaded.
    [{ host: 'evil.example:3000' }, 403],
    [{ host: 'localhost.evil.example' }, 403],
    [{ host: '127.0.0.1.nip.io' }, 403],
    [{ host: 'evil.example@127.0.0.1' }, 200], // what stands before the @ is no host
    [{ host: '127.0.0.1@evil.example' }, 403],
    [{ host: '0.0.0.0' }, 403],
    [{ host: '' }, 403],
    [{ host: '[' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'http://localhost.evil.example' }, 403],
    [{ origin: 'http://localhost:80@evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'file://' }, 403],
    [{ origin: '' }, 403],
  ])('is asked for nothing more than to come from here: %j', async (headers, expected) => {
    expect(await status({ ...headers, authorization })).toBe(expected)
  })
})

describe('who comes from here', () => {
  test.each([
    [{}, '/', 401],
    [{ authorization: 'Bearer ' }, '/', 401],
    [{ authorization: `Bearer ${TOKEN}x` }, '/', 401],
    [{ authorization: `Bearer ${TOKEN.slice(1)}` }, '/', 401],
    [{ authorization: `Basic ${TOKEN}` }, '/', 401],
    [{ authorization: `bearer ${TOKEN}` }, '/', 200],
    [{}, `/?token=${TOKEN}`, 200],
    [{}, '/?token=', 401],
    [{}, '/?token=wrong', 401],
    // An address that is none must not end the server.
    [{}, '//[', 401],
    [{}, 'http://[', 401],
  ])('has to know the token: %j %s', async (headers, path, expected) => {
    expect(await status(headers, path)).toBe(expected)
  })
})

test('other machines have no way in', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(address => !address.internal && address.family === 'IPv4')
  for (const { address } of outside) {
    const reached = await new Promise(resolve => {
      const socket = connect(port, address, () => resolve('reached'))
      socket.on('error', () => resolve('refused'))
    })
    expect(reached).toBe('refused')
  }
})

test('tokens are long and never the same', () => {
  const tokens = new Set(Array.from({ length: 100 }, newToken))
  expect(tokens.size).toBe(100)
  expect(Math.min(...[...tokens].map(token => token.length))).toBeGreaterThanOrEqual(32)
})
