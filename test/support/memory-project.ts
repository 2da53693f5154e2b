import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import type { ProjectView } from '#shared/languages/project-view'

/** A project made of texts. */
export function memoryProject(texts: Readonly<Record<string, string>>): ProjectView {
  const folders = new Map<string, Set<string>>([['', new Set()]])
  for (const path of Object.keys(texts)) {
    const parts = path.split('/')
    for (let depth = 0; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/')
      folders.set(folder, (folders.get(folder) ?? new Set()).add(parts[depth]!))
    }
  }
  return {
    root: '/project',
    async read(path) {
      return Object.hasOwn(texts, path) ? texts[path] : undefined
    },
    async kindOf(path) {
      if (Object.hasOwn(texts, path)) return 'file'
      return folders.has(path) ? 'directory' : undefined
    },
    async list(path) {
      return [...(folders.get(path) ?? [])]
    },
  }
}

/** What leads from one state of some files to another: `null` deletes, `{ from }` renames. */
export function changeSetOf(
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null | { from: string; text?: string }>>,
): ChangeSet {
  const files = Object.entries(change).map(([path, after]): FileChange => {
    const old = before[path]
    if (after === null) return { path, kind: 'delete', before: old ?? '', hunkIds: [] }
    if (typeof after === 'string') {
      if (old === undefined) return { path, kind: 'create', after, hunkIds: [] }
      return { path, kind: 'modify', before: old, after, hunkIds: [] }
    }
    const text = before[after.from] ?? ''
    return { path, kind: 'rename', oldPath: after.from, before: text, after: after.text ?? text, hunkIds: [] }
  })
  return { id: 'change', files }
}
