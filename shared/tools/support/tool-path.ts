import { isAbsolute, relative, resolve, sep } from 'node:path'

/** A path as the model wrote it, made absolute. Reading is allowed everywhere; writing is checked by edits/. */
export function resolveFrom(root: string, path: string): string {
  return resolve(root, path)
}

/** How a path is shown: relative inside the project, else absolute; forward slashes. */
export function displayPath(root: string, path: string): string {
  const inside = relative(root, path)
  const shown = inside === '' ? '.' : inside.startsWith('..') || isAbsolute(inside) ? path : inside
  return sep === '/' ? shown : shown.split(sep).join('/')
}
