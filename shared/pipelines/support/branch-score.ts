/** What one branch came to, as far as the score looks at it. */
export interface BranchOutcome {
  id: string
  passed: boolean
  gatesPassed: number
  /** Files it changes. */
  impact: number
  tokens: number
  durationMs: number
}

/** Source: spec/kode.md §10.3. */
const WEIGHTS = { gates: 0.1, impact: 0.4, tokens: 0.3, time: 0.2 }
const ALL_GATES = 6

/** From 0 to 1, less change, cost and time being better; -1 for what failed. */
export function scoreBranches(outcomes: readonly BranchOutcome[]): Map<string, number> {
  const passed = outcomes.filter(outcome => outcome.passed)
  const lowest = (of: (outcome: BranchOutcome) => number, outcome: BranchOutcome) => {
    const values = passed.map(of)
    const [least, most] = [Math.min(...values), Math.max(...values)]
    // What all do alike decides nothing.
    return least === most ? 0.5 : (most - of(outcome)) / (most - least)
  }
  return new Map(
    outcomes.map(outcome => {
      if (!outcome.passed) return [outcome.id, -1]
      const score =
        (Math.min(outcome.gatesPassed, ALL_GATES) / ALL_GATES) * WEIGHTS.gates +
        lowest(each => each.impact, outcome) * WEIGHTS.impact +
        lowest(each => each.tokens, outcome) * WEIGHTS.tokens +
        lowest(each => each.durationMs, outcome) * WEIGHTS.time
      return [outcome.id, Math.round(score * 1000) / 1000]
    }),
  )
}
