/** One page that was found. */
export interface SearchResult {
  title: string
  url: string
  snippet: string
}

/** `unknown`: neither results nor the engine's word that there are none. */
export type SearchPage = { kind: 'results'; results: SearchResult[] } | { kind: 'unknown' }

/** The HTML page of DuckDuckGo. */
export function readDuckDuckGo(html: string): SearchPage {
  const anchors = [...html.matchAll(/<a\b([^>]*\bclass="[^"]*\bresult__a\b[^"]*"[^>]*)>([\s\S]*?)<\/a>/g)]
  const results = anchors.flatMap((match, index): SearchResult[] => {
    const url = targetOf(attribute(match[1] ?? '', 'href'))
    if (url === undefined) return []
    const end = anchors[index + 1]?.index ?? html.length
    const rest = html.slice(match.index + match[0].length, end)
    const snippet = /class="[^"]*\bresult__snippet\b[^"]*"[^>]*>([\s\S]*?)<\/(?:a|div|td)>/.exec(rest)?.[1] ?? ''
    return [{ title: plain(match[2] ?? ''), url, snippet: plain(snippet) }]
  })
  if (results.length > 0) return { kind: 'results', results }
  return /no-results|No results/i.test(html) ? { kind: 'results', results: [] } : { kind: 'unknown' }
}

/** The JSON answer of SearXNG. */
export function readSearxng(json: string): SearchPage {
  try {
    const parsed: unknown = JSON.parse(json)
    if (typeof parsed !== 'object' || parsed === null || !('results' in parsed) || !Array.isArray(parsed.results)) {
      return { kind: 'unknown' }
    }
    const text = (value: unknown) => (typeof value === 'string' ? value : '')
    const results = parsed.results.map((each: Record<string, unknown>) => ({
      title: text(each.title),
      url: text(each.url),
      snippet: text(each.content),
    }))
    return { kind: 'results', results: results.filter(each => each.url !== '') }
  } catch {
    // Not JSON: a server that has this format turned off answers with a page.
    return { kind: 'unknown' }
  }
}

/** The engine's links lead through a redirect of its own; advertisements lead nowhere else. */
function targetOf(href: string): string | undefined {
  const url = URL.parse(href, 'https://html.duckduckgo.com/')
  if (!url) return undefined
  if (!url.hostname.endsWith('duckduckgo.com')) return url.href
  return url.searchParams.get('uddg') ?? undefined
}

function attribute(tag: string, name: string): string {
  return decodeEntities(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
}

function plain(html: string): string {
  return decodeEntities(html.replace(/<[^>]*>/g, ''))
    .replace(/\s+/g, ' ')
    .trim()
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    const code = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : undefined
    if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    return ENTITIES[String(name).toLowerCase()] ?? whole
  })
}
