import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import generateText from '#shared/context/prompts/generate.md'
import { hunkSchema } from '#shared/edits/hunks'
import type { Message } from '#shared/protocol/messages'
import type { Provider } from '#shared/providers/provider'
import { askModel, type ModelAnswer } from './support/ask-model'
import { assistantText, userText } from './support/own-messages'

/** Source: spec/kode.md §3.1; larger than its 4096 tokens, which cut patches of a few files. */
const TEMPERATURE = 0.2
const MAX_TOKENS = 16_384

/** An object, since not every provider takes a schema of an array. */
const PATCH_SCHEMA = { ...toJsonSchema(v.object({ hunks: v.array(hunkSchema) }), { errorMode: 'ignore' }) }

/** How to ask the model. */
export interface GenerateSettings {
  model: string
  temperature?: number
  maxTokens?: number
  /** The provider holds replies to a schema. */
  enforcesSchema?: boolean
}

/** One conversation about one patch: the task, and after each failed round what was wrong with it. */
export class PatchConversation {
  readonly #provider: Provider
  readonly #settings: GenerateSettings
  readonly #messages: Message[]

  /** @param context what matters of the project: excerpts, or a context packet as the user gave it */
  constructor(provider: Provider, settings: GenerateSettings, task: string, context: string) {
    this.#provider = provider
    this.#settings = settings
    const wanted = settings.enforcesSchema ? 'Return the hunks as {"hunks": […]}.' : 'Return the JSON array of hunks.'
    this.#messages = [userText(`${task}\n\n${context}\n\n${wanted}`)]
  }

  /** Asks for the next version of the patch. */
  async ask(signal: AbortSignal, onNotice: (text: string) => void): Promise<ModelAnswer> {
    const { model, temperature, maxTokens, enforcesSchema } = this.#settings
    const request = {
      model,
      system: generateText.trim(),
      messages: this.#messages,
      tools: [],
      temperature: temperature ?? TEMPERATURE,
      maxTokens: maxTokens ?? MAX_TOKENS,
      ...(enforcesSchema && { outputSchema: PATCH_SCHEMA }),
    }
    const answer = await askModel(this.#provider, request, signal, onNotice)
    if (answer.kind === 'reply') this.#messages.push(assistantText(answer.text, model))
    return answer
  }

  /** Tells the model what was wrong with its last patch. */
  complain(feedback: string): void {
    const request = 'Return all of it again, with every hunk that is needed, corrected.'
    this.#messages.push(userText(`The patch was not applied; the files are unchanged.\n\n${feedback}\n\n${request}`))
  }
}
