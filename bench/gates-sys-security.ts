/**
 * Hits of the security rules in ordinary source: every file below the folders given, taken as new, tests and examples left out.
 * Usage: npm run bench:gates-sys -- gates-sys-security FOLDER…
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { security } from '#shared/gates/security'
import { SECRET_RULES } from '#shared/gates/support/secret-rules'
import { readAsset } from '#shared/host/node/assets'
import type { ProjectView } from '#shared/languages/project-view'
import { Languages } from '#shared/languages/registry'

const folders = process.argv.slice(2)
if (folders.length === 0) throw new Error('usage: FOLDER…')
const languages = new Languages(readAsset)
const secretIds = new Set(SECRET_RULES.map(rule => `security/${rule.kind}`))
const nothing: ProjectView = {
  root: '/',
  read: async () => undefined,
  kindOf: async () => undefined,
  list: async () => [],
}
const counts = new Map<string, number>()
const times: number[] = []
let bytes = 0
let secretErrors = 0
for (const path of folders.flatMap(sources)) {
  if (
    /(?:^|\/)(?:tests?|testdata|fixtures?|examples?|docs?|spec)\/|[._-]test\./.test(path) ||
    statSync(path).size > 1_000_000
  )
    continue
  const after = readFileSync(path, 'utf8')
  bytes += after.length
  const start = performance.now()
  const verdict = await security.judge({
    changes: { id: 'c', files: [{ path: path.slice(1), kind: 'create', after, hunkIds: [] }] },
    editProblems: [],
    project: nothing,
    changedProject: nothing,
    languages,
    settings: { blockArchitecture: false, architectureRules: [], runAll: true },
    signal: new AbortController().signal,
  })
  times.push(performance.now() - start)
  if (!('findings' in verdict)) continue
  for (const finding of verdict.findings) {
    const id = `${finding.severity} ${finding.id}`
    counts.set(id, (counts.get(id) ?? 0) + 1)
    if (finding.severity === 'error')
      console.log(`${finding.id} ${path}:${finding.line} ${finding.snippet?.trim().slice(0, 100)}`)
    if (finding.severity === 'error' && secretIds.has(finding.id)) secretErrors++
  }
}
times.sort((a, b) => a - b)
const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(2)
for (const [id, count] of [...counts].sort()) console.log(`${count} ${id}`)
console.log(
  `${times.length} files, ${(bytes / 1e6).toFixed(1)} MB; secrets that would block ${secretErrors}; ms a file p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`,
)

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return entry.isFile() && /\.(?:[cm]?[jt]sx?|py|go|rs|json|ya?ml|toml)$/.test(entry.name) ? [path] : []
  })
}
