import table from '../data/rust-std.data.json' with { type: 'json' }

/** The minor version of the newest Rust the table knows: 95 for Rust 1.95. */
export const NEWEST_KNOWN_RUST = table.minor

const names: ReadonlySet<string> = new Set(table.names.split(' '))

/** Whether some module of std, core or alloc has this name; which one is not told. */
export function hasStandardName(name: string): boolean {
  return names.has(name)
}

/** All of them, for suggestions. */
export function standardNames(): Iterable<string> {
  return names
}
