import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

/** Which skills there are. */
export const listSkillsTool = defineTool({
  name: 'ListSkills',
  aliases: ['list_skills'],
  description: 'Lists skills: instructions for special kinds of work.',
  input: v.object({ query: v.optional(v.string(), '') }),
  isReadOnly: true,
  async prepare({ query }, context) {
    return {
      kind: 'action',
      title: query,
      effect: effectOf('read_only', 'lists skills'),
      async run() {
        const skills = await context.session.skills.search(query)
        const lines = skills.map(({ name, description, tags, whenToUse }) => {
          const marks = tags.length === 0 ? '' : ` [${tags.join(', ')}]`
          return `${name}${marks}: ${description}${whenToUse && `. When: ${whenToUse}`}`
        })
        return { text: [`${skills.length} ${skills.length === 1 ? 'skill' : 'skills'}`, ...lines].join('\n') }
      },
    }
  },
})
