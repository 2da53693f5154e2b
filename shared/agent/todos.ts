import * as v from 'valibot'
import type { TodoItem } from '#shared/protocol/events'
import type { SessionLog } from '#shared/store/messages'

const todoList = v.array(
  v.object({
    content: v.string(),
    status: v.picklist(['pending', 'in_progress', 'completed']),
    priority: v.picklist(['high', 'medium', 'low']),
  }),
)

/** The plan that a session keeps; it outlives restarts and compactions. */
export function todosOf(log: SessionLog): TodoItem[] {
  const kept = v.safeParse(todoList, log.meta('todos'))
  return kept.success ? kept.output : []
}

/** The plan as the model is reminded of it; empty when nothing is open. */
export function todoNote(todos: readonly TodoItem[]): string {
  if (todos.every(todo => todo.status === 'completed')) return ''
  const lines = todos.map(({ status, content }) => `- ${status}: ${content}`)
  return `<plan>\n${lines.join('\n')}\n</plan>`
}
