import { existsSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join } from 'node:path'
import { readText } from './read-text'

/** What a project's manifests say it downloads from. */
const HOSTS_OF_MANIFESTS: readonly { files: readonly string[]; hosts: readonly string[] }[] = [
  { files: ['package.json'], hosts: ['registry.npmjs.org', 'registry.yarnpkg.com'] },
  { files: ['deno.json', 'deno.jsonc', 'jsr.json'], hosts: ['jsr.io', 'npm.jsr.io', 'deno.land'] },
  { files: ['go.mod', 'go.work'], hosts: ['proxy.golang.org', 'sum.golang.org'] },
  { files: ['Cargo.toml'], hosts: ['index.crates.io', 'static.crates.io', 'crates.io'] },
  {
    files: ['pyproject.toml', 'requirements.txt', 'setup.py', 'setup.cfg', 'Pipfile', 'uv.lock'],
    hosts: ['pypi.org', 'files.pythonhosted.org'],
  },
  { files: ['Gemfile'], hosts: ['rubygems.org', 'index.rubygems.org'] },
  {
    files: ['pom.xml', 'build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts'],
    hosts: ['repo.maven.apache.org', 'repo1.maven.org', 'plugins.gradle.org', 'services.gradle.org'],
  },
  { files: ['composer.json'], hosts: ['repo.packagist.org', 'packagist.org'] },
  { files: ['mix.exs'], hosts: ['repo.hex.pm', 'hex.pm'] },
  { files: ['pubspec.yaml'], hosts: ['pub.dev'] },
]

/** What belongs to a code host that a git remote names. */
const HOSTS_OF_CODE_HOSTS: Record<string, readonly string[]> = {
  'github.com': ['github.com', 'api.github.com', 'codeload.github.com', '*.githubusercontent.com'],
  'gitlab.com': ['gitlab.com'],
  'bitbucket.org': ['bitbucket.org', 'api.bitbucket.org'],
  'codeberg.org': ['codeberg.org'],
}

/** Package registries and code hosts that this project uses. Only well-known ones: a project must not open its own way out. */
export function defaultHosts(root: string): string[] {
  const ofManifests = HOSTS_OF_MANIFESTS.filter(({ files }) => files.some(file => existsSync(join(root, file))))
  const remotes = readText(join(root, '.git/config')).matchAll(
    /^\s*url\s*=\s*(?:https:\/\/|ssh:\/\/)?(?:[^@/\s]+@)?([a-z0-9.-]+)[:/]/gim,
  )
  const ofRemotes = [...remotes].flatMap(([, host]) => HOSTS_OF_CODE_HOSTS[host!.toLowerCase()] ?? [])
  return [...new Set([...ofManifests.flatMap(({ hosts }) => hosts), ...ofRemotes])]
}

/** Ports of a host that is listed without one. */
const USUAL_PORTS = [80, 443]

interface Rule {
  host: string
  /** All below it, not itself. */
  isWildcard: boolean
  port: number | undefined
}

/** Hosts that may be reached: `host`, `*.domain`, `host:port`, an address. */
export class AllowedHosts {
  readonly entries: readonly string[]
  readonly #rules: readonly Rule[]

  constructor(entries: readonly string[]) {
    this.entries = entries
    this.#rules = entries.map(parseRule)
  }

  /** Whether an entry is about this host, on a usual port or not. */
  names(host: string, port: number): boolean {
    const name = normalHost(host)
    return this.#rules.some(rule => matches(rule, name) && (rule.port ?? port) === port)
  }

  allows(host: string, port: number): boolean {
    const name = normalHost(host)
    return this.#rules.some(rule => matches(rule, name) && (rule.port ?? port) === port && isPortFine(rule, port))
  }
}

function isPortFine(rule: Rule, port: number): boolean {
  return rule.port !== undefined || USUAL_PORTS.includes(port)
}

function matches(rule: Rule, host: string): boolean {
  return rule.isWildcard ? host.endsWith(`.${rule.host}`) : host === rule.host
}

function parseRule(entry: string): Rule {
  const found = /^(\*\.)?(\[[^\]]+\]|[^:]+|[0-9a-f:]+:[0-9a-f:]*)(?::(\d+))?$/i.exec(entry.trim())
  const port = found?.[3]
  return {
    host: normalHost(found?.[2] ?? entry),
    isWildcard: found?.[1] !== undefined,
    port: port === undefined ? undefined : Number(port),
  }
}

/** Lower case, without the final dot and without the brackets of an IPv6 address. */
export function normalHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

const NOT_PUBLIC = notPublicAddresses()

function notPublicAddresses(): BlockList {
  const list = new BlockList()
  const v4 = [
    ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
    ...['192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
  ]
  const v6 = ['::/128', '::1/128', 'fc00::/7', 'fe80::/10', 'ff00::/8', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16']
  for (const range of v4) addRange(list, range, 'ipv4')
  for (const range of v6) addRange(list, range, 'ipv6')
  return list
}

function addRange(list: BlockList, range: string, family: 'ipv4' | 'ipv6'): void {
  const [address, bits] = range.split('/')
  list.addSubnet(address!, Number(bits), family)
}

/** Whether an address is loopback, private, link-local, reserved, or stands for such an IPv4 address. */
export function isNotPublic(address: string): boolean {
  // The block list itself looks through IPv4 addresses written as IPv6 (::ffff:10.0.0.1).
  return NOT_PUBLIC.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
