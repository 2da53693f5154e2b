import type { ToolItem } from '#shared/protocol/chat-state'
import { t } from '../l10n'
import type { IconName } from '../ui/icons'

interface Words {
  icon: IconName
  doing: string
  done: string
}

function wordsOf(tool: string): Words | undefined {
  const words: Record<string, Words> = {
    Read: { icon: 'file', doing: t('Reading'), done: t('Read') },
    ListFiles: { icon: 'folder', doing: t('Listing'), done: t('Listed') },
    Glob: { icon: 'search', doing: t('Finding'), done: t('Found') },
    Grep: { icon: 'search', doing: t('Searching'), done: t('Searched') },
    Write: { icon: 'edit', doing: t('Writing'), done: t('Wrote') },
    Edit: { icon: 'edit', doing: t('Editing'), done: t('Edited') },
    Delete: { icon: 'trash', doing: t('Deleting'), done: t('Deleted') },
    Bash: { icon: 'terminal', doing: t('Running'), done: t('Ran') },
    WebFetch: { icon: 'globe', doing: t('Fetching'), done: t('Fetched') },
    WebSearch: { icon: 'globe', doing: t('Searching the web'), done: t('Searched the web') },
    TodoWrite: { icon: 'todo', doing: t('Planning'), done: t('Planned') },
    AskUser: { icon: 'question', doing: t('Asking'), done: t('Asked') },
    InvokeAgent: { icon: 'account', doing: t('Delegating'), done: t('Delegated') },
  }
  return words[tool]
}

/** Icon and verb of a call, as it runs and as it ended. */
export function wordsFor(tool: ToolItem): { icon: IconName; verb: string } {
  const words = wordsOf(tool.name) ?? { icon: 'tools', doing: tool.name, done: tool.name }
  const verbs: Record<ToolItem['status'], string> = {
    writing: words.doing,
    running: words.doing,
    asking: words.doing,
    ok: words.done,
    error: words.doing,
    denied: words.doing,
    interrupted: words.doing,
  }
  return { icon: words.icon, verb: verbs[tool.status] }
}

/** How a call stands, in one word; empty when its verb says it already. */
export function statusOf(tool: ToolItem): string {
  if (tool.status === 'denied') return tool.answer === 'reject' ? t('rejected') : t('denied')
  if (tool.status === 'error') return tool.gates?.status === 'FAIL' ? t('refused') : t('failed')
  if (tool.status === 'asking') return t('waits for you')
  return tool.status === 'interrupted' ? t('stopped') : ''
}

/** `1.2 s`, `340 ms`; empty while unknown, and for what took no time. */
export function durationText(durationMs: number | undefined): string {
  if (!durationMs) return ''
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`
}

/** `a moment`, `5 minutes`, `3 hours`, `2 days`. */
export function awayText(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return t('a moment')
  if (minutes < 60) return minutes === 1 ? t('1 minute') : t('{0} minutes', minutes)
  const hours = Math.round(minutes / 60)
  if (hours < 48) return hours === 1 ? t('1 hour') : t('{0} hours', hours)
  return t('{0} days', Math.round(hours / 24))
}
