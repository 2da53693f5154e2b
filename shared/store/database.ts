import type { Database, SqlJsStatic } from 'sql.js'
import { readAsset } from '#shared/host/node/assets'

let loading: Promise<SqlJsStatic> | undefined

/** Loads SQLite on first use: a session runs without it. */
async function loadSqlite(): Promise<SqlJsStatic> {
  loading ??= (async () => {
    const { default: initSqlJs } = await import('sql.js')
    const bytes = await readAsset('sql-wasm.wasm')
    return initSqlJs({ wasmBinary: new Uint8Array(bytes).buffer })
  })()
  return loading
}

/**
 * Opens a database in memory, takes the schema steps it is missing, lets `use` work on it, and frees it.
 *
 * @param bytes a file to begin with; an empty database otherwise
 */
export async function withDatabase<T>(
  steps: readonly string[],
  bytes: Uint8Array | undefined,
  use: (database: Database) => T,
): Promise<T> {
  const sqlite = await loadSqlite()
  const database = new sqlite.Database(bytes)
  try {
    migrate(database, steps)
    return use(database)
  } finally {
    database.close()
  }
}

function migrate(database: Database, steps: readonly string[]): void {
  const version = Number(database.exec('PRAGMA user_version')[0]?.values[0]?.[0] ?? 0)
  if (version > steps.length)
    throw new Error(`This file has schema ${version}, made by a newer kode; this one knows ${steps.length}.`)
  for (const [index, step] of steps.entries()) {
    if (index < version) continue
    database.run('BEGIN')
    database.exec(step)
    database.run(`PRAGMA user_version = ${index + 1}`)
    database.run('COMMIT')
  }
}
