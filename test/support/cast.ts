import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'

export type Line =
  | readonly ModelEvent[]
  | ((messages: ModelRequest['messages'], signal: AbortSignal) => ModelEvent[] | Promise<ModelEvent[]>)

/** A model that plays several agents: each has its lines, found by what its system prompt says. */
export class Cast implements Provider {
  readonly name = 'cast'
  readonly #lines: Record<string, Line[]>
  readonly #requests: { role: string; request: ModelRequest }[] = []

  constructor(lines: Record<string, readonly Line[]>) {
    this.#lines = Object.fromEntries(Object.entries(lines).map(([role, each]) => [role, [...each]]))
  }

  requestsOf(role: string): ModelRequest[] {
    return this.#requests.filter(each => each.role === role).map(each => each.request)
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const role = roleOf(request.system)
    this.#requests.push({ role, request: { ...request, messages: [...request.messages] } })
    const line = this.#lines[role]?.shift()
    if (!line) throw new Error(`no line is left for ${role}`)
    yield* typeof line === 'function' ? await line(request.messages, signal) : line
  }

  async listModels(): Promise<{ models: [] }> {
    return { models: [] }
  }
}

function roleOf(system: string): string {
  if (system.startsWith('You are an investigator')) return 'explore'
  return /^I am (\w+)/.exec(system)?.[1] ?? 'default'
}

/** The file of an agent whom `Cast` knows by its name. */
export function agentFile(fields: { name: string; [field: string]: unknown }): string {
  return JSON.stringify({ system_prompt: `I am ${fields.name}.`, ...fields })
}
