/** The folders from one up to the file system's root: `src/a`, `src`, ``, `..`, `../..`. */
export function ancestorsOf(folder: string, projectRoot: string): string[] {
  const parts = folder.split('/').filter(part => part !== '')
  const below = parts.filter(part => part !== '..')
  const levelsUp = parts.length - below.length
  const up = (levels: number) => Array<string>(levels).fill('..')
  const folders = below.map((_, index) => [...up(levelsUp), ...below.slice(0, below.length - index)].join('/'))
  const levelsAbove = projectRoot.split('/').filter(part => part !== '').length
  for (let levels = levelsUp; levels <= levelsAbove; levels++) folders.push(up(levels).join('/'))
  return folders
}

/** The folder a path is in; `''` for the project's root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** Joins project-relative paths and resolves `.` and `..`; the result may begin with `../`. */
export function joinPath(folder: string, path: string): string {
  const parts: string[] = []
  for (const part of `${folder}/${path}`.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}
