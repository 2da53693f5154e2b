import type { Problem } from '#shared/languages/language'
import { DOCKERFILE } from './build-risks'

const LOCKFILE =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|uv\.lock|poetry\.lock|Cargo\.lock)$/
const SOURCE_HOST =
  /(?:"resolved": "|^\s*resolved "|tarball: |registry = "|url = "|source = "(?:registry|git)\+)https?:\/\/(?<host>[^/"'\s]+)/gm

/** Where an image of a Dockerfile comes from; without a name, from the registry that everybody uses. */
const IMAGE_HOST = /^\s*FROM\s+(?:--\S+\s+)*(?:(?<host>[\w-]+(?:\.[\w-]+)+(?::\d+)?)\/)?\S+/gim

/** Hosts a lockfile or Dockerfile did not name before, and packages that newly run code when they are installed. */
export function findSourceSurprises(before: string | undefined, after: string, path: string): Problem[] {
  if (before === undefined) return []
  if (DOCKERFILE.test(path)) return newHosts(before, after, IMAGE_HOST, 'images')
  if (!LOCKFILE.test(path)) return []
  const problems = newHosts(before, after, SOURCE_HOST, 'packages')
  const scriptsBefore = packagesWithScripts(before)
  for (const [name, start] of packagesWithScripts(after)) {
    if (scriptsBefore.has(name)) continue
    problems.push({
      kind: 'new-install-script',
      certainty: 'likely',
      key: `new-install-script ${name}`,
      start,
      end: start + name.length,
      message: `${name} runs a script when it is installed`,
      suggestion: 'look at it before you install',
    })
  }
  return problems
}

function newHosts(before: string, after: string, source: RegExp, what: string): Problem[] {
  const problems: Problem[] = []
  const hosts = (text: string) => [...text.matchAll(source)]
  const known = new Set(hosts(before).map(match => match.groups?.host))
  // Without a source before, there is nothing to be surprised by.
  if (known.size === 0) return []
  for (const match of hosts(after)) {
    const host = match.groups?.host
    if (host === undefined || known.has(host)) continue
    known.add(host)
    problems.push({
      kind: 'new-registry',
      certainty: 'likely',
      key: `new-registry ${host}`,
      start: match.index,
      end: match.index + match[0].length,
      message: `${what} now also come from ${host}`,
      suggestion: 'make sure that you meant to',
    })
  }
  return problems
}

function packagesWithScripts(lockfile: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const match of lockfile.matchAll(/"hasInstallScript": true|requiresBuild: true/g)) {
    const above = lockfile.slice(0, match.index)
    const header = [...above.slice(-6000).matchAll(/^ {4}"node_modules\/([^"]+)": \{|^ {2}\/?([^\s:]+):$/gm)].at(-1)
    const name = header?.[1] ?? header?.[2]
    if (name) found.set(name, above.lastIndexOf(name))
  }
  return found
}
