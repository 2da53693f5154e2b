import table from '../data/go-std.data.json' with { type: 'json' }

/** The minor version of the newest Go the table knows: 24 for Go 1.24. */
export const NEWEST_KNOWN_GO = table.minor

const packages = new Map<string, { since: number; names: string | undefined }>(
  Object.entries(table.packages).map(([key, names]) => {
    const [path = key, since] = key.split('+')
    return [path, { since: Number(since ?? 0), names: names ?? undefined }]
  }),
)
const opened = new Map<string, ReadonlyMap<string, number>>()

/** The minor version since which a package is there; undefined when no version has it. */
export function stdPackageSince(path: string): number | undefined {
  return packages.get(path)?.since
}

/** What a package exports and since when; undefined when that differs by platform. */
export function stdPackageNames(path: string): ReadonlyMap<string, number> | undefined {
  const found = packages.get(path)
  if (found?.names === undefined) return undefined
  const known = opened.get(path)
  if (known) return known
  const names = new Map(
    found.names.split(' ').map(entry => {
      const [name = entry, since] = entry.split('+')
      return [name, Number(since ?? found.since)] as const
    }),
  )
  opened.set(path, names)
  return names
}

/** Paths of all packages. */
export function stdPackages(): Iterable<string> {
  return packages.keys()
}
