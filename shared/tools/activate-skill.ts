import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

const NONE = 'none'

/** Instructions for one kind of work. */
export const activateSkillTool = defineTool({
  name: 'ActivateSkill',
  aliases: ['activate_skill', 'skill'],
  description: `Gives you the instructions of a skill; may narrow your tools until another, or "${NONE}", is activated.`,
  input: v.object({ skill_name: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')) }),
  // Calls beside it must not run with the tools of before.
  isReadOnly: false,
  async prepare({ skill_name }, context) {
    return {
      kind: 'action',
      title: skill_name,
      effect: effectOf('read_only', 'reads a skill'),
      async run() {
        const { skills } = context.session
        if (skill_name === NONE) {
          skills.deactivate()
          return { text: 'No skill is active; you have all your tools.' }
        }
        const activated = await skills.activate(skill_name)
        return activated.ok ? { text: activated.value } : { isError: true, text: `Error: ${activated.error}` }
      },
    }
  },
})
