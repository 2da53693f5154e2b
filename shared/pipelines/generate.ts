import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type Asked, askOnce } from '#shared/agent/ask-once'
import type { ModelReply } from '#shared/agent/model-call'
import { userText } from '#shared/agent/user-message'
import generateText from '#shared/context/prompts/generate.md'
import { hunkSchema } from '#shared/edits/hunks'
import type { AssistantMessage, Message } from '#shared/protocol/messages'

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
  readonly #asked: Asked
  readonly #settings: GenerateSettings
  readonly #messages: Message[]

  /** @param context what matters of the project: excerpts, or a context packet as the user gave it */
  constructor(asked: Asked, settings: GenerateSettings, task: string, context: string) {
    this.#asked = asked
    this.#settings = settings
    const wanted = settings.enforcesSchema ? 'Return the hunks as {"hunks": […]}.' : 'Return the JSON array of hunks.'
    this.#messages = [userText(`${task}\n\n${context}\n\n${wanted}`, 'task')]
  }

  /** Asks for the next version of the patch. */
  async ask(signal: AbortSignal): Promise<ModelReply> {
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
    const reply = await askOnce(request, this.#asked, signal)
    if (reply.kind === 'reply') this.#messages.push(wordsOf(reply.message))
    return reply
  }

  /** Tells the model what was wrong with its last patch. */
  complain(feedback: string): void {
    const request = 'Return all of it again, with every hunk that is needed, corrected.'
    const text = `The patch was not applied; the files are unchanged.\n\n${feedback}\n\n${request}`
    this.#messages.push(userText(text, 'task'))
  }
}

/** No tool was offered, so nobody would answer a call. */
function wordsOf(message: AssistantMessage): AssistantMessage {
  return { ...message, parts: message.parts.filter(part => part.type === 'text') }
}
