const LENSES = ['architecture-compliance', 'blast-radius', 'coherence', 'convention', 'dependency', 'task'] as const
export type Lens = (typeof LENSES)[number]

/** What a reviewer would say before the gates look: not whether it is right, but whether it is meant. */
export interface CritiqueFinding {
  lens: Lens
  severity: 'info' | 'warning' | 'error'
  file_path: string
  /** From 1. */
  line: number
  message: string
  suggestion?: string
}
