import { SkillShelf } from '#shared/context/skills/skill-shelf'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Command } from './command'

/** Instructions for special kinds of work. */
export const skillsCommand: Command = {
  name: 'skills',
  summary: 'lists skills: built-in, your own, and of this project',
  usage: '[words…]',
  doors: ['cli', 'chat'],
  options: {},
  async run({ root, paths, files, settings, printError }, { words }) {
    const { project } = await settings()
    const shelf = await SkillShelf.read(root, paths.skills, files, project.skills?.paths)
    for (const warning of shelf.warnings) printError(`warning: ${warning}`)
    const skills = shelf.search(words.join(' ')).filter(skill => skill.isUserInvocable)
    const lines = skills.map(({ name, argumentHint, tags, source, description }) => {
      const marks = tags.length === 0 ? '' : ` [${tags.join(', ')}]`
      return `${`${name} ${argumentHint}`.trim().padEnd(32)} ${source.padEnd(9)} ${description}${marks}`
    })
    return {
      exitCode: EXIT.done,
      json: {
        schema_version: 1,
        skills: skills.map(({ name, description, tags, whenToUse, argumentHint, source, folder, allowedTools }) => ({
          name,
          description,
          tags,
          when_to_use: whenToUse,
          argument_hint: argumentHint,
          source,
          ...(folder && { folder }),
          ...(allowedTools && { allowed_tools: allowedTools }),
        })),
        warnings: shelf.warnings,
      },
      text: lines.join('\n') || 'No skill matches.',
    }
  },
}
