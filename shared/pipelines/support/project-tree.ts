/** Source: spec/kode.md §19. */
const DEPTH = 3
const SKIPPED = new Set(['node_modules', 'vendor', 'dist', 'build', 'target', '__pycache__'])
const MAX_LINES = 200

/**
 * The upper part of a project, a path per line, folders before what is in them, without what is hidden or made by programs.
 *
 * @param paths of its files, relative, with forward slashes
 */
export function projectTree(paths: readonly string[]): string {
  const lines = new Set<string>()
  for (const path of [...paths].sort()) {
    const parts = path.split('/')
    if (parts.some((part, at) => part.startsWith('.') || (at < parts.length - 1 && SKIPPED.has(part)))) continue
    parts.slice(0, DEPTH).forEach((_, at) => {
      const isFolder = at < parts.length - 1
      lines.add(parts.slice(0, at + 1).join('/') + (isFolder ? '/' : ''))
    })
  }
  const shown = [...lines].slice(0, MAX_LINES)
  const more = lines.size > shown.length ? [`… and ${lines.size - shown.length} more`] : []
  return [...shown, ...more].join('\n')
}
