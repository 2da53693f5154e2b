import { ok, type Result } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import type { AgentDefinition } from '#shared/context/agents/definition'
import { settingsFor } from './as-agent'
import { blindfoldModeOf } from './blindfold-mode'
import { chooseModel, type ModelSource } from './choose-model'
import type { OpenModel } from './open-model'
import type { ProjectBlindfold } from './project-blindfold'
import type { VocabularySource } from './vocabulary-source'

/** Who is asked in a conversation. */
export interface ConversationModels {
  model: OpenModel
  /** Writes titles and summaries; `model` itself where none is named. */
  smallModel(): Promise<OpenModel>
}

export interface ProjectModelsParts {
  settings: Settings
  source: ModelSource
  chosen: OpenModel
  code: VocabularySource
  /** What kode itself says to a model. */
  ownTexts(): readonly string[]
  /** What the user should hear. */
  tell(note: string): void
}

/** The models of one project: the one that was chosen, the small one, and those that agents name; all behind one blindfold. */
export class ProjectModels {
  readonly #parts: ProjectModelsParts
  #blindfold: Promise<ProjectBlindfold> | undefined

  constructor(parts: ProjectModelsParts) {
    this.#parts = parts
  }

  async forConversation(): Promise<ConversationModels> {
    const model = await this.#hidden(this.#parts.chosen)
    let small: Promise<OpenModel> | undefined
    const smallModel = () => {
      small ??= this.#small(model)
      return small
    }
    return { model, smallModel }
  }

  /** The model of an agent that names its own. */
  async forAgent(agent: AgentDefinition): Promise<Result<OpenModel, string>> {
    const { settings, source } = this.#parts
    const opened = await chooseModel(settingsFor(agent, settings), source)
    return opened.ok ? ok(await this.#hidden(opened.value)) : opened
  }

  /** Where the surface brings its model along, or traffic is recorded, that one does it all. */
  async #small(main: OpenModel): Promise<OpenModel> {
    const { settings, source, chosen, tell } = this.#parts
    const { provider, traffic, env } = source
    if (provider || traffic || !(env.KODE_SMALL_MODEL || settings.project.small_model)) return main
    const { openSmallModel } = await import('./small-model')
    const { model, note } = openSmallModel(settings, env, chosen)
    if (note) tell(note)
    return model === chosen ? main : this.#hidden(model)
  }

  /** A model that never sees the project's own words where the project asks for that. */
  async #hidden(model: OpenModel): Promise<OpenModel> {
    const { settings, ownTexts, code } = this.#parts
    const mode = blindfoldModeOf(settings)
    if (mode === undefined) return model
    this.#blindfold ??= import('./project-blindfold').then(
      ({ ProjectBlindfold }) => new ProjectBlindfold(mode, ownTexts, code),
    )
    return { ...model, provider: (await this.#blindfold).hide(model.provider) }
  }
}
