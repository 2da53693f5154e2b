import { joinSignals } from '#shared/base/cancel'
import { factsOf } from '#shared/config/model-catalog'
import type { Provider } from './provider'

/** A list of models is worth this much waiting: without it the catalogue answers. */
const LIST_MS = 3000

/**
 * How many tokens a model takes, request and reply together: as its endpoint says, else as the catalogue knows.
 * For `auto-detect` it is what the endpoint has loaded.
 */
export async function findWindow(provider: Provider, model: string, signal: AbortSignal): Promise<number> {
  const listed = await provider.listModels(joinSignals(signal, AbortSignal.timeout(LIST_MS)))
  const models = 'models' in listed ? listed.models : []
  const found = model === 'auto-detect' ? models[0] : models.find(each => each.id === model)
  return found?.windowTokens ?? factsOf(found?.id ?? model).windowTokens
}
