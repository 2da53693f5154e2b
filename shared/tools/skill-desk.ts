import type { Result } from '#shared/base/result'

/** A skill as tools tell of it. */
export interface SkillEntry {
  name: string
  description: string
  tags: readonly string[]
  whenToUse: string
}

/** Skills, as one session sees them. */
export interface SkillDesk {
  search(query: string): Promise<readonly SkillEntry[]>
  /** From now on only its tools, where it names some. @returns its instructions; an error lists what there is */
  activate(name: string): Promise<Result<string, string>>
  /** All tools again. */
  deactivate(): void
}
