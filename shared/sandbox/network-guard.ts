import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { AllowedHosts, isNotPublic, normalHost } from './allowed-hosts'

export interface NetworkGuardParts {
  /** Hosts of this project's registries and code hosts: only public addresses of theirs. */
  defaults: readonly string[]
  /** The user's own: a name may lead into a private network, an address is taken as it is. */
  userHosts: readonly string[]
  /** Closed, whatever the other lists and the user say; on every port unless one is named. */
  denied?: readonly string[]
  /** Asks the user about a host on neither list; absent where nobody can answer. */
  ask?: ((host: string, port: number) => Promise<boolean>) | undefined
  /** All addresses of a name. */
  resolve?: ((host: string) => Promise<string[]>) | undefined
}

export type Verdict = { kind: 'allowed'; address: string } | { kind: 'blocked'; reason: string }

/** Decides which host a command may reach, and at which address: what was checked is what is connected to. */
export class NetworkGuard {
  readonly #defaults: AllowedHosts
  readonly #userHosts: AllowedHosts
  readonly #denied: AllowedHosts
  readonly #ask: NetworkGuardParts['ask']
  readonly #resolve: (host: string) => Promise<string[]>
  readonly #answers = new Map<string, Promise<boolean>>()
  readonly #blocked: string[] = []

  constructor(parts: NetworkGuardParts) {
    this.#defaults = new AllowedHosts(parts.defaults)
    this.#userHosts = new AllowedHosts(parts.userHosts)
    this.#denied = new AllowedHosts(parts.denied ?? [])
    this.#ask = parts.ask
    this.#resolve = parts.resolve ?? resolveName
  }

  async judge(rawHost: string, port: number): Promise<Verdict> {
    const host = normalHost(rawHost)
    const verdict = await this.#judge(host, port)
    if (verdict.kind === 'blocked') this.#blocked.push(`network to ${host}:${port} was blocked: ${verdict.reason}`)
    return verdict
  }

  /** What was blocked since the last time, each once. */
  takeBlocked(): string[] {
    return [...new Set(this.#blocked.splice(0))]
  }

  async #judge(host: string, port: number): Promise<Verdict> {
    if (this.#denied.names(host, port)) return blocked('a rule closes it.')
    const isUsers = this.#userHosts.allows(host, port)
    if (!isUsers && !this.#defaults.allows(host, port) && !(await this.#isApproved(host, port))) {
      return blocked('it is not an allowed host. Ask the user to allow it (--allow-net), or do without it.')
    }
    if (isIP(host)) {
      return isUsers || !isNotPublic(host) ? { kind: 'allowed', address: host } : blocked('it is a private address.')
    }
    const addresses = await this.#resolve(host)
    const address = addresses[0]
    if (address === undefined) return blocked('its name could not be resolved.')
    const forbidden = addresses.find(each => (isUsers ? isOurs(each) : isNotPublic(each)))
    if (forbidden !== undefined) return blocked(`its name leads to ${forbidden}, which is not a public address.`)
    return { kind: 'allowed', address }
  }

  #isApproved(host: string, port: number): Promise<boolean> {
    if (!this.#ask) return Promise.resolve(false)
    const key = `${host}:${port}`
    const known = this.#answers.get(key)
    if (known) return known
    const answer = this.#ask(host, port)
    this.#answers.set(key, answer)
    return answer
  }
}

function blocked(reason: string): Verdict {
  return { kind: 'blocked', reason }
}

/** This machine itself and its metadata service: reached by address only, never by a name. */
function isOurs(address: string): boolean {
  return /^(127\.|0\.|169\.254\.|::1$|::$|fe80:|::ffff:(127|169\.254|0)\.)/i.test(address)
}

/** Empty where there is none. */
async function resolveName(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(each => each.address)
  } catch {
    return []
  }
}
