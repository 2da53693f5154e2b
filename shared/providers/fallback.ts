import { isVisible, type ModelEvent, type ModelRequest, type Provider, type ProviderFailure } from './provider'

/** One way to get an answer: a provider and the model to ask there. */
export interface Route {
  provider: Provider
  model: string
}

/**
 * Asks the first of several routes, and the next one when a route is down, overloaded or out of quota. Says so with
 * a `fallback` event. A route that failed is left alone for a while, so that not every request waits for it.
 */
export class FallbackProvider implements Provider {
  readonly name: string
  readonly #routes: readonly Route[]
  readonly #now: () => number
  readonly #restsUntil = new Map<Route, number>()
  #lastFailure: ProviderFailure | undefined

  /** @param routes in order of preference; at least one */
  constructor(routes: readonly [Route, ...Route[]], now: () => number = Date.now) {
    this.name = routes[0].provider.name
    this.#routes = routes
    this.#now = now
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const routes = this.#inOrder()
    for (const [place, route] of routes.entries()) {
      let failure: ProviderFailure | undefined
      let hasBegun = false
      const model = route === this.#routes[0] ? request.model : route.model
      if (place > 0 || route !== this.#routes[0]) yield this.#switched(route)
      for await (const event of route.provider.stream({ ...request, model }, signal)) {
        if (event.type === 'failure') failure = event.failure
        else yield event
        hasBegun ||= isVisible(event)
      }
      if (!failure) return void this.#restsUntil.delete(route)
      const isLast = place === routes.length - 1
      if (hasBegun || isLast || !mayHelp(failure)) return yield { type: 'failure', failure }
      this.#restsUntil.set(route, this.#now() + (failure.retryAfterMs ?? REST_MS))
      this.#lastFailure = failure
    }
  }

  async prepare(): Promise<void> {
    await this.#routes[0]!.provider.prepare?.()
  }

  listModels(signal: AbortSignal): ReturnType<Provider['listModels']> {
    return this.#routes[0]!.provider.listModels(signal)
  }

  /** Rested routes first; when all rest, all of them. */
  #inOrder(): Route[] {
    const now = this.#now()
    const isResting = (route: Route) => (this.#restsUntil.get(route) ?? 0) > now
    return [...this.#routes.filter(route => !isResting(route)), ...this.#routes.filter(isResting)]
  }

  #switched(route: Route): ModelEvent {
    const reason = this.#lastFailure?.message ?? 'an earlier provider failed'
    return { type: 'fallback', provider: route.provider.name, model: route.model, reason }
  }
}

/** Long enough for an outage to pass, short enough to come back to what the user prefers. */
const REST_MS = 5 * 60_000

/** Another provider helps against outages and limits, not against a wrong request or a cancelled one. */
function mayHelp(failure: ProviderFailure): boolean {
  return failure.isTransient === true || failure.kind === 'quota' || failure.kind === 'network'
}
