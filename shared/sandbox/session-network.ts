import { defaultHosts } from './allowed-hosts'
import { NetworkGuard } from './network-guard'
import { NetworkNamespace } from './network-namespace'
import { createProxy } from './proxy'

/** The network of one session: its namespace, the proxy that is the only way out, and who may be reached. */
export interface SessionNetwork {
  guard: NetworkGuard
  /** What to put before a command so that it starts inside. */
  entering: readonly [program: string, ...args: string[]]
  /** Tells programs about the proxy. */
  environment: Record<string, string>
  close(): void
}

export interface SessionNetworkParts {
  root: string
  bubblewrap: string
  nsenter: string
  userHosts: readonly string[]
  ask?: ((host: string, port: number) => Promise<boolean>) | undefined
}

/** Undefined where the machine does not let us: commands then have no network at all. */
export async function openSessionNetwork(parts: SessionNetworkParts): Promise<SessionNetwork | undefined> {
  const guard = new NetworkGuard({ defaults: defaultHosts(parts.root), userHosts: parts.userHosts, ask: parts.ask })
  const proxy = createProxy(guard)
  const opened = await NetworkNamespace.open({
    bubblewrap: parts.bubblewrap,
    nsenter: parts.nsenter,
    onConnection: socket => proxy.emit('connection', socket),
  })
  if (!opened.ok) return undefined
  const namespace = opened.value
  return {
    guard,
    entering: namespace.entering,
    environment: proxyEnvironment(`http://127.0.0.1:${namespace.port}`),
    close: () => {
      namespace.close()
      proxy.closeAllConnections()
    },
  }
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
