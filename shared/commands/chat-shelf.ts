import { readShelf } from '#shared/agent/choose-agent'
import { Spending } from '#shared/agent/limits'
import type { OpenedProject, ProjectOptions } from '#shared/agent/open-project'
import type { ConversationModels } from '#shared/agent/project-models'
import { costOf } from '#shared/config/model-catalog'
import type { SkillShelf } from '#shared/context/skills/skill-shelf'
import type { Host } from '#shared/host/host'
import type { ModelAliases } from '#shared/providers/model-aliases'
import type { MenuEntry } from './chat-door'

export interface ChatShelfParts {
  host: Host
  options: ProjectOptions
  opened: OpenedProject
  skills(): Promise<SkillShelf>
  models(): Promise<ConversationModels>
}

/** What a conversation in one project can call by name. */
export class ChatShelf {
  readonly #parts: ChatShelfParts

  constructor(parts: ChatShelfParts) {
    this.#parts = parts
  }

  /** Commands that have a door to the chat. */
  async commands(): Promise<MenuEntry[]> {
    const { chatCommands } = await import('./chat-door')
    return chatCommands()
  }

  /** Prompts of the MCP servers, once these are there: `/name arguments` in a prompt stands for one. */
  async serverPrompts(): Promise<MenuEntry[]> {
    const { servers } = this.#parts.opened.servers
    await servers?.start()
    return servers?.prompts() ?? []
  }

  /** Skills that a prompt may begin with, as `/name`. */
  async skills(): Promise<MenuEntry[]> {
    const all = (await this.#parts.skills()).search()
    return all.filter(skill => skill.isUserInvocable).map(({ name, description }) => ({ name, summary: description }))
  }

  /** Agents that the setting `agent` can name. */
  async agents(): Promise<MenuEntry[]> {
    const { host, options, opened } = this.#parts
    const shelf = await readShelf(opened.settings, options.root, opened.paths, host.files)
    return shelf.all().map(({ name, description }) => ({ name, summary: description }))
  }

  /** Short names of models, built in. */
  async modelAliases(): Promise<ModelAliases> {
    return (await import('#shared/providers/model-aliases')).MODEL_ALIASES
  }

  /**
   * Runs one of the commands. Rejects with one line for people.
   *
   * @param spending of the conversation it is called in; by default as the settings limit it
   * @returns its result for people
   */
  async run(
    name: string,
    words: readonly string[],
    signal: AbortSignal,
    spending = new Spending(costOf, this.#parts.opened.settings),
  ): Promise<string> {
    const { runInChat } = await import('./chat-door')
    const { host, options, opened, models } = this.#parts
    const { files, editorFiles = files, processes, web, log } = host
    const { servers } = opened.servers
    const text = await runInChat(name, words, {
      root: options.root,
      env: options.env,
      paths: opened.paths,
      files: editorFiles,
      processes,
      web,
      version: options.version,
      now: () => host.now(),
      settings: async () => opened.settings,
      progress: line => log.write('info', line),
      conversation: { smallModel: async () => (await models()).smallModel(), spending },
      ...(servers && { mcp: servers }),
      signal,
    })
    if (name === 'mcp') await opened.servers.reload()
    return text
  }
}
