import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { kodePaths } from '#shared/config/paths'
import { nodeFiles } from '#shared/host/node/files'
import { logIn } from '#shared/mcp/log-in'
import type { WebTarget } from '#shared/mcp/server-config'
import { LoginStore } from '#shared/mcp/stored-login'
import { turnWith } from '../../support/mcp-turn'
import { tempProject } from '../../support/temp-project'

/** A server with one tool, behind a login of its own. Tokens end when it is told so. */
async function guardedServer() {
  const grants = new Map<string, string>()
  let valid = ''
  let issued = 0
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', origin)
    asked.push(`${request.method} ${url.pathname}`)
    const body = await textOf(request)
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    switch (url.pathname) {
      case '/.well-known/oauth-protected-resource/mcp':
        return json({ resource: `${origin}/mcp`, authorization_servers: [origin] })
      case '/.well-known/oauth-authorization-server':
        return json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
        })
      case '/register':
        return json({ ...JSON.parse(body), client_id: 'client-7' }, 201)
      case '/authorize': {
        const code = `code-${grants.size}`
        grants.set(code, url.searchParams.get('code_challenge') ?? '')
        const back = new URL(url.searchParams.get('redirect_uri') ?? '')
        back.searchParams.set('code', code)
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        return response.writeHead(302, { location: back.href }).end()
      }
      case '/token': {
        const form = new URLSearchParams(body)
        const isRefresh = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === `again-${issued}`
        const proof = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url')
        if (!isRefresh && grants.get(form.get('code') ?? '') !== proof) return json({ error: 'invalid_grant' }, 400)
        issued++
        valid = `token-${issued}`
        return json({ access_token: valid, token_type: 'Bearer', refresh_token: `again-${issued}`, expires_in: 3600 })
      }
      case '/mcp':
        break
      default:
        return response.writeHead(404).end()
    }
    if (valid === '' || request.headers.authorization !== `Bearer ${valid}`) {
      const where = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`
      return response.writeHead(401, { 'www-authenticate': `Bearer ${where}` }).end()
    }
    if (request.method !== 'POST') return response.writeHead(405).end()
    const { id, method, params } = JSON.parse(body)
    const answers: Record<string, unknown> = {
      initialize: {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'guarded', version: '1' },
      },
      'tools/list': { tools: [{ name: 'who', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }] },
      'tools/call': { content: [{ type: 'text', text: 'you are in' }] },
    }
    if (id === undefined) return response.writeHead(202).end()
    const result = answers[method]
    return json(
      result ? { jsonrpc: '2.0', id, result } : { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } },
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const expire = () => {
    valid = 'none'
  }
  return { url: `${origin}/mcp`, asked, expire }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += piece
  return text
}

/** A user who says yes at once; the browser follows to where it is sent. */
async function browse(url: URL): Promise<void> {
  const reply = await fetch(url, { redirect: 'manual' })
  const location = reply.headers.get('location')
  if (location) await browse(new URL(location, url))
}

function loginIn(root: string, url: string, open: (url: URL) => void, signal = new AbortController().signal) {
  const target: WebTarget = { kind: 'web', url, headers: {}, transport: 'auto', allowsLocal: true, oauth: {} }
  const keychain = { read: async () => undefined, keep: async () => false, remove: async () => undefined }
  const store = new LoginStore({ files: nodeFiles(), paths: kodePaths({ HOME: join(root, '..') }), keychain })
  return logIn({ name: 'guarded', target, store, version: '1', env: {}, open, signal })
}

test('without a login the user is told how; after it the tools are there, also when the token has to be renewed', async () => {
  const server = await guardedServer()
  const root = tempProject()
  const servers = { guarded: { url: server.url, allow_local: true } }

  const before = await turnWith(servers, [], { root })
  expect(before.notices).toEqual(['MCP server guarded: it wants a login: kode mcp login guarded'])
  // Nobody was there to log in, so nothing was registered anywhere.
  expect(server.asked.filter(path => /register|authorize|token/.test(path))).toEqual([])

  expect(await loginIn(root, server.url, url => void browse(url))).toEqual({ ok: true, value: undefined })
  const after = await turnWith(servers, [['guarded__who', {}]], { root })
  expect(after.results).toEqual([{ status: 'ok', text: 'you are in' }])

  server.expire()
  const renewed = await turnWith(servers, [['guarded__who', {}]], { root })
  expect(renewed.results).toEqual([{ status: 'ok', text: 'you are in' }])
  expect(server.asked.filter(path => path.includes('/authorize'))).toHaveLength(1)

  const keys = join(root, '../.config/kode/db/mcp/keys.json')
  const [kept = ''] = Object.values<string>(JSON.parse(readFileSync(keys, 'utf8')).keys)
  expect(Buffer.from(kept, 'base64url').toString('utf8')).toContain('"token-2"')
  expect(statSync(keys).mode & 0o077).toBe(0)
})

test('whoever comes back without the right state is nobody', async () => {
  const server = await guardedServer()
  const stop = new AbortController()
  const ended = await loginIn(
    tempProject(),
    server.url,
    async url => {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      back.search = 'code=code-0&state=guessed'
      expect((await fetch(back)).status).toBe(404)
      stop.abort()
    },
    stop.signal,
  )
  expect(ended).toEqual({ ok: false, error: 'cancelled' })
})
