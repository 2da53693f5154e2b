// Writes shared/languages/data/go-std.data.json from the API files of a Go source tree: `node scripts/std-tables/go.mjs GOROOT`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Nobody checks whether a name is newer than Go 1.11, the first with modules. */
const OLDEST_TOLD = 11

const root = process.argv[2]
const files = readdirSync(join(root, 'api'))
  .map(name => ({ name, minor: name === 'go1.txt' ? 0 : Number(/^go1\.(\d+)\.txt$/.exec(name)?.[1]) }))
  .filter(file => !Number.isNaN(file.minor))
  .sort((a, b) => a.minor - b.minor)

/** package → name → minor version since which it is there */
const packages = new Map()
for (const { name, minor } of files)
  for (const line of readFileSync(join(root, 'api', name), 'utf8').split('\n')) {
    const match = /^pkg (?<path>\S+?)(?: \([^)]*\))?, (?:func|type|const|var) (?<name>[A-Za-z]\w*)/.exec(line)
    if (!match) continue
    const names = packages.get(match.groups.path) ?? new Map()
    packages.set(match.groups.path, names)
    if (!names.has(match.groups.name)) names.set(match.groups.name, minor)
  }

const table = { minor: files.at(-1).minor, packages: {} }
for (const path of packagePaths('').sort()) {
  // What syscall has differs by platform, and the API files know only some of them.
  const names = /^syscall/.test(path) ? undefined : packages.get(path)
  const since = names ? Math.min(...names.values()) : 0
  const key = since > OLDEST_TOLD ? `${path}+${since}` : path
  table.packages[key] = names
    ? [...names]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([each, minor]) => (minor > since && minor > OLDEST_TOLD ? `${each}+${minor}` : each))
        .join(' ')
    : null
}
writeFileSync(join(import.meta.dirname, '../../shared/languages/data/go-std.data.json'), `${JSON.stringify(table)}\n`)

/** Every folder with Go files that a program may import. */
function packagePaths(under) {
  const folder = join(root, 'src', under)
  const entries = readdirSync(folder, { withFileTypes: true })
  const isPackage = under !== '' && entries.some(entry => /\.go$/.test(entry.name) && !/_test\.go$/.test(entry.name))
  const below = entries
    .filter(entry => entry.isDirectory() && !/^(?:cmd|internal|vendor|testdata|_.*|\..*)$/.test(entry.name))
    .flatMap(entry => packagePaths(under ? `${under}/${entry.name}` : entry.name))
  return [...(isPackage ? [under] : []), ...below]
}
