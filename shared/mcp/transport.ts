import type { Transport } from '@modelcontextprotocol/client'

/** One way to a server, for one try. */
export interface Line {
  transport: Transport
  /** Speaks only the protocol of before 2026. */
  isLegacy: boolean
  /** How long the server may think about which protocol it speaks; undefined: as long as a start may take. */
  probeTimeoutMs?: number
  /** Whether a failed try of this one leaves another way to try. */
  mayTryAnother(error: unknown): boolean
  /** What went wrong, in one line for people and the model; undefined error: it just ended. */
  explain(error: unknown): string
  close(): Promise<void>
}

/** @param attempt 0 for the first way, 1 for the next … */
export type OpenLine = (attempt: number) => Line
