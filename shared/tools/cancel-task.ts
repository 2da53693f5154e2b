import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

/** Ends a background task. */
export const cancelTaskTool = defineTool({
  name: 'CancelTask',
  aliases: ['cancel_task'],
  description: 'Ends a background task you started.',
  input: v.strictObject({ task_id: v.pipe(v.string(), v.nonEmpty('must not be empty')) }),
  isReadOnly: false,
  async prepare({ task_id }, context) {
    return {
      kind: 'action',
      title: task_id,
      effect: effectOf('read_only', 'ends a task of its own'),
      async run() {
        const cancelled = context.session.tasks.cancel(task_id)
        if (cancelled.ok) return { text: JSON.stringify({ task_id, cancelled: true }) }
        const why = cancelled.error === 'forbidden' ? 'was started by somebody else' : 'does not exist'
        return { isError: true, text: `Error: the task ${task_id} ${why}. ListBackgroundTasks shows yours.` }
      },
    }
  },
})
