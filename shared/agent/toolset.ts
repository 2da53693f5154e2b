import type { ToolSpec } from '#shared/providers/provider'
import type { Tool } from '#shared/tools/tool'

/** The tools one conversation offers to its model, and how they are found by name. */
export class Toolset {
  readonly #own: readonly Tool[]
  readonly #accepts: (tool: Tool) => boolean
  #added: readonly Tool[] = []
  #byName: ReadonlyMap<string, Tool> = new Map()
  #specs: ToolSpec[] | undefined
  #refused: { tools: Toolset; why: string } | undefined

  /** @param accepts what may be offered at all, also of what is added later */
  constructor(tools: readonly Tool[], accepts: (tool: Tool) => boolean = () => true) {
    this.#own = tools.filter(accepts)
    this.#accepts = accepts
    this.#index()
  }

  get names(): string[] {
    return this.#all.map(tool => tool.name)
  }

  /** By its name or an alias, in any case. */
  find(name: string): Tool | undefined {
    return this.#byName.get(name.toLowerCase())
  }

  /** The same tools, which say why about those that they leave out. */
  refusing(all: Toolset, why: string): this {
    this.#refused = { tools: all, why }
    return this
  }

  /** Why a name is not among them, in one line for the model. */
  whyNot(name: string): string {
    const refused = this.#refused
    if (refused?.tools.find(name)) return `${name} is not available now: ${refused.why}.`
    return `there is no tool "${name}". The tools are: ${this.names.join(', ')}.`
  }

  /** Names that are neither tools nor their aliases; those of MCP servers, which come later, may be anything with `__`. */
  unknownNames(names: readonly string[]): string[] {
    return names.filter(name => !name.includes('__') && !this.find(name))
  }

  /** As offered to the model; the same objects until tools are added, so that a request's prefix never changes. */
  specs(): readonly ToolSpec[] {
    this.#specs ??= this.#all.map(tool => ({
      name: tool.name,
      description: tool.description,
      input: tool.inputSchema(),
    }))
    return this.#specs
  }

  /** Offers these behind its own tools, in place of those added before. */
  setAdded(tools: readonly Tool[]): void {
    this.#added = tools.filter(this.#accepts)
    this.#index()
  }

  /** @param allowed names; undefined = all. The denied list wins. */
  filtered(allowed: readonly string[] | undefined, denied: readonly string[]): Toolset {
    const has = (names: readonly string[], tool: Tool) => names.some(name => namesOf(tool).includes(name.toLowerCase()))
    const accepts = (tool: Tool) => this.#accepts(tool) && (!allowed || has(allowed, tool)) && !has(denied, tool)
    const filtered = new Toolset(this.#own, accepts)
    filtered.setAdded(this.#added)
    return filtered
  }

  get #all(): readonly Tool[] {
    return [...this.#own, ...this.#added]
  }

  #index(): void {
    this.#specs = undefined
    this.#byName = new Map(this.#all.flatMap(tool => namesOf(tool).map(name => [name, tool] as const)))
  }
}

function namesOf(tool: Tool): string[] {
  return [tool.name.toLowerCase(), ...(tool.aliases ?? [])]
}
