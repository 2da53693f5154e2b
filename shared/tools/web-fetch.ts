import * as v from 'valibot'
import { cutMiddle } from '#shared/base/cut'
import { fail, ok, type Result } from '#shared/base/result'
import type { WebReply } from '#shared/host/host'
import { effectOf } from '#shared/trust/effects'
import { keepPage, knownPage } from './support/page-cache'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const TIMEOUT_MS = 15_000
const MAX_BYTES = 5_000_000
/** Source: spec/koda.md §9.5. */
const MAX_CHARS = 15_000

const input = v.object({
  url: v.pipe(v.string(), v.minLength(1)),
  raw: v.optional(v.pipe(v.boolean(), v.description('The page as it is, not as Markdown')), false),
})

/** A page as Markdown. */
export const webFetchTool = defineTool({
  name: 'WebFetch',
  aliases: ['web_fetch', 'http_get', 'curl'],
  description: 'Fetches a public web page as Markdown.',
  input,
  isReadOnly: true,
  async prepare({ url, raw }, context) {
    const host = URL.canParse(url) ? [new URL(url).hostname] : []
    return {
      kind: 'action',
      title: url,
      effect: effectOf('read_only', 'fetches a web page', { network: host }),
      run: signal => fetchPage(url, raw, context, signal),
    }
  },
})

async function fetchPage(url: string, isRaw: boolean, context: ToolContext, signal: AbortSignal): Promise<ToolOutput> {
  const page = await pageAt(url, context, signal)
  if (!page.ok) return { isError: true, text: `Error: ${url}${page.error}` }
  const { contentType } = page.value
  if (!/^(text\/|application\/(json|xml|xhtml|javascript|.*\+(json|xml)))/i.test(contentType || 'text/plain')) {
    return { isError: true, text: `Error: ${url} is ${contentType}, not text.` }
  }
  const text = decode(page.value)
  const fullText = /html/i.test(contentType) && !isRaw ? await toMarkdown(text) : text
  const shown = cutMiddle(fullText, Math.floor(MAX_CHARS * context.contextFactor))
  return { text: shown, ...(shown !== fullText && { fullText }) }
}

/** An error continues the address. */
async function pageAt(url: string, { web, now }: ToolContext, signal: AbortSignal): Promise<Result<WebReply, string>> {
  const known = knownPage(url, web, now())
  if (known) return ok(known)
  const reply = await web.fetch({ url, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, publicOnly: true, signal })
  if (!reply.ok) return fail(`: ${reply.error.message}`)
  const { status } = reply.value
  if (status < 200 || status >= 300) return fail(` answered ${status}.`)
  keepPage(url, reply.value, web, now())
  return ok(reply.value)
}

function decode({ bytes, contentType }: WebReply): string {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 2_000))
  const charset = /charset=["']?([\w-]+)/i.exec(contentType)?.[1] ?? /<meta[^>]+charset=["']?([\w-]+)/i.exec(start)?.[1]
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(bytes)
  } catch {
    // A page may name an encoding that nobody knows.
    return new TextDecoder().decode(bytes)
  }
}

async function toMarkdown(html: string): Promise<string> {
  const { default: TurndownService } = await import('turndown')
  const turndown = new TurndownService({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' })
  turndown.remove(['script', 'style', 'noscript', 'iframe', 'form', 'nav', 'footer'])
  return turndown.turndown(html).replace(/\n{3,}/g, '\n\n')
}
