import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import { decodeText } from '#shared/edits/text-file'
import type { FileSystem } from '#shared/host/host'
import { isInside } from '#shared/host/inside'
import { listOfNames, readFrontMatter } from '../agents/front-matter'
import codeReview from './built-in/code-review.md'
import securityAudit from './built-in/security-audit.md'
import type { Skill } from './skill'

const PROJECT_FOLDERS = ['.kode/skills', '.koda/skills', '.claude/skills']
const MAX_FILE_BYTES = 200_000

const text = v.string('wants a text')
const schema = v.object({
  name: v.pipe(text, v.regex(/^[\w.-]{1,64}$/, 'may hold letters, digits, ".", "-" and "_"')),
  description: v.optional(v.pipe(text, v.trim()), ''),
  when_to_use: v.optional(v.pipe(text, v.trim()), ''),
  user_invocable: v.optional(v.boolean('wants true or false'), true),
  argument_hint: v.optional(text, ''),
})

/** A SKILL.md; without a name it is none. An error is one line that names the file. */
export async function readSkill(
  content: string,
  path: string,
  source: Skill['source'],
  folder?: string,
): Promise<Result<Skill, string>> {
  const read = await readFrontMatter(content)
  if (!read.ok) return fail(`${path}: ${read.error}`)
  const { fields, body } = read.value
  const parsed = v.safeParse(schema, fields)
  if (!parsed.success) {
    const [issue] = parsed.issues
    const what = issue.received === 'undefined' ? 'is missing' : issue.message
    return fail(`${path}: ${v.getDotPath(issue)} ${what}`)
  }
  const allowed = fields.allowed_tools === undefined ? undefined : listOfNames(fields.allowed_tools)
  if (fields.allowed_tools !== undefined && !allowed) return fail(`${path}: allowed_tools wants a list of names`)
  const { name, description, when_to_use, user_invocable, argument_hint } = parsed.output
  return ok({
    name,
    description,
    tags: listOfNames(fields.tags) ?? [],
    whenToUse: when_to_use,
    isUserInvocable: user_invocable,
    argumentHint: argument_hint,
    source,
    body,
    ...(allowed && { allowedTools: allowed }),
    ...(folder !== undefined && { folder }),
  })
}

/** All skills of a project, by name; read anew each time, so that a new one is there at once. */
export class SkillShelf {
  readonly #skills: ReadonlyMap<string, Skill>
  /** What is odd or broken, one line each. */
  readonly warnings: readonly string[]

  private constructor(skills: ReadonlyMap<string, Skill>, warnings: readonly string[]) {
    this.#skills = skills
    this.warnings = warnings
  }

  /**
   * The project's, then the user's, then the built-in ones.
   *
   * @param userFolder undefined: nothing but the built-in ones
   * @param more further folders of the project, relative to it: `skills.paths`
   */
  static async read(
    root: string,
    userFolder: string | undefined,
    files: FileSystem,
    more: readonly string[] = [],
  ): Promise<SkillShelf> {
    const skills = new Map<string, Skill>()
    const warnings: string[] = []
    const take = (read: Result<Skill, string>) => {
      if (!read.ok) warnings.push(read.error)
      else if (!skills.has(read.value.name)) skills.set(read.value.name, read.value)
    }
    const wanted = [...PROJECT_FOLDERS, ...more].map(folder => resolve(root, folder))
    const project = wanted
      .filter(folder => isInside(folder, root))
      .map(folder => ({ folder, source: 'project' as const }))
    for (const folder of wanted.filter(each => !isInside(each, root))) {
      warnings.push(`skills.paths: ${folder} is not in the project; yours belong in ${userFolder ?? 'your own folder'}`)
    }
    const folders = userFolder === undefined ? [] : [...project, { folder: userFolder, source: 'user' as const }]
    for (const { folder, source } of folders) {
      const listed = await files.list(folder)
      for (const { name } of listed.ok ? listed.value.sort((a, b) => (a.name < b.name ? -1 : 1)) : []) {
        const path = join(folder, name, 'SKILL.md')
        const bytes = await files.read(path, MAX_FILE_BYTES)
        const content = bytes.ok ? decodeText(bytes.value)?.text : undefined
        if (content !== undefined) take(await readSkill(content, path, source, join(folder, name)))
      }
    }
    for (const content of [codeReview, securityAudit]) take(await readSkill(content, 'built-in', 'built-in'))
    return new SkillShelf(skills, warnings)
  }

  /** Those whose name, description or tags hold the text, in any case; by name. */
  search(query = ''): Skill[] {
    const wanted = query.trim().toLowerCase()
    return [...this.#skills.values()]
      .filter(({ name, description, tags }) =>
        [name, description, ...tags].some(each => each.toLowerCase().includes(wanted)),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** An error is one line that lists what there is. */
  find(name: string): Result<Skill, string> {
    const skill = this.#skills.get(name)
    if (skill) return ok(skill)
    return fail(
      `there is no skill "${name}"; there are: ${this.search()
        .map(each => each.name)
        .join(', ')}`,
    )
  }
}
