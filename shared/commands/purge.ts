import { EXIT } from '#shared/protocol/exit-codes'
import { openStore } from '#shared/store/sessions'
import { type Command, CommandFailure } from './command'

const DAY_MS = 86_400_000

/** In a conversation, where no flags are typed: what `kode sessions purge` does, shown first and done on `yes`. */
export const purgeCommand: Command = {
  name: 'purge',
  summary: 'removes messages of this project that compaction put away; shows first what would go',
  usage: '[Nd] [yes]',
  doors: ['chat'],
  options: {},
  async run({ root, paths, now }, { words }) {
    const isAgreed = words.at(-1) === 'yes'
    const [age, ...others] = isAgreed ? words.slice(0, -1) : words
    const days = age === undefined ? 0 : Number(/^(\d+)d$/.exec(age)?.[1] ?? Number.NaN)
    if (Number.isNaN(days) || others.length > 0) {
      throw new CommandFailure('/purge, or /purge 90d for what was put away longer ago; then yes behind it', EXIT.usage)
    }
    const opened = openStore({ folder: paths.db, now })
    if (!opened.ok) throw new CommandFailure(opened.error.message, EXIT.failed)
    const store = opened.value
    try {
      if (isAgreed) {
        const { messages, bytes_freed, skipped } = await store.purge({ project: root, olderThanMs: days * DAY_MS })
        const left = skipped.length === 0 ? '' : ` Conversations that are open were left alone: ${skipped.length}.`
        const text = `Removed ${messages} messages (${bytes_freed} bytes freed).${left}`
        return { exitCode: EXIT.done, json: { schema_version: 1, messages, bytes_freed, skipped }, text }
      }
      const old = store.listSessions(root).filter(each => each.archived_messages > 0)
      if (old.length === 0) return { exitCode: EXIT.done, text: 'There is nothing to remove.' }
      const count = old.reduce((sum, each) => sum + each.archived_messages, 0)
      const bytes = old.reduce((sum, each) => sum + each.archived_bytes, 0)
      const oldest = new Date(Math.min(...old.map(each => each.created_at))).toISOString().slice(0, 10)
      const only = days === 0 ? '' : ` Of these, only what was put away more than ${days} days ago would go.`
      const text = `${count} messages of ${old.length} conversations were put away (${bytes} bytes), the oldest conversation from ${oldest}.${only} They can still be found by search; ${`/purge ${age ?? ''}`.trim()} yes removes them for good.`
      return { exitCode: EXIT.done, text }
    } finally {
      await store.close()
    }
  },
}
