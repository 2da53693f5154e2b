/** A shape of code that is dangerous by itself. */
export interface DangerRule {
  /** Last part of the finding's id. */
  kind: string
  /** Ids of languages; see languages/registry.ts. */
  languages: readonly string[]
  /** Where it starts must be code, not comment or string. Always with the flag `g`. */
  pattern: RegExp
  certainty: 'certain' | 'likely'
  message: string
  suggestion: string
  /** The file must say this too. */
  needs?: RegExp
  /** The same statement or its neighbourhood (three lines) must say this too. */
  near?: RegExp
  /** Tests talk to servers of their own, and users may ask for it by an option: there it warns. */
  isOftenMeant?: true
}

/** Files with scripts, as registry.ts calls their languages. */
export const SCRIPT = ['typescript', 'javascript', 'vue', 'svelte', 'html'] as const
