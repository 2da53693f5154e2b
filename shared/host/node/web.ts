import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { joinSignals } from '#shared/base/cancel'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { Web, WebReply, WebRequest } from '../host'
import { answerTo } from './http-answer'

const MAX_REDIRECTS = 5

type WebError = { kind: 'refused' | 'timeout' | 'network'; message: string }

/** Web access through Node, with limits of size and time, and without a way into private networks where that is asked. */
export function nodeWeb(): Web {
  return { fetch: fetchFollowing }
}

async function fetchFollowing(request: WebRequest): Promise<Result<WebReply, WebError>> {
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const signal = joinSignals(timeout, request.signal)
  let url = request.url
  try {
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const target = await checkedTarget(url, request.publicOnly)
      if (!target.ok) return target
      const reply = await fetchOnce(target.value, request, signal)
      const location = reply.headers.location
      if (reply.statusCode && reply.statusCode >= 300 && reply.statusCode < 400 && location) {
        reply.destroy()
        url = new URL(location, url).href
        continue
      }
      return ok(await readReply(reply, url, request.maxBytes))
    }
    return fail({ kind: 'refused', message: `more than ${MAX_REDIRECTS} redirects` })
  } catch (error) {
    if (timeout.aborted)
      return fail({ kind: 'timeout', message: `no complete answer within ${request.timeoutMs / 1000} s` })
    return fail({ kind: 'network', message: messageOf(error) })
  }
}

/** Where a URL really leads. */
export interface Target {
  url: URL
  /** Connected to, whatever the name means a moment later. */
  address: string
  family: 4 | 6
}

/** Resolves a URL's host once; refuses what leads into a private network where only public ones are wanted. */
export async function checkedTarget(text: string, publicOnly: boolean): Promise<Result<Target, WebError>> {
  const named = checkedName(text, publicOnly)
  if (!named.ok) return named
  const url = named.value
  const host = hostOf(url)
  const addresses = isIP(host) ? [{ address: host, family: isIP(host) }] : await lookup(host, { all: true })
  const first = addresses[0]
  if (!first) return fail({ kind: 'network', message: `${host} has no address` })
  if (publicOnly && addresses.some(each => isPrivate(each.address))) return fail(privateTarget(host))
  return ok({ url, address: first.address, family: first.family === 6 ? 6 : 4 })
}

/** What can be said of a URL without asking a name server, as where a proxy asks it. */
export function checkedName(text: string, publicOnly: boolean): Result<URL, WebError> {
  if (!URL.canParse(text)) return fail({ kind: 'refused', message: `"${text}" is not a URL` })
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return fail({ kind: 'refused', message: `only http and https are fetched, not ${url.protocol}` })
  }
  const host = hostOf(url)
  const isLocal = /(^|\.)(localhost|internal|local)$/i.test(host) || (isIP(host) > 0 && isPrivate(host))
  return publicOnly && isLocal ? fail(privateTarget(host)) : ok(url)
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

function privateTarget(host: string): WebError {
  return { kind: 'refused', message: `${host} is a private address; only public ones are fetched` }
}

async function fetchOnce(
  { url, address, family }: Target,
  request: WebRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // The address was checked; asking the name server again could give another one.
  const pinned: LookupFunction = (_, options, callback) =>
    options.all ? callback(null, [{ address, family }]) : callback(null, address, family)
  // Loading these takes 20 ms, and most runs fetch nothing.
  const { request: send } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  const outgoing = send(url, {
    method: request.method ?? 'GET',
    headers: { 'user-agent': 'kode', accept: '*/*', 'accept-encoding': 'gzip, br, deflate', ...request.headers },
    lookup: pinned,
    agent: false,
    signal,
  })
  outgoing.end(request.body)
  return answerTo(outgoing)
}

async function readReply(reply: IncomingMessage, url: string, maxBytes: number): Promise<WebReply> {
  const pieces: Buffer[] = []
  let size = 0
  let isCut = false
  for await (const piece of decoded(reply)) {
    const bytes = Buffer.from(piece)
    pieces.push(bytes.subarray(0, maxBytes - size))
    size += bytes.length
    if (size > maxBytes) {
      isCut = true
      reply.destroy()
      break
    }
  }
  return {
    status: reply.statusCode ?? 0,
    url,
    contentType: reply.headers['content-type'] ?? '',
    bytes: Buffer.concat(pieces),
    isCut,
  }
}

function decoded(reply: IncomingMessage): AsyncIterable<Uint8Array> {
  const encoding = reply.headers['content-encoding']
  const decoder =
    encoding === 'gzip'
      ? createGunzip()
      : encoding === 'br'
        ? createBrotliDecompress()
        : encoding === 'deflate'
          ? createInflate()
          : undefined
  if (!decoder) return reply
  reply.on('error', error => decoder.destroy(error))
  return reply.pipe(decoder)
}

/** Loopback, private, link-local, carrier-grade NAT, documentation, multicast and reserved ranges. Source: RFC 6890. */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6')
}

/** Whether an address, also a v4 one inside v6, leads into a private network or to this machine. */
function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return PRIVATE.check(mapped, 'ipv4')
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
