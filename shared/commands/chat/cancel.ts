import type { ChatCommand } from './chat-command'

/** Ends what the conversation left running beside itself. */
export const cancelCommand: ChatCommand = {
  name: 'cancel',
  summary: 'ends a background task, such as agent:1 or process:4711',
  usage: '<id>',
  needsIdle: false,
  async run({ session }, [id]) {
    const tasks = session.tasks()
    const running = tasks.filter(task => task.status === 'running' || task.status === 'pending').map(task => task.id)
    const which = running.length === 0 ? 'Nothing runs in the background.' : `These run: ${running.join(', ')}.`
    if (id === undefined) throw new Error(`Name a task. ${which}`)
    const cancelled = session.cancelTask(id)
    if (!cancelled.ok) throw new Error(`There is no task ${id}. ${which}`)
    return { text: `${id} is ended.` }
  },
}
