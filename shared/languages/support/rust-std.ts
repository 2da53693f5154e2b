import table from '../data/rust-std.data.json' with { type: 'json' }

const names: ReadonlySet<string> = new Set(table.names.split(' '))

/** Whether some module of std, core or alloc has this name; which one is not told. */
export function hasStandardName(name: string): boolean {
  return names.has(name)
}

/** All of them, for suggestions. */
export function standardNames(): Iterable<string> {
  return names
}
