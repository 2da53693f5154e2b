import type { LoggedEntry } from './read-log'

/** One win is chance. */
const MIN_WINS = 2

/** How patches were made here that won against others, and how often. */
export interface WinningStrategy {
  strategy: string
  wins: number
  /** Comparisons that somebody won. */
  runs: number
}

/** The strategy that won more comparisons than all others together; undefined where none did. */
export function winningStrategy(entries: readonly LoggedEntry[]): WinningStrategy | undefined {
  const winners = entries.flatMap(entry => entry.winning_strategy ?? [])
  const runs = winners.length
  for (const strategy of new Set(winners)) {
    const wins = winners.filter(winner => winner === strategy).length
    if (wins >= MIN_WINS && wins * 2 > runs) return { strategy, wins, runs }
  }
  return undefined
}
