import * as v from 'valibot'
import type { TodoItem } from '#shared/protocol/events'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

const input = v.object({
  todos: v.pipe(
    v.array(
      v.object({
        content: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')),
        status: v.picklist(['pending', 'in_progress', 'completed']),
        priority: v.optional(v.picklist(['high', 'medium', 'low']), 'medium'),
      }),
    ),
    v.check(
      todos => todos.filter(todo => todo.status === 'in_progress').length <= 1,
      'at most one item can be in_progress',
    ),
  ),
})

/** The visible plan of the turn. */
export const todoWriteTool = defineTool({
  name: 'TodoWrite',
  aliases: ['todo_write'],
  description: 'Shows the user your plan for work of several steps. Always send the full list.',
  input,
  isReadOnly: false,
  async prepare({ todos }, context) {
    return {
      kind: 'action',
      title: `${todos.length} items`,
      effect: effectOf('read_only', 'keeps the plan'),
      async run() {
        if (JSON.stringify(todos) === JSON.stringify(context.session.todos())) return { text: 'Unchanged.' }
        await context.session.setTodos(todos)
        if (todos.length === 0) return { text: 'The list is empty now.' }
        const done = todos.filter(todo => todo.status === 'completed').length
        return { text: [`${done}/${todos.length} done`, ...todos.map(line)].join('\n') }
      },
    }
  },
})

const MARKS = { pending: '[ ]', in_progress: '[→]', completed: '[x]' } as const

function line(todo: TodoItem): string {
  return `${MARKS[todo.status]} ${todo.content}${todo.priority === 'high' ? ' (high)' : ''}`
}
