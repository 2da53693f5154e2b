import { SourceMap } from 'node:module'
import * as v from 'valibot'
import type { PageProblem } from '../page-check'
import type { DevToolsValues } from './devtools'
import { pageText } from './page-text'

const callFrame = v.object({
  url: v.string(),
  scriptId: v.string(),
  lineNumber: v.number(),
  columnNumber: v.number(),
})
const thrown = v.object({
  exceptionDetails: v.object({
    text: v.string(),
    url: v.optional(v.string()),
    scriptId: v.optional(v.string()),
    lineNumber: v.number(),
    columnNumber: v.number(),
    stackTrace: v.optional(v.object({ callFrames: v.array(callFrame) })),
    exception: v.optional(v.object({ description: v.optional(v.string()), value: v.optional(v.unknown()) })),
  }),
})
const script = v.object({ scriptId: v.string(), url: v.string(), sourceMapURL: v.optional(v.string()) })
const answered = v.object({
  requestId: v.string(),
  type: v.string(),
  response: v.object({ url: v.string(), status: v.number(), statusText: v.string() }),
})
const wanted = v.object({ requestId: v.string(), request: v.object({ url: v.string() }) })
const lost = v.object({
  requestId: v.string(),
  type: v.string(),
  errorText: v.string(),
  canceled: v.optional(v.boolean()),
})
const navigated = v.object({ frame: v.object({ parentId: v.optional(v.string()) }) })
const sourceMap = v.looseObject({
  version: v.number(),
  sources: v.array(v.string()),
  names: v.optional(v.array(v.string()), []),
  mappings: v.string(),
})

/** Without these a page is not what it should be; a picture that is missing is not seen as an error. */
const NEEDED = ['Script', 'Stylesheet']
/** Where servers put code that is not the project's. */
const FOREIGN = /\/node_modules\/|\/@(?:vite|id)\//
const MAX_ERRORS = 50

type Place = v.InferOutput<typeof callFrame>

/** What goes wrong in a page by itself: uncaught errors, and scripts and styles of its own server that do not come. */
export class PageErrors {
  readonly #maps = new Map<string, string>()
  readonly #urls = new Map<string, string>()
  #origin = ''
  #isOpening = false
  #found: PageProblem[] = []

  /** Forgets all, for the next page. */
  start(origin: string): void {
    this.#origin = origin
    this.#isOpening = true
    this.#found = []
  }

  /** From now on what was found stays, also when the page goes elsewhere. */
  keep(): void {
    this.#isOpening = false
  }

  get found(): readonly PageProblem[] {
    return this.#found
  }

  hear(method: string, params: DevToolsValues): void {
    switch (method) {
      case 'Runtime.exceptionThrown':
        if (v.is(thrown, params)) this.#addThrown(params)
        break
      case 'Debugger.scriptParsed':
        if (v.is(script, params) && params.sourceMapURL) this.#maps.set(params.scriptId, params.sourceMapURL)
        break
      case 'Network.requestWillBeSent':
        if (v.is(wanted, params)) this.#urls.set(params.requestId, params.request.url)
        break
      case 'Network.responseReceived':
        if (
          v.is(answered, params) &&
          params.response.status >= 400 &&
          !this.#isSoonReloaded(params.response.statusText)
        )
          this.#addRequest(params.type, params.response.url, `answers ${params.response.status}`)
        break
      case 'Network.loadingFailed':
        if (v.is(lost, params) && params.canceled !== true)
          this.#addRequest(params.type, this.#urls.get(params.requestId) ?? '', params.errorText)
        break
      case 'Page.frameNavigated':
        // Servers that bundle on demand load the page again once they know what it needs.
        if (this.#isOpening && v.is(navigated, params) && params.frame.parentId === undefined) this.#found = []
        break
    }
  }

  #addThrown({ exceptionDetails: details }: v.InferOutput<typeof thrown>): void {
    const { exception, text, url = '', scriptId = '', lineNumber, columnNumber } = details
    const frames = details.stackTrace?.callFrames ?? []
    const own = frames.find(each => this.#isOwn(each.url) && !FOREIGN.test(each.url))
    const place = own ?? frames[0] ?? { url, scriptId, lineNumber, columnNumber }
    const said = exception?.description?.split('\n')[0] ?? `${text} ${JSON.stringify(exception?.value) ?? ''}`.trim()
    this.#add('page-error', said, () => this.#located(place))
  }

  #addRequest(type: string, url: string, what: string): void {
    if (!NEEDED.includes(type) || !this.#isOwn(url)) return
    const path = pathOf(url)
    this.#add('failed-request', `${path} ${what}`, () => ({ path }))
  }

  /** Each once: how often a page says something in a while is chance. */
  #add(kind: PageProblem['kind'], said: string, locate: () => Pick<PageProblem, 'path' | 'line'>): void {
    if (this.#found.length >= MAX_ERRORS) return
    const message = pageText(said)
    if (this.#found.some(known => known.kind === kind && known.message === message)) return
    this.#found.push({ kind, message, ...locate() })
  }

  /** Vite, when a page in use needs a package that it did not know of; it loads the page again by itself. */
  #isSoonReloaded(statusText: string): boolean {
    return !this.#isOpening && statusText === 'Outdated Optimize Dep'
  }

  #isOwn(url: string): boolean {
    return url.startsWith(`${this.#origin}/`)
  }

  /** The place in the file that was written, where the script says so. */
  #located({ url, scriptId, lineNumber, columnNumber }: Place): { path?: string; line?: number } {
    if (!this.#isOwn(url)) return {}
    const map = readInlineMap(this.#maps.get(scriptId) ?? '')
    const entry = map?.findEntry(lineNumber, columnNumber)
    if (entry && 'originalSource' in entry)
      return { path: pathOf(entry.originalSource, url), line: entry.originalLine + 1 }
    return { path: pathOf(url), line: lineNumber + 1 }
  }
}

/** Development servers put their maps into the scripts. */
function readInlineMap(url: string): SourceMap | undefined {
  const [, encoded] = /^data:application\/json[^,]*;base64,(.+)$/.exec(url) ?? []
  if (encoded === undefined) return undefined
  try {
    const map = v.parse(sourceMap, JSON.parse(Buffer.from(encoded, 'base64').toString()))
    return new SourceMap({ ...map, file: '', sourcesContent: [], sourceRoot: '' })
  } catch {
    return undefined // the line in the script as it was served is true as well
  }
}

function pathOf(url: string, base?: string): string {
  if (!URL.canParse(url, base)) return url
  const { pathname } = new URL(url, base)
  try {
    return decodeURI(pathname)
  } catch {
    return pathname // as it is where a percent sign escapes nothing, or no character
  }
}
