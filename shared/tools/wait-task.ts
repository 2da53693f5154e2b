import * as v from 'valibot'
import { cutMiddle } from '#shared/base/cut'
import { effectOf } from '#shared/trust/effects'
import type { TaskOutcome, TaskWait } from './task-desk'
import { defineTool } from './tool'

const MAX_WAIT_S = 300
const OLD_DEFAULT_WAIT_S = 30
const OUTPUT_CHARS = 8_000

const taskId = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const input = v.union([
  v.strictObject({ task_ids: v.pipe(v.array(taskId), v.nonEmpty('names no task')) }),
  v.strictObject({
    task_id: taskId,
    timeout_secs: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(MAX_WAIT_S)), OLD_DEFAULT_WAIT_S),
  }),
])

/** What background tasks came to. */
export const waitTaskTool = {
  ...defineTool({
    name: 'WaitTask',
    aliases: ['wait_task'],
    description: `Waits for background tasks, ${MAX_WAIT_S} s at most, and returns their results.`,
    input,
    isReadOnly: true,
    async prepare(request, context) {
      const isOld = 'task_id' in request
      const ids = isOld ? [request.task_id] : request.task_ids
      const timeoutS = isOld ? request.timeout_secs : MAX_WAIT_S
      return {
        kind: 'action',
        title: ids.join(', '),
        effect: effectOf('read_only', 'waits for tasks of its own'),
        async run(signal) {
          const waits = await context.session.tasks.wait(ids, timeoutS * 1000, signal)
          const note = isOld ? { note: 'task_id is deprecated; use task_ids.' } : {}
          return { text: JSON.stringify({ tasks: waits.map(taskOf), summary: summaryOf(waits), ...note }) }
        },
      }
    },
  }),
  // The older form is understood, not offered.
  inputSchema: () => ({
    type: 'object',
    properties: { task_ids: { type: 'array', items: { type: 'string' } } },
    required: ['task_ids'],
    additionalProperties: false,
  }),
}

function taskOf({ id, outcome, report }: TaskWait) {
  const output = cutMiddle(report?.output ?? '', OUTPUT_CHARS)
  const text = outcome === 'success' || outcome === 'timeout' ? { result: output } : { error: errorOf(outcome, output) }
  return {
    task_id: id,
    status: outcome,
    ...text,
    ...(report?.agent !== undefined && { agent_name: report.agent }),
    ...(report?.exitCode !== undefined && { exit_code: report.exitCode }),
  }
}

function errorOf(outcome: TaskOutcome, output: string): string {
  if (outcome === 'not_found') return 'There is no such task. ListBackgroundTasks shows yours.'
  if (outcome === 'forbidden') return 'This task was started by somebody else.'
  return output
}

function summaryOf(waits: readonly TaskWait[]) {
  const count = (outcome: TaskOutcome) => waits.filter(wait => wait.outcome === outcome).length
  return {
    total: waits.length,
    success: count('success'),
    failed: count('failed'),
    timeout: count('timeout'),
    cancelled: count('cancelled'),
    forbidden: count('forbidden'),
    not_found: count('not_found'),
  }
}
