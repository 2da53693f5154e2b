/**
 * False alarms of imports and calls over folders taken as projects: code that runs has none of what is reported here.
 * Usage: npm run bench:gates-sys -- gates-sys-code LANGUAGE [--every N] FOLDER…
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readAsset } from '#shared/host/node/assets'
import type { ProjectView } from '#shared/languages/project-view'
import { Languages } from '#shared/languages/registry'

const EXTENSIONS: Record<string, RegExp> = { python: /\.pyi?$/, go: /\.go$/, rust: /\.rs$/ }
const [name = '', ...folders] = process.argv.slice(2)
/** Looks at each Nth file only. */
const every = folders[0] === '--every' ? Number(folders.splice(0, 2)[1]) : 1
const extension = EXTENSIONS[name]
if (!extension || folders.length === 0) throw new Error(`usage: ${Object.keys(EXTENSIONS).join('|')} FOLDER…`)

const languages = new Languages(readAsset)
const times: number[] = []
let likely = 0
const certain: string[] = []
const unknown: string[] = []
for (const root of folders) {
  const project = diskView(root)
  for (const [index, path] of sources(root, extension).entries()) {
    if (index % every !== 0) continue
    const text = readFileSync(join(root, path), 'utf8').replace(/^\uFEFF/, '')
    const code = (await languages.languageOf(path))?.code
    if (!code || text.includes('\uFFFD')) continue
    const start = performance.now()
    const verdicts = [
      ['imports', await code.checkImports({ path, text }, project)] as const,
      ['calls', await code.checkCalls({ path, text }, project)] as const,
    ]
    times.push(performance.now() - start)
    for (const [gate, verdict] of verdicts) {
      if (verdict.kind === 'unknown') unknown.push(`unknown ${gate} ${join(root, path)}: ${verdict.reason}`)
      else
        for (const problem of verdict.problems) {
          const line = text.slice(0, problem.start).split('\n').length
          const words = `${gate}/${problem.kind} ${join(root, path)}:${line}: ${problem.message}; ${problem.suggestion ?? ''}`
          if (problem.certainty === 'certain') certain.push(words)
          else likely++
        }
    }
  }
}
times.sort((a, b) => a - b)
const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(2)
for (const line of [...certain, ...unknown]) console.log(line)
console.log(
  `${name}: ${times.length} files; would block ${certain.length}, warn ${likely}, unknown ${unknown.length}; ` +
    `ms a file p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`,
)

function diskView(root: string): ProjectView {
  const lists = new Map<string, readonly string[]>()
  const list = (path: string) => {
    const known = lists.get(path)
    if (known) return known
    let names: readonly string[] = []
    if (kind(path) === 'directory') names = readdirSync(join(root, path))
    lists.set(path, names)
    return names
  }
  const kind = (path: string) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false })
    return stat?.isDirectory() ? 'directory' : stat?.isFile() ? 'file' : undefined
  }
  return {
    root,
    read: async path => (kind(path) === 'file' ? readFileSync(join(root, path), 'utf8') : undefined),
    kindOf: async path => kind(path),
    list: async path => list(path),
  }
}

function sources(root: string, wanted: RegExp, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = relative('.', join(folder, entry.name))
    if (entry.isDirectory()) return sources(root, wanted, path)
    return entry.isFile() && wanted.test(entry.name) ? [path] : []
  })
}
