import type { OrchestrationEvent } from '#shared/protocol/events'

/** One line on stderr; other programs read its beginning. Source: spec/kode.md §19. */
export function orchestrationLine(event: OrchestrationEvent): string {
  switch (event.type) {
    case 'subtask_started':
      return `Agent: ${event.agent} — ${event.title}`
    case 'subtask_ended':
      if (event.status === 'done') return `Done: ${event.agent} — ${event.title}`
      return `Failed: ${event.agent} — ${event.title} (${event.status === 'skipped' ? 'skipped: ' : ''}${event.reason})`
    case 'synthesis_started':
      return `Synthesize: ${event.results} of ${event.subtasks} results`
  }
}
