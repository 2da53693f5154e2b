import { KNOWN_PROVIDERS } from '#shared/providers/known-providers'
import { findLocalServers } from '#shared/providers/local-servers'

type Env = Readonly<Record<string, string | undefined>>

/** Somebody who can answer, for a user who has chosen nobody yet. */
export interface FirstChoice {
  provider: string
  model: string
  needsKey: boolean
}

/** What runs on this machine with a model loaded, then everybody who takes a key. */
export async function firstChoices(env: Env, signal: AbortSignal): Promise<FirstChoice[]> {
  const local = (await findLocalServers(env, signal)).flatMap(({ provider, models: [model] }) =>
    model ? [{ provider, model: model.id, needsKey: false }] : [],
  )
  const others = KNOWN_PROVIDERS.filter(each => each.keyVariables.length > 0)
  return [
    ...local,
    ...others.map(({ name, defaultModel }) => ({ provider: name, model: defaultModel, needsKey: true })),
  ]
}
