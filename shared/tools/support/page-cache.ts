import type { Web, WebReply } from '#shared/host/host'

/** Source: spec/koda.md §7.9. */
const FRESH_FOR_MS = 15 * 60_000
const MOST_PAGES = 20

const pages = new WeakMap<Web, Map<string, { reply: WebReply; fetchedAt: number }>>()

/** A page that was fetched a short while ago, so that reading on in it asks nobody again. */
export function knownPage(url: string, web: Web, now: number): WebReply | undefined {
  const known = pages.get(web)?.get(url)
  return known && now - known.fetchedAt < FRESH_FOR_MS ? known.reply : undefined
}

/** Keeps a page; the oldest goes when there are many. */
export function keepPage(url: string, reply: WebReply, web: Web, now: number): void {
  const kept = pages.get(web) ?? new Map()
  pages.set(web, kept)
  kept.delete(url)
  kept.set(url, { reply, fetchedAt: now })
  const [oldest] = kept.keys()
  if (kept.size > MOST_PAGES && oldest !== undefined) kept.delete(oldest)
}
