import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import type { ProjectView } from '#shared/languages/project-view'
import type { CritiqueFinding } from './critique-finding'

/** A manifest, its entries, and the lock files that belong to it. */
interface ManifestKind {
  file: RegExp
  locks: readonly string[]
  /** Name → version, as far as it can be told. */
  entries(text: string): ReadonlyMap<string, string>
}

const KINDS: readonly ManifestKind[] = [
  {
    file: /(?:^|\/)package\.json$/,
    locks: ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'],
    entries: packageJson,
  },
  {
    file: /(?:^|\/)go\.mod$/,
    locks: ['go.sum'],
    entries: text => pairs(text, /^\s*(?:require\s+)?([\w.-]+\.[\w./-]+)\s+(v\S+)/gm),
  },
  { file: /(?:^|\/)Cargo\.toml$/, locks: ['Cargo.lock'], entries: cargoToml },
  { file: /(?:^|\/)pyproject\.toml$/, locks: ['uv.lock', 'poetry.lock'], entries: pyproject },
  {
    file: /(?:^|\/)requirements[\w-]*\.txt$/,
    locks: [],
    entries: text => pairs(text, /^([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([=<>~!].*)?$/gm),
  },
]

/** What a patch adds, updates and removes in manifests, and whether the lock file keeps up. */
export async function dependencyRemarks(changes: ChangeSet, project: ProjectView): Promise<CritiqueFinding[]> {
  const found: CritiqueFinding[] = []
  for (const change of changes.files) {
    const kind = KINDS.find(each => each.file.test(change.path))
    if (!kind) continue
    const differences = differencesOf(change, kind)
    for (const { name, message } of differences) {
      found.push({ lens: 'dependency', severity: 'info', file_path: change.path, line: lineOf(change, name), message })
    }
    if (differences.length === 0) continue
    const folder = change.path.slice(0, change.path.lastIndexOf('/') + 1)
    for (const lock of kind.locks) {
      const path = folder + lock
      if (changes.files.some(file => file.path === path) || (await project.kindOf(path)) !== 'file') continue
      const message = `dependencies change, but ${path} does not`
      found.push({
        lens: 'dependency',
        severity: 'warning',
        file_path: change.path,
        line: 1,
        message,
        suggestion: 'renew the lock file',
      })
    }
  }
  return found
}

function differencesOf(
  { before = '', after = '' }: FileChange,
  kind: ManifestKind,
): { name: string; message: string }[] {
  const [old, current] = [kind.entries(before), kind.entries(after)]
  const found: { name: string; message: string }[] = []
  for (const [name, version] of current) {
    const was = old.get(name)
    if (was === undefined) found.push({ name, message: `adds ${name} ${version}`.trim() })
    else if (was !== version) found.push({ name, message: `updates ${name} from ${was} to ${version}` })
  }
  for (const name of old.keys()) if (!current.has(name)) found.push({ name, message: `removes ${name}` })
  return found
}

function lineOf({ after = '' }: FileChange, name: string): number {
  const at = after.indexOf(name)
  return at === -1 ? 1 : after.slice(0, at).split('\n').length
}

function packageJson(text: string): Map<string, string> {
  const found = new Map<string, string>()
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null) return found
    for (const [key, value] of Object.entries(json)) {
      if (!/^(?:dev|peer|optional)?dependencies$/i.test(key) || typeof value !== 'object' || value === null) continue
      for (const [name, version] of Object.entries(value)) found.set(name, String(version))
    }
  } catch (error) {
    // The gates speak about what does not parse.
    if (!(error instanceof SyntaxError)) throw error
  }
  return found
}

/** The entries of one kind of TOML table. */
function tomlTable(text: string, title: RegExp): Map<string, string> {
  const found = new Map<string, string>()
  let isInside = false
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*\[/.test(line)) isInside = title.test(line)
    const [, name, version] = isInside ? (/^\s*["']?([\w.-]+)["']?\s*=\s*(.+?)\s*(?:#.*)?$/.exec(line) ?? []) : []
    if (name !== undefined) found.set(name, (version ?? '').replace(/^["']|["']$/g, ''))
  }
  return found
}

function cargoToml(text: string): Map<string, string> {
  return tomlTable(text, /^\s*\[(?:workspace\.|target\..*\.)?(?:dev-|build-)?dependencies\]/)
}

function pyproject(text: string): Map<string, string> {
  const listed = /^\s*(?:dependencies|requires)\s*=\s*\[([^\]]*)\]/gm
  const found = tomlTable(text, /^\s*\[tool\.poetry\.(?:group\..*\.)?dependencies\]/)
  for (const [, list = ''] of text.matchAll(listed)) {
    for (const [name, version] of pairs(list, /["']([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([^"']*)["']/g))
      found.set(name, version)
  }
  return found
}

/** First group → the last group that matched. */
function pairs(text: string, pattern: RegExp): Map<string, string> {
  return new Map([...text.matchAll(pattern)].map(match => [match[1] ?? '', (match[3] ?? match[2] ?? '').trim()]))
}
