export const LENSES = [
  'architecture-compliance',
  'blast-radius',
  'coherence',
  'convention',
  'dependency',
  'task',
  /** What the small model says of a task. */
  'model',
] as const
export type Lens = (typeof LENSES)[number]

/** From light to grave. */
export const SEVERITIES = ['info', 'warning', 'error'] as const

/** What a reviewer would say before the gates look: not whether it is right, but whether it is meant. */
export interface CritiqueFinding {
  lens: Lens
  severity: (typeof SEVERITIES)[number]
  file_path: string
  /** From 1. */
  line: number
  message: string
  suggestion?: string
}
