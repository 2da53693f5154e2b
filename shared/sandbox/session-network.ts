import { createServer, type Socket } from 'node:net'
import { NetworkGuard } from './network-guard'
import { type NamespaceTools, NetworkNamespace } from './network-namespace'
import { createProxy } from './proxy'

/** The network of one session: its namespace, the proxy that is the only way out, and who may be reached. */
export interface SessionNetwork {
  guard: NetworkGuard
  /** What to put before a command so that it starts inside. */
  entering: readonly string[]
  /** Of the proxy, where commands find it. */
  port: number
  /** Tells programs about the proxy. */
  environment: Record<string, string>
  close(): void
}

export interface SessionNetworkParts {
  /** Of the project's registries and code hosts. */
  defaultHosts: readonly string[]
  namespaceTools: NamespaceTools | undefined
  userHosts: readonly string[]
  denied: readonly string[]
  ask?: ((host: string, port: number) => Promise<boolean>) | undefined
}

/** Undefined where the machine does not let us: commands then have no network at all. */
export async function openSessionNetwork(parts: SessionNetworkParts): Promise<SessionNetwork | undefined> {
  const { defaultHosts: defaults, userHosts, denied, ask } = parts
  const guard = new NetworkGuard({ defaults, userHosts, denied, ask })
  const proxy = createProxy(guard)
  const onConnection = (socket: Socket) => proxy.emit('connection', socket)
  const way = parts.namespaceTools
    ? await openNamespace(parts.namespaceTools, onConnection)
    : await openLoopback(onConnection)
  if (!way) return undefined
  return {
    guard,
    entering: way.entering,
    port: way.port,
    environment: proxyEnvironment(`http://127.0.0.1:${way.port}`),
    close: () => {
      way.close()
      proxy.closeAllConnections()
    },
  }
}

interface WayOut {
  port: number
  entering: readonly string[]
  close(): void
}

async function openNamespace(
  tools: NamespaceTools,
  onConnection: (socket: Socket) => void,
): Promise<WayOut | undefined> {
  const opened = await NetworkNamespace.open({ ...tools, onConnection })
  return opened.ok ? opened.value : undefined
}

function openLoopback(onConnection: (socket: Socket) => void): Promise<WayOut | undefined> {
  const server = createServer(onConnection)
  server.unref()
  return new Promise(resolve => {
    server.on('error', () => resolve(undefined))
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address !== 'object' || !address) return resolve(undefined)
      resolve({ port: address.port, entering: [], close: () => server.close() })
    })
  })
}

function proxyEnvironment(url: string): Record<string, string> {
  const local = 'localhost,127.0.0.1,::1'
  return {
    ...{ HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, NO_PROXY: local },
    ...{ http_proxy: url, https_proxy: url, all_proxy: url, no_proxy: local },
    // Node's own fetch asks for this.
    NODE_USE_ENV_PROXY: '1',
  }
}
