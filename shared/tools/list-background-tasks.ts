import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { tailOf } from './support/tail'
import type { TaskReport } from './task-desk'
import { defineTool } from './tool'

const RECENT_CHARS = 1_000

/** Background tasks, and how they stand. */
export const listBackgroundTasksTool = defineTool({
  name: 'ListBackgroundTasks',
  aliases: ['list_background_tasks', 'list_tasks'],
  description: 'Lists the background tasks you started, with their last output.',
  input: v.strictObject({}),
  isReadOnly: true,
  async prepare(_, context) {
    return {
      kind: 'action',
      title: '',
      effect: effectOf('read_only', 'lists background tasks'),
      async run() {
        const now = context.now()
        return { text: JSON.stringify(context.session.tasks.list().map(task => lineOf(task, now))) }
      },
    }
  },
})

function lineOf(task: TaskReport, now: number) {
  return {
    task_id: task.id,
    task_type: task.kind,
    description: task.name,
    status: task.status,
    age_secs: Math.max(0, Math.round((now - task.started_at) / 1000)),
    ...(task.exitCode !== undefined && { exit_code: task.exitCode }),
    ...(task.output !== '' && { recent_output: tailOf(task.output, RECENT_CHARS) }),
  }
}
