import * as v from 'valibot'
import type { WebReply } from '#shared/host/host'
import { effectOf } from '#shared/trust/effects'
import { readDuckDuckGo, readSearxng, type SearchPage } from './support/search-results'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const TIMEOUT_MS = 15_000
const MAX_BYTES = 2_000_000
const MAX_RESULTS = 10
const SNIPPET_CHARS = 300
const DEFAULT_ENGINE = 'https://html.duckduckgo.com/html/'

const input = v.object({
  query: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')),
  num_results: v.optional(v.pipe(v.number(), v.description(`1 to ${MAX_RESULTS}`)), 5),
})

/** Pages that match a question. `KODE_SEARCH_URL` names a SearXNG server of the user's to ask instead. */
export const webSearchTool = defineTool({
  name: 'WebSearch',
  aliases: ['web_search'],
  description: 'Searches the web. Read a result with WebFetch.',
  input,
  isReadOnly: true,
  async prepare({ query, num_results }, context) {
    const own = context.env.KODE_SEARCH_URL || undefined
    const engine = own ?? DEFAULT_ENGINE
    if (!URL.canParse(engine)) return { kind: 'refused', text: `Error: KODE_SEARCH_URL "${engine}" is no URL.` }
    const limit = Math.min(MAX_RESULTS, Math.max(1, Math.round(num_results)))
    return {
      kind: 'action',
      title: query,
      effect: effectOf('read_only', 'searches the web', { network: [new URL(engine).hostname] }),
      run: signal => search(query, limit, own, context, signal),
    }
  },
})

async function search(
  query: string,
  limit: number,
  own: string | undefined,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const common = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, signal }
  const reply = own
    ? await context.web.fetch({ url: searxngUrl(own, query), publicOnly: false, ...common })
    : await context.web.fetch({
        url: DEFAULT_ENGINE,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ q: query, kl: 'wt-wt' }).toString(),
        publicOnly: true,
        ...common,
      })
  if (!reply.ok) return problem(`the search failed: ${reply.error.message}`)
  // The engine answers 202 with a puzzle when it is asked too often.
  if ([202, 403, 429].includes(reply.value.status)) return problem('the search engine asks to wait. Try again later')
  if (reply.value.status !== 200) return problem(`the search engine answered ${reply.value.status}`)
  return render(query, pageOf(reply.value, own !== undefined), limit)
}

function pageOf({ bytes }: WebReply, isSearxng: boolean): SearchPage {
  const text = new TextDecoder().decode(bytes)
  return isSearxng ? readSearxng(text) : readDuckDuckGo(text)
}

function searxngUrl(base: string, query: string): string {
  const url = new URL(base)
  url.searchParams.set('q', query)
  url.searchParams.set('format', 'json')
  return url.href
}

function render(query: string, page: SearchPage, limit: number): ToolOutput {
  if (page.kind === 'unknown') return problem('the search engine sent a page that is not understood')
  if (page.results.length === 0) return { text: `No results for ${query}. Try fewer or more general words.` }
  const entries = page.results.slice(0, limit).map(({ title, url, snippet }, index) => {
    const cut = [...snippet].length > SNIPPET_CHARS ? `${[...snippet].slice(0, SNIPPET_CHARS).join('')}…` : snippet
    return [`${index + 1}. ${title}`, `   ${url}`, ...(cut === '' ? [] : [`   ${cut}`])].join('\n')
  })
  return { text: entries.join('\n') }
}

function problem(text: string): ToolOutput {
  return { isError: true, text: `Error: ${text}. WebFetch reads a page whose address is known.` }
}
