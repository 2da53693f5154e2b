import { whenAborted } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import { Blindfold, type BlindfoldMode } from '#shared/context/blindfold/blindfold'
import { BlindfoldProvider } from '#shared/context/blindfold/provider'
import type { Provider } from '#shared/providers/provider'
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
    const blindfold = new Blindfold(this.#mode)
    return new BlindfoldProvider(provider, blindfold, async signal => {
      // What was written since the last request must not leave either.
      const words = await Promise.race([this.#vocabulary.now(), whenAborted(signal)])
      if (!words?.ok) return fail(words ? unreadable(words.error) : CANCELLED)
      blindfold.learn(words.value)
      return ok(undefined)
    })
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

const CANCELLED = { kind: 'cancelled', message: 'cancelled' } as const

function unreadable(why: string) {
  return {
    kind: 'configuration',
    message: `blindfold: the request was not sent, because the project could not be read completely: ${why}`,
    advice: 'Mend what cannot be read, or turn blindfold off for this run.',
  } as const
}
