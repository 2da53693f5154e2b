import type { ToolSpec } from '#shared/providers/provider'
import type { Tool } from '#shared/tools/tool'

/** The tools one conversation offers to its model, and how they are found by name. */
export class Toolset {
  readonly #tools: readonly Tool[]
  readonly #byName: ReadonlyMap<string, Tool>
  #specs: ToolSpec[] | undefined

  constructor(tools: readonly Tool[]) {
    this.#tools = tools
    this.#byName = new Map(
      tools.flatMap(tool => [tool.name.toLowerCase(), ...(tool.aliases ?? [])].map(name => [name, tool] as const)),
    )
  }

  get names(): string[] {
    return this.#tools.map(tool => tool.name)
  }

  /** By its name or an alias, in any case. */
  find(name: string): Tool | undefined {
    return this.#byName.get(name.toLowerCase())
  }

  /** As offered to the model; the same objects each time, so that a request's prefix never changes. */
  specs(): readonly ToolSpec[] {
    this.#specs ??= this.#tools.map(tool => ({
      name: tool.name,
      description: tool.description,
      input: tool.inputSchema(),
    }))
    return this.#specs
  }

  /** @param allowed names; undefined = all. The denied list wins. */
  filtered(allowed: readonly string[] | undefined, denied: readonly string[]): Toolset {
    const has = (names: readonly string[], tool: Tool) =>
      names.some(name => this.#byName.get(name.toLowerCase()) === tool)
    return new Toolset(this.#tools.filter(tool => (!allowed || has(allowed, tool)) && !has(denied, tool)))
  }
}
