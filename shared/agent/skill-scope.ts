import * as v from 'valibot'
import type { SessionLog } from '#shared/store/messages'
import type { Toolset } from './toolset'

/** Tools that no skill takes away. Source: spec/koda.md §12. */
const ALWAYS = ['ActivateSkill', 'ListSkills', 'ListAgents', 'InvokeAgent', 'AskUser']

const schema = v.object({ name: v.string(), allowed_tools: v.optional(v.array(v.string())) })

/** Which tools the active skill leaves; kept with the session, so that it holds after a resume too. */
export class SkillScope {
  readonly #log: SessionLog
  #active: v.InferOutput<typeof schema> | undefined
  /** The same until the scope or the tools change, so that a request's prefix does not. */
  #scoped: { of: Toolset; names: string; tools: Toolset } | undefined

  constructor(log: SessionLog) {
    this.#log = log
    const kept = v.safeParse(schema, log.meta('skill'))
    if (kept.success) this.#active = kept.output
  }

  activate(name: string, allowedTools: readonly string[] | undefined): void {
    this.#active = { name, ...(allowedTools && { allowed_tools: [...allowedTools] }) }
    this.#scoped = undefined
    this.#log.noteMeta('skill', this.#active)
  }

  clear(): void {
    this.#active = undefined
    this.#scoped = undefined
    this.#log.noteMeta('skill', null)
  }

  /** What is left of the tools. */
  narrow(tools: Toolset): Toolset {
    const { name, allowed_tools: allowed } = this.#active ?? {}
    if (allowed === undefined) return tools
    const names = tools.names.join()
    if (this.#scoped?.of === tools && this.#scoped.names === names) return this.#scoped.tools
    const why = `the skill "${name}" allows only ${allowed.join(', ')}; ActivateSkill with "none" ends that`
    const scoped = tools.filtered([...allowed, ...ALWAYS], []).refusing(tools, why)
    this.#scoped = { of: tools, names, tools: scoped }
    return scoped
  }
}
