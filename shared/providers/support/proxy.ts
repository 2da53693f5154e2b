import type { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import { nodeHttp } from '#shared/host/node/builtins'
import { isLoopback } from './loopback'

type Env = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment asks for, with the credentials of PROXY_USER and PROXY_PASS where its URL has none.
 * This machine itself and the hosts in NO_PROXY are reached directly.
 */
export function proxyFor(url: URL, env: Env): URL | undefined {
  if (isLoopback(url.hostname) || isExempt(url, either(env, 'NO_PROXY') ?? '')) return undefined
  const text = either(env, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') ?? either(env, 'ALL_PROXY')
  if (text === undefined) return undefined
  const withScheme = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(withScheme)) return undefined
  const proxy = new URL(withScheme)
  if (proxy.username === '' && env.PROXY_USER) {
    proxy.username = env.PROXY_USER
    proxy.password = env.PROXY_PASS ?? ''
  }
  return proxy
}

/** The header that tells the proxy who asks; none without credentials. */
function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {}
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/** Where a plain request goes that the proxy is to send on: a proxy wants the whole URL in place of the path. */
export function throughProxy(proxy: URL, url: URL): ProxiedRequest {
  return {
    hostname: proxy.hostname,
    port: portOf(proxy),
    path: url.href,
    headers: { host: url.host, ...proxyAuthorization(proxy) },
  }
}

/** Options of `node:http`. */
interface ProxiedRequest {
  hostname: string
  port: number | string
  path: string
  headers: Record<string, string>
}

function portOf(proxy: URL): number | string {
  return proxy.port === '' ? 80 : proxy.port
}

/** An agent whose connections go through a tunnel of the proxy, and are kept. */
export async function tunnelAgent(proxy: URL, rejectUnauthorized: boolean): Promise<HttpsAgent> {
  const [{ Agent }, { connect }] = await Promise.all([import('node:https'), import('node:tls')])
  const agent = new Agent({ keepAlive: true })
  const tunnel = (target: { host?: string | null; port?: number | string | null }, done: Done) => {
    const host = target.host ?? ''
    const asking = nodeHttp().request({
      host: proxy.hostname,
      port: portOf(proxy),
      method: 'CONNECT',
      path: `${host}:${target.port ?? 443}`,
      headers: { host: `${host}:${target.port ?? 443}`, ...proxyAuthorization(proxy) },
      agent: false,
    })
    asking.once('error', error => done(new Error(`the proxy ${proxy.host} failed: ${error.message}`, { cause: error })))
    asking.once('connect', (reply, socket) => {
      if (reply.statusCode === 200) return done(null, connect({ socket, servername: host, rejectUnauthorized }))
      socket.destroy()
      done(new Error(`the proxy ${proxy.host} refused with status ${reply.statusCode}`))
    })
    asking.end()
    return undefined
  }
  return Object.assign(agent, { createConnection: tunnel })
}

type Done = (error: Error | null, socket?: Duplex) => void

function either(env: Env, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined
}

function isExempt(url: URL, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
    .some(entry => {
      if (entry === '*') return true
      const [host = '', port] = entry.replace(/^\*?\./, '').split(':')
      const isHost = url.hostname === host || url.hostname.endsWith(`.${host}`)
      return isHost && (port === undefined || port === url.port)
    })
}
