import { join } from 'node:path'

/** Where the store keeps what, under its folder. */
export interface StorePaths {
  folder: string
  /** `{ "schema": n }` of the whole folder. */
  schema: string
  /** Journals `<id>.<generation>.log`. */
  sessions: string
  leases: string
  /** One folder per session. */
  blobs: string
  /** Backups of files that were found damaged. */
  damaged: string
  catalog: string
  history: string
  index: string
}

/** Names everything under a store's folder. */
export function storePaths(folder: string): StorePaths {
  return {
    folder,
    schema: join(folder, 'schema.json'),
    sessions: join(folder, 'sessions'),
    leases: join(folder, 'leases'),
    blobs: join(folder, 'blobs'),
    damaged: join(folder, 'damaged'),
    catalog: join(folder, 'catalog'),
    history: join(folder, 'history'),
    index: join(folder, 'index'),
  }
}

/** The journal of a session, without its generation. */
export function sessionJournal(paths: StorePaths, id: string): string {
  return join(paths.sessions, id)
}

/** Who runs a session; see lease.ts. */
export function sessionLease(paths: StorePaths, id: string): string {
  return join(paths.leases, id)
}

/** Large outputs and images of a session. */
export function sessionBlobs(paths: StorePaths, id: string): string {
  return join(paths.blobs, id)
}
