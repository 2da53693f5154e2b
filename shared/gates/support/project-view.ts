import type { FileStat, FileSystem } from '#shared/host/host'
import type { ProjectView } from '#shared/languages/project-view'

/** Larger texts are made by programs; no gate could judge them in time. */
const MAX_BYTES = 12_000_000

/** A view of the disk for one run of the gates. Make a new one for the next run: it never looks twice. */
export function projectViewOf(files: FileSystem, root: string): ProjectView {
  const texts = new Map<string, Promise<string | undefined>>()
  const folders = new Map<string, Promise<ReadonlyMap<string, FileStat['type']>>>()

  const absolute = (path: string) => (path === '' ? root : `${root}/${path}`)

  const folder = (path: string) =>
    remember(folders, path, async () => {
      const listed = await files.list(absolute(path))
      return new Map(listed.ok ? listed.value.map(entry => [entry.name, entry.type]) : [])
    })

  return {
    root,
    read: path =>
      remember(texts, path, async () => {
        const bytes = await files.read(absolute(path), MAX_BYTES)
        return bytes.ok ? decode(bytes.value) : undefined
      }),
    async kindOf(path) {
      if (path === '') return 'directory'
      // One listing answers for all the names a resolver tries in a folder; and it knows how names are really spelt.
      const name = path.slice(path.lastIndexOf('/') + 1)
      const type = name === '..' ? 'directory' : (await folder(parentOf(path))).get(name)
      if (type === 'file' || type === 'directory') return type
      return type === 'symlink' ? kindBehindLink(files, absolute(path)) : undefined
    },
    async list(path) {
      return [...(await folder(path)).keys()]
    },
  }
}

async function kindBehindLink(files: FileSystem, path: string): Promise<'file' | 'directory' | undefined> {
  const stat = await files.stat(path)
  if (!stat.ok) return undefined
  return stat.value.type === 'file' || stat.value.type === 'directory' ? stat.value.type : undefined
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

function remember<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? find()
  known.set(key, value)
  return value
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** @returns undefined for what is not UTF-8: no text a gate could judge */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
