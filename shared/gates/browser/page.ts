import * as v from 'valibot'
import { sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import type { DevTools, DevToolsValues } from './devtools'
import { PageErrors } from './page-errors'
import { pageText } from './page-text'

const LOAD_MS = 15_000
/** Nothing on its way for so long: the page is as it will be. */
const QUIET_MS = 400
/** Some pages never are. */
const MAX_SETTLE_MS = 6_000
/** Of a picture; feeds have no end. */
const MAX_SHOWN_HEIGHT = 10_000

const attached = v.object({ sessionId: v.string() })
const target = v.object({ targetId: v.string() })
const navigated = v.object({ errorText: v.optional(v.string()) })
const evaluated = v.object({
  result: v.object({ value: v.optional(v.unknown()) }),
  exceptionDetails: v.optional(
    v.object({ text: v.string(), exception: v.optional(v.object({ description: v.optional(v.string()) })) }),
  ),
})
const metrics = v.object({ cssContentSize: v.object({ width: v.number(), height: v.number() }) })
const screenshot = v.object({ data: v.string() })
const mainDocument = v.object({
  type: v.literal('Document'),
  frameId: v.string(),
  response: v.object({ status: v.number(), mimeType: v.string() }),
})
const request = v.object({ requestId: v.string(), type: v.optional(v.string()) })
const frame = v.object({ frame: v.object({ id: v.string(), parentId: v.optional(v.string()) }) })

/** What a page's address answered with. */
export interface PageAnswer {
  status: number
  mimeType: string
}

/** One page in a browser. */
export class Page {
  readonly errors: PageErrors
  readonly #devTools: DevTools
  readonly #session: string
  /** Of what is on its way, by request. */
  readonly #loading = new Set<string>()
  readonly #frame: string
  #answer: PageAnswer | undefined
  #isLoaded = false
  #lastChangeMs = performance.now()

  private constructor(devTools: DevTools, session: string, frameId: string) {
    this.#devTools = devTools
    this.#session = session
    this.#frame = frameId
    this.errors = new PageErrors()
    devTools.onEvent((method, params) => this.#hear(method, params))
  }

  static async open(devTools: DevTools): Promise<Result<Page, string>> {
    const made = await devTools.send('Target.createTarget', { url: 'about:blank' })
    if (!made.ok) return made
    const { targetId } = v.parse(target, made.value)
    const joined = await devTools.send('Target.attachToTarget', { targetId, flatten: true })
    if (!joined.ok) return joined
    // The main frame goes by its target's name.
    const page = new Page(devTools, v.parse(attached, joined.value).sessionId, targetId)
    for (const domain of ['Page', 'Runtime', 'Network', 'Debugger']) await page.#send(`${domain}.enable`)
    await page.#send('Debugger.setSkipAllPauses', { skip: true })
    return ok(page)
  }

  /** Opens an address and waits until the page is quiet. Earlier errors are forgotten. */
  async goto(url: string, signal: AbortSignal): Promise<Result<PageAnswer, string>> {
    this.#isLoaded = false
    this.#answer = undefined
    this.errors.start(new URL(url).origin)
    const until = performance.now() + LOAD_MS
    const sent = await this.#send('Page.navigate', { url }, LOAD_MS)
    if (!sent.ok) return sent
    const { errorText } = v.parse(navigated, sent.value)
    if (errorText) return fail(errorText)
    while (!this.#isLoaded && performance.now() < until && !signal.aborted) await sleep(20, signal)
    await this.settle(signal)
    this.errors.keep()
    return this.#answer ? ok(this.#answer) : fail('it did not answer')
  }

  /** Waits until nothing is on its way any more, or long enough. */
  async settle(signal: AbortSignal): Promise<void> {
    const until = performance.now() + MAX_SETTLE_MS
    this.#lastChangeMs = performance.now()
    const isQuiet = () => this.#loading.size === 0 && performance.now() - this.#lastChangeMs > QUIET_MS
    while (!isQuiet() && performance.now() < until && !signal.aborted) await sleep(20, signal)
  }

  /** The value of an expression, which may be a promise; what it throws is a failure. */
  async evaluate(expression: string, timeoutMs?: number): Promise<Result<unknown, string>> {
    const params = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
    const sent = await this.#devTools.send('Runtime.evaluate', params, this.#session, timeoutMs)
    if (!sent.ok) return sent
    const { result, exceptionDetails } = v.parse(evaluated, sent.value)
    if (!exceptionDetails) return ok(result.value)
    const [said = ''] = (exceptionDetails.exception?.description ?? exceptionDetails.text).split('\n')
    return fail(pageText(said))
  }

  /** On failure why the page did not take it: one that hangs never says that it did. */
  async click(x: number, y: number): Promise<Result<void, string>> {
    const button = { button: 'left', clickCount: 1 }
    const events = [{ type: 'mouseMoved' }, { type: 'mousePressed', ...button }, { type: 'mouseReleased', ...button }]
    for (const event of events) {
      const sent = await this.#send('Input.dispatchMouseEvent', { x, y, ...event })
      if (!sent.ok) return sent
    }
    return ok(undefined)
  }

  /** The whole of it as it is now, as PNG. */
  async screenshot(): Promise<Result<Uint8Array, string>> {
    const measured = await this.#send('Page.getLayoutMetrics')
    if (!measured.ok) return measured
    const { width, height } = v.parse(metrics, measured.value).cssContentSize
    const clip = { x: 0, y: 0, width, height: Math.min(height, MAX_SHOWN_HEIGHT), scale: 1 }
    const taken = await this.#send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, clip })
    return taken.ok ? ok(Buffer.from(v.parse(screenshot, taken.value).data, 'base64')) : taken
  }

  #send(method: string, params: DevToolsValues = {}, timeoutMs?: number): Promise<Result<DevToolsValues, string>> {
    return this.#devTools.send(method, params, this.#session, timeoutMs)
  }

  #hear(method: string, params: DevToolsValues): void {
    this.errors.hear(method, params)
    switch (method) {
      case 'Page.loadEventFired':
        this.#isLoaded = true
        break
      case 'Page.frameNavigated':
        if (v.is(frame, params) && params.frame.parentId === undefined) this.#loading.clear()
        break
      case 'Page.javascriptDialogOpening':
        void this.#send('Page.handleJavaScriptDialog', { accept: true })
        break
      case 'Network.requestWillBeSent':
        // Open for as long as the page is.
        if (v.is(request, params) && params.type !== 'EventSource') this.#note(params.requestId, true)
        break
      case 'Network.responseReceived':
        if (v.is(mainDocument, params) && params.frameId === this.#frame)
          this.#answer = { status: params.response.status, mimeType: params.response.mimeType }
        break
      case 'Network.loadingFinished':
      case 'Network.loadingFailed':
        if (v.is(request, params)) this.#note(params.requestId, false)
        break
    }
  }

  #note(requestId: string, isLoading: boolean): void {
    this.#lastChangeMs = performance.now()
    if (isLoading) this.#loading.add(requestId)
    else this.#loading.delete(requestId)
  }
}
