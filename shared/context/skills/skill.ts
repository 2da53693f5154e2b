/** Instructions for one kind of work, read when they are needed. */
export interface Skill {
  name: string
  description: string
  tags: readonly string[]
  whenToUse: string
  /** While it is active, only these tools; undefined = all. */
  allowedTools?: readonly string[]
  /** Whether users see it; models always do. */
  isUserInvocable: boolean
  argumentHint: string
  source: 'built-in' | 'user' | 'project'
  /** What lies beside its SKILL.md; absent for a built-in. */
  folder?: string
  body: string
}

/** A skill as instructions, with what its folder holds. */
export function instructionsOf({ name, body, folder }: Skill, task = ''): string {
  const beside = folder === undefined ? '' : `\nFiles it speaks of are in ${folder}.`
  const what = task === '' ? '' : `\nWhat it is for now: ${task}`
  return `<skill name="${name}">\n${body}\n</skill>\nFollow these instructions until the work is done.${beside}${what}`
}
