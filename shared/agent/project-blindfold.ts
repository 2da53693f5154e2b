import { whenAborted } from '#shared/base/cancel'
import { ok, type Result } from '#shared/base/result'
import { Blindfold, type BlindfoldMode } from '#shared/context/blindfold/blindfold'
import { BlindfoldProvider } from '#shared/context/blindfold/provider'
import type { Vocabulary } from '#shared/context/blindfold/vocabulary'
import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'
import { ProjectVocabulary } from './project-vocabulary'
import type { VocabularySource } from './vocabulary-source'

/** What hides the words of one project from all models that are asked in it. */
export class ProjectBlindfold {
  readonly #mode: BlindfoldMode
  readonly #vocabulary: ProjectVocabulary

  /** @param ownTexts what kode itself says to a model; its plain words are no secrets */
  constructor(mode: BlindfoldMode, ownTexts: () => readonly string[], source: VocabularySource) {
    this.#mode = mode
    this.#vocabulary = new ProjectVocabulary(source, ownTexts)
  }

  /** A model that never sees the project's words. Where they are not all known, it is sent nothing. */
  hide(provider: Provider): Provider {
    return new HiddenProvider(provider, new Blindfold(this.#mode), () => this.#vocabulary.now())
  }

  /** As the project is now; a failure says what of it could not be read. */
  async open(): Promise<Result<Blindfold, string>> {
    const vocabulary = await this.#vocabulary.now()
    if (!vocabulary.ok) return vocabulary
    const blindfold = new Blindfold(this.#mode)
    blindfold.learn(vocabulary.value)
    return ok(blindfold)
  }
}

/** Looks at the project before every request: what was written meanwhile must not leave either. */
class HiddenProvider implements Provider {
  readonly #masked: BlindfoldProvider
  readonly #blindfold: Blindfold
  readonly #words: () => Promise<Result<Vocabulary, string>>

  constructor(inner: Provider, blindfold: Blindfold, words: () => Promise<Result<Vocabulary, string>>) {
    this.#masked = new BlindfoldProvider(inner, blindfold)
    this.#blindfold = blindfold
    this.#words = words
  }

  get name(): string {
    return this.#masked.name
  }

  listModels(signal: AbortSignal): ReturnType<Provider['listModels']> {
    return this.#masked.listModels(signal)
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const words = await Promise.race([this.#words(), whenAborted(signal)])
    if (!words?.ok) {
      yield { type: 'failure', failure: words ? unreadable(words.error) : CANCELLED }
      return
    }
    this.#blindfold.learn(words.value)
    yield* this.#masked.stream(request, signal)
  }
}

const CANCELLED = { kind: 'cancelled', message: 'cancelled' } as const

function unreadable(why: string) {
  return {
    kind: 'configuration',
    message: `blindfold: the request was not sent, because the project could not be read completely: ${why}`,
    advice: 'Mend what cannot be read, or turn blindfold off for this run.',
  } as const
}
