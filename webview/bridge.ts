import {
  type PanelPush,
  parsePush,
  type RequestInput,
  type RequestName,
  type RequestOutput,
} from '#shared/protocol/requests'

interface VsCodeApi {
  postMessage(message: unknown): void
  getState(): unknown
  setState(state: unknown): void
}

declare function acquireVsCodeApi(): VsCodeApi

/** The page's only way out: requests to the host, and what the host pushes. */
export class Bridge {
  readonly #api = acquireVsCodeApi()
  readonly #open = new Map<number, { resolve(output: unknown): void; reject(error: Error): void }>()
  #lastId = 0

  /** @param onPush everything the host sends of its own accord */
  constructor(onPush: (push: PanelPush) => void) {
    window.addEventListener('message', event => {
      const push = parsePush(event.data)
      if (push?.kind === 'reply') this.#settle(push.id)?.resolve(push.output)
      else if (push?.kind === 'failure') this.#settle(push.id)?.reject(new Error(push.message))
      else if (push) onPush(push)
    })
  }

  /** Rejects with a message for the user when the host could not do it. */
  request<Name extends RequestName>(name: Name, input: RequestInput<Name>): Promise<RequestOutput<Name>> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve: output => resolve(output as RequestOutput<Name>), reject })
      this.#api.postMessage({ id, name, input })
    })
  }

  /** What the page kept over being hidden, such as a half-typed prompt. */
  loadDraft(): string {
    const state = this.#api.getState()
    return typeof state === 'object' && state && 'draft' in state && typeof state.draft === 'string' ? state.draft : ''
  }

  saveDraft(draft: string): void {
    this.#api.setState({ draft })
  }

  #settle(id: number) {
    const waiting = this.#open.get(id)
    this.#open.delete(id)
    return waiting
  }
}
