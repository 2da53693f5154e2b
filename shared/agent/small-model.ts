import { priceOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'
import { withAdvice } from '#shared/protocol/with-advice'
import { findProvider } from '#shared/providers/known-providers'
import { createProvider, type Env, type ProviderChoice, resolveSmallModel } from '#shared/providers/registry'
import { modelChoice, type OpenModel, patienceOf, wishesOf } from './open-model'

/** What a small model is asked for can do without it. */
const TRIES = 2

/** Who reviews, names and sums up. */
export interface SmallModel {
  model: OpenModel
  /** Why it is not the one that was named, in one line. */
  note?: string
}

/**
 * The cheap model that the user (`KODE_SMALL_MODEL`) or the project names; where it cannot be asked, and where nobody names
 * one, the main model. Contacts nobody.
 */
export function openSmallModel(settings: Settings, env: Env, main: OpenModel): SmallModel {
  const ofUser = env.KODE_SMALL_MODEL || undefined
  const wanted = ofUser ?? settings.project.small_model
  if (wanted === undefined) return { model: main }
  const instead = (why: string) => ({ model: main, note: `small_model: ${why} ${main.model} is asked instead.` })

  const mainChoice = modelChoice(settings, env)
  if (!mainChoice.ok) return { model: main }
  const wish = { model: wanted, isOfProject: ofUser === undefined }
  const choice = resolveSmallModel(wish, mainChoice.value, wishesOf(settings), env)
  if (!choice.ok) return instead(withAdvice(choice.error))
  // One unknown price makes the cost of the whole run unknown, and its budget toothless.
  if (hasPrice(mainChoice.value) && !hasPrice(choice.value)) return instead(`the price of ${wanted} is not known.`)
  const patience = patienceOf(settings)
  const provider = createProvider({ ...choice.value, retry: { tries: TRIES }, ...patience }, env)
  if (!provider.ok) return instead(withAdvice(provider.error))
  return { model: { provider: provider.value, model: choice.value.model, providerName: choice.value.provider } }
}

function hasPrice({ model, provider }: ProviderChoice): boolean {
  return priceOf(model) !== undefined || findProvider(provider)?.dialect.reportsCost === true
}
