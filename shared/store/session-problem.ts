import type { Owner } from './lease'

/** Why a session cannot be had. `message` is for the user. */
export type SessionProblem =
  | { kind: 'unknown'; message: string }
  | { kind: 'ambiguous'; message: string; ids: string[] }
  | { kind: 'newer-schema'; message: string; schema: number }
  | { kind: 'owned'; message: string; by: Owner }
  | { kind: 'exists'; message: string }

/** No session has this id, or one that begins so. */
export function unknownSession(wanted: string): SessionProblem {
  return { kind: 'unknown', message: `No session begins with "${wanted}". See "kode sessions list".` }
}

/** A living process runs it. */
export function ownedSession(id: string, by: Owner): SessionProblem {
  const message = `Session ${id} is running in process ${by.pid} on ${by.host}. End it there first.`
  return { kind: 'owned', message, by }
}

/** It cannot be read by this version, and is left as it is. */
export function newerSchema(what: string, schema: number): SessionProblem {
  const message = `${what} was written by a newer kode (schema ${schema}). Update kode to use it; nothing was changed.`
  return { kind: 'newer-schema', message, schema }
}
