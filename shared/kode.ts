import type { Result } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import type { Host } from '#shared/host/host'
import type { TrustMode } from '#shared/protocol/approvals'
import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import type { UserPart } from '#shared/protocol/messages'
import type { Provider } from '#shared/providers/provider'

/** Everything a surface can do with kode in one project. */
export interface Kode {
  /** Opens a new session, or an earlier one again. */
  openSession(options?: SessionOptions): Promise<Result<Session, { message: string }>>
  /** Ends every session and every child process. */
  close(): Promise<void>
}

export interface KodeOptions {
  /** Absolute; the project. */
  root: string
  settings: Settings
  /** Environment of the surface; commands of the model see only a small part of it. */
  env: Readonly<Record<string, string | undefined>>
  /** Used instead of the one the settings name. */
  provider?: Provider
}

export interface SessionOptions {
  /** Id or unique prefix of an earlier session. */
  resume?: string
  mode?: TrustMode
  model?: string
}

/** One conversation. */
export interface Session {
  readonly id: string
  readonly mode: TrustMode
  readonly model: string
  readonly isRunning: boolean
  /** The events a surface needs to draw the conversation so far; then follow `subscribe`. */
  history(): readonly KodeEvent[]
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: KodeEvent) => void): () => void
  /** Starts a turn, or steers the running one; resolves when the turn it belongs to ends. */
  prompt(parts: UserPart[], lane?: 'next' | 'later'): Promise<TurnEnd>
  /** Ends the running turn; what was said and done stays. */
  cancel(): void
  setMode(mode: TrustMode): Result<void, { message: string }>
  setModel(model: string): void
  close(): Promise<void>
}

/** Wires the core for one project. */
export declare function createKode(
  host: Host,
  options: KodeOptions,
): Promise<Result<Kode, { message: string; exitCode: number }>>
