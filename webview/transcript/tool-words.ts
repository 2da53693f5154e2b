import type { ToolItem } from '#shared/protocol/chat-state'
import type { IconName } from '../ui/icons'

interface Words {
  icon: IconName
  doing: string
  done: string
}

const WORDS: Record<string, Words> = {
  Read: { icon: 'file', doing: 'Reading', done: 'Read' },
  ListFiles: { icon: 'folder', doing: 'Listing', done: 'Listed' },
  Glob: { icon: 'search', doing: 'Finding', done: 'Found' },
  Grep: { icon: 'search', doing: 'Searching', done: 'Searched' },
  Write: { icon: 'edit', doing: 'Writing', done: 'Wrote' },
  Edit: { icon: 'edit', doing: 'Editing', done: 'Edited' },
  Delete: { icon: 'trash', doing: 'Deleting', done: 'Deleted' },
  Bash: { icon: 'terminal', doing: 'Running', done: 'Ran' },
  WebFetch: { icon: 'globe', doing: 'Fetching', done: 'Fetched' },
  WebSearch: { icon: 'globe', doing: 'Searching the web', done: 'Searched the web' },
  TodoWrite: { icon: 'todo', doing: 'Planning', done: 'Planned' },
  AskUser: { icon: 'question', doing: 'Asking', done: 'Asked' },
  InvokeAgent: { icon: 'account', doing: 'Delegating', done: 'Delegated' },
}

/** Icon and verb of a call, as it runs and as it ended. */
export function wordsFor(tool: ToolItem): { icon: IconName; verb: string } {
  const words = WORDS[tool.name] ?? { icon: 'tools', doing: tool.name, done: tool.name }
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
  if (tool.status === 'denied') return tool.answer === 'reject' ? 'rejected' : 'denied'
  if (tool.status === 'error') return tool.gates?.status === 'FAIL' ? 'refused' : 'failed'
  if (tool.status === 'asking') return 'waits for you'
  return tool.status === 'interrupted' ? 'stopped' : ''
}

/** `1.2 s`, `340 ms`; empty while unknown. */
export function durationText(durationMs: number | undefined): string {
  if (durationMs === undefined) return ''
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`
}
