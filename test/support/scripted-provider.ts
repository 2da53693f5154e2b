/**
 * A model behind a real HTTP server on the loopback interface that says what a script tells it to.
 * Speaks OpenAI chat completions (also as Gemini spells them) and responses, and Anthropic messages, streamed or whole;
 * misbehaves in the ways real providers do. Self-contained, so that the demo can run it as it is.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ScriptedProvider {
  /** Ends in `/v1`; Anthropic's SDK takes `host`. */
  url: string
  /** `http://127.0.0.1:PORT` */
  host: string
  /** What was asked, in order; only requests for a reply, not for a list of models. */
  requests: RecordedRequest[]
  /** Every request as `METHOD /path`, in order. */
  paths: string[]
  /** TCP connections accepted so far. */
  connections(): number
  /** As a server does after a while of silence. */
  closeIdleConnections(): void
  close(): Promise<void>
}

export interface RecordedRequest {
  path: string
  headers: IncomingHttpHeaders
  /** The bytes as they came, to compare prefixes. */
  raw: string
  /** The same, parsed. */
  body: WireBody
  /** True once the client went away before the reply was complete. */
  isAborted: boolean
}

/** The parts of a request that scripts look at; the rest is there too. */
export interface WireBody {
  model: string
  messages: WireMessage[]
  tools?: unknown[]
  stream?: boolean
  system?: unknown
  max_tokens?: number
  [field: string]: unknown
}

export interface WireMessage {
  role: string
  content?: unknown
  tool_calls?: { id: string; function: { name: string; arguments: string } }[]
  tool_call_id?: string
  [field: string]: unknown
}

/** One reply. Contents first, then how it is misbehaved with; everything can be combined. */
export interface ScriptedReply {
  text?: string
  /** Sent as `reasoning_content`, or as Anthropic thinking with a signature. */
  thinking?: string
  toolCalls?: ScriptedToolCall[]
  usage?: Partial<ScriptedUsage>
  /** Tells no usage, as some servers do; chat completions only. */
  isUncounted?: boolean
  /** `null`: none is sent. Default: `tool_calls` with calls, else `stop`. */
  finish?: 'stop' | 'length' | 'tool_calls' | 'content_filter' | null
  /** An HTTP error in the dialect of the wire format. */
  error?: ScriptedError
  /** Sent as they are with this status (default 200) and content type, instead of a reply. */
  raw?: { body: string; status?: number; contentType?: string }
  headers?: Record<string, string>
  /** Characters per delta; default 12. */
  pieceLength?: number
  /** Bytes per TCP write, ignoring where characters and events end; default one event per write. */
  bytesPerWrite?: number
  /** Pieces of parallel calls take turns instead of following one another. */
  interleave?: boolean
  /** Before the first byte of the reply, the status line included. */
  delayMs?: number
  delayBetweenMs?: number
  /** Never answers: not even headers, or nothing more after this many events. */
  stall?: 'before-headers' | number
  /** The connection breaks: after this many events, or without so much as a status. */
  cutAfter?: number | 'before-headers'
  /** The stream ends in good order after this many events, without an end mark. */
  endAfter?: number
  /** Says everything, then leaves the connection open. */
  staysOpen?: boolean
  /** An error event inside the stream after this many events. */
  errorAfter?: { events: number; type: string; message: string }
  /** Sent in one piece although a stream was asked for. */
  whole?: boolean
  /** Line ends of the event stream. */
  lineEnd?: '\n' | '\r\n'
  /** Sends a comment line before every event, as proxies do to keep the connection open. */
  comments?: boolean
}

export interface ScriptedToolCall {
  name: string
  /** An object is sent as its JSON; a string as it is, also when it is no JSON. */
  arguments: unknown
  /** Default `call_N`, counted over the server's life; the empty string is sent as such. */
  id?: string
  /** Gemini's thought signature. */
  signature?: string
  /** The number that ties the pieces of a call together; default its place. */
  index?: number
}

export interface ScriptedUsage {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  thinking: number
}

export interface ScriptedError {
  status: number
  message: string
  type?: string
  code?: string
  /** Seconds, or an HTTP date. */
  retryAfter?: string
}

export type Script =
  | readonly ScriptedReply[]
  | ((request: RecordedRequest, index: number) => ScriptedReply | Promise<ScriptedReply>)

export interface ScriptedOptions {
  /** Answers `GET /v1/models`; default one model `scripted`. */
  models?: readonly Record<string, unknown>[]
  /** Requests without this key are answered 401. */
  apiKey?: string
  /** Further fixed answers by path, such as `/api/v0/models`. */
  answers?: Record<string, unknown>
}

/** Starts the server; a request beyond the end of the script is answered with status 400 that says so. */
export async function startScriptedProvider(script: Script, options: ScriptedOptions = {}): Promise<ScriptedProvider> {
  const requests: RecordedRequest[] = []
  const paths: string[] = []
  let connections = 0
  let calls = 0
  const nextCallId = () => `call_${++calls}`

  const server = createServer(async (incoming, outgoing) => {
    const path = (incoming.url ?? '/').split('?')[0]!
    paths.push(`${incoming.method} ${path}`)
    const raw = await readAll(incoming)
    const wire = WIRES.find(each => path.endsWith(each.path))
    if (options.apiKey !== undefined && !isAuthorized(incoming.headers, options.apiKey)) {
      return sendError(outgoing, wire ?? CHAT, {
        status: 401,
        message: 'Incorrect API key provided.',
        type: 'invalid_request_error',
        code: 'invalid_api_key',
      })
    }
    if (incoming.method === 'GET') return sendFixed(path, outgoing, options)
    if (!wire)
      return sendJson(outgoing, 404, { error: { message: `Unknown path ${path}`, type: 'invalid_request_error' } })

    const request: RecordedRequest = { path, headers: incoming.headers, raw, body: JSON.parse(raw), isAborted: false }
    requests.push(request)
    outgoing.on('close', () => {
      request.isAborted = !outgoing.writableFinished
    })
    const index = requests.length - 1
    const reply = typeof script === 'function' ? await script(request, index) : script[index]
    if (!reply) {
      return sendError(outgoing, wire, {
        status: 400,
        message: `The script has no reply number ${index + 1}.`,
        type: 'script_exhausted',
      })
    }
    await sendReply(outgoing, wire, request, withCallIds(reply, nextCallId))
  })
  server.on('connection', () => {
    connections += 1
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url: `${host}/v1`,
    host,
    requests,
    paths,
    connections: () => connections,
    closeIdleConnections: () => server.closeIdleConnections(),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type ReadyReply = Omit<ScriptedReply, 'toolCalls'> & { toolCalls: (ScriptedToolCall & { id: string; text: string })[] }

/** A wire format: where it lives, and how a reply is spelled in it. */
interface Wire {
  path: string
  events(reply: ReadyReply, request: RecordedRequest): string[]
  whole(reply: ReadyReply, request: RecordedRequest): unknown
  error(error: ScriptedError): unknown
  errorEvent(type: string, message: string): string
}

const CHAT: Wire = {
  path: '/chat/completions',
  events: chatEvents,
  whole: chatWhole,
  error: ({ message, type = 'error', code }) => ({ error: { message, type, param: null, code: code ?? null } }),
  errorEvent: (type, message) => event({ error: { message, type, code: null } }),
}

/** Gemini wraps errors of its compatible endpoint into a list. */
const GEMINI: Wire = {
  ...CHAT,
  path: '/v1beta/openai/chat/completions',
  error: ({ status, message, code }) => [{ error: { code: status, message, status: code ?? 'INVALID_ARGUMENT' } }],
}

const MESSAGES: Wire = {
  path: '/messages',
  events: messagesEvents,
  whole: messagesWhole,
  error: ({ message, type = 'api_error' }) => ({ type: 'error', error: { type, message } }),
  errorEvent: (type, message) => namedEvent('error', { type: 'error', error: { type, message } }),
}

const RESPONSES: Wire = {
  ...CHAT,
  path: '/responses',
  events: responsesEvents,
  whole: responsesWhole,
  errorEvent: (type, message) => namedEvent('error', { type: 'error', code: type, message }),
}

const WIRES = [GEMINI, CHAT, MESSAGES, RESPONSES]

async function sendReply(out: ServerResponse, wire: Wire, request: RecordedRequest, reply: ReadyReply): Promise<void> {
  if (reply.stall === 'before-headers') return
  if (reply.cutAfter === 'before-headers') return void out.destroy()
  if (reply.delayMs) await sleep(reply.delayMs)
  for (const [name, value] of Object.entries(reply.headers ?? {})) out.setHeader(name, value)
  if (reply.error) return sendError(out, wire, reply.error)
  if (reply.raw) {
    out.writeHead(reply.raw.status ?? 200, { 'content-type': reply.raw.contentType ?? 'text/html; charset=utf-8' })
    out.end(reply.raw.body)
    return
  }
  if (!request.body.stream || reply.whole) return sendJson(out, 200, wire.whole(reply, request))
  await sendEvents(out, wire, wire.events(reply, request), reply)
}

async function sendEvents(out: ServerResponse, wire: Wire, events: string[], reply: ReadyReply): Promise<void> {
  out.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  out.flushHeaders()
  for (const [index, text] of events.entries()) {
    if (reply.stall === index) return
    if (reply.endAfter === index) break
    if (reply.errorAfter?.events === index) {
      await write(out, wire.errorEvent(reply.errorAfter.type, reply.errorAfter.message), reply)
      break
    }
    if (reply.cutAfter === index) {
      // What was written must arrive before the connection breaks.
      await sleep(20)
      out.destroy()
      return
    }
    await write(out, text, reply)
    if (reply.delayBetweenMs) await sleep(reply.delayBetweenMs)
    if (out.destroyed) return
  }
  if (!reply.staysOpen) out.end()
}

async function write(out: ServerResponse, text: string, reply: ReadyReply): Promise<void> {
  const withComment = reply.comments ? `: keep-alive\n\n${text}` : text
  const bytes = Buffer.from(reply.lineEnd === '\r\n' ? withComment.replaceAll('\n', '\r\n') : withComment)
  const step = reply.bytesPerWrite ?? bytes.length
  for (let start = 0; start < bytes.length; start += step) {
    const isRoomLeft = out.write(bytes.subarray(start, start + step))
    if (!isRoomLeft) await drainOrClose(out)
    // Without a pause the pieces would travel in one packet.
    else if (reply.bytesPerWrite) await new Promise(setImmediate)
  }
}

function chatEvents(reply: ReadyReply, request: RecordedRequest): string[] {
  const head = {
    id: 'chatcmpl-scripted',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: request.body.model,
  }
  const delta = (fields: Record<string, unknown>) =>
    event({ ...head, choices: [{ index: 0, delta: fields, finish_reason: null }] })
  const events = [delta({ role: 'assistant', content: '' })]
  for (const piece of pieces(reply.thinking, reply)) events.push(delta({ reasoning_content: piece }))
  for (const piece of pieces(reply.text, reply)) events.push(delta({ content: piece }))

  const calls = reply.toolCalls.map((call, place) => [
    delta({
      tool_calls: [
        {
          index: call.index ?? place,
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: '' },
          ...(call.signature && { extra_content: { google: { thought_signature: call.signature } } }),
        },
      ],
    }),
    ...pieces(call.text, reply).map(piece =>
      delta({ tool_calls: [{ index: call.index ?? place, function: { arguments: piece } }] }),
    ),
  ])
  events.push(...(reply.interleave ? takeTurns(calls) : calls.flat()))

  const finish = finishOf(reply)
  if (finish !== null) events.push(event({ ...head, choices: [{ index: 0, delta: {}, finish_reason: finish }] }))
  const options = request.body.stream_options
  if (!reply.isUncounted && typeof options === 'object' && options !== null && 'include_usage' in options) {
    events.push(event({ ...head, choices: [], usage: chatUsage(reply) }))
  }
  if (finish !== null) events.push('data: [DONE]\n\n')
  return events
}

function chatWhole(reply: ReadyReply, request: RecordedRequest): unknown {
  const message = {
    role: 'assistant',
    content: reply.text ?? null,
    ...(reply.thinking && { reasoning_content: reply.thinking }),
    ...(reply.toolCalls.length > 0 && {
      tool_calls: reply.toolCalls.map(call => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.text },
        ...(call.signature && { extra_content: { google: { thought_signature: call.signature } } }),
      })),
    }),
  }
  return {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: request.body.model,
    choices: [{ index: 0, message, finish_reason: finishOf(reply) }],
    usage: chatUsage(reply),
  }
}

function chatUsage(reply: ReadyReply): unknown {
  const usage = usageOf(reply)
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.thinking },
  }
}

function messagesEvents(reply: ReadyReply, request: RecordedRequest): string[] {
  const usage = messagesUsage(reply)
  const message = { id: 'msg_scripted', type: 'message', role: 'assistant', model: request.body.model, content: [] }
  const events = [
    namedEvent('message_start', {
      type: 'message_start',
      message: { ...message, stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
    }),
    namedEvent('ping', { type: 'ping' }),
  ]
  for (const [index, block] of messagesBlocks(reply).entries()) {
    events.push(namedEvent('content_block_start', { type: 'content_block_start', index, content_block: block.start }))
    for (const delta of block.deltas) {
      events.push(namedEvent('content_block_delta', { type: 'content_block_delta', index, delta }))
    }
    events.push(namedEvent('content_block_stop', { type: 'content_block_stop', index }))
  }
  const stop = messagesStop(reply)
  if (stop === null) return events
  events.push(
    namedEvent('message_delta', { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage }),
    namedEvent('message_stop', { type: 'message_stop' }),
  )
  return events
}

interface Block {
  start: Record<string, unknown>
  deltas: Record<string, unknown>[]
  whole: Record<string, unknown>
}

function messagesBlocks(reply: ReadyReply): Block[] {
  const blocks: Block[] = []
  if (reply.thinking !== undefined) {
    const signature = `signature-of-${reply.thinking.length}`
    blocks.push({
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...pieces(reply.thinking, reply).map(thinking => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature },
      ],
      whole: { type: 'thinking', thinking: reply.thinking, signature },
    })
  }
  if (reply.text !== undefined) {
    blocks.push({
      start: { type: 'text', text: '' },
      deltas: pieces(reply.text, reply).map(text => ({ type: 'text_delta', text })),
      whole: { type: 'text', text: reply.text },
    })
  }
  for (const call of reply.toolCalls) {
    blocks.push({
      start: { type: 'tool_use', id: call.id, name: call.name, input: {} },
      deltas: pieces(call.text, reply).map(partial_json => ({ type: 'input_json_delta', partial_json })),
      whole: { type: 'tool_use', id: call.id, name: call.name, input: call.arguments },
    })
  }
  return blocks
}

function messagesWhole(reply: ReadyReply, request: RecordedRequest): unknown {
  return {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model: request.body.model,
    content: messagesBlocks(reply).map(block => block.whole),
    stop_reason: messagesStop(reply),
    stop_sequence: null,
    usage: messagesUsage(reply),
  }
}

function messagesStop(reply: ReadyReply): string | null {
  const finish = finishOf(reply)
  if (finish === null) return null
  return { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', content_filter: 'refusal' }[finish]
}

/** Anthropic counts cached input apart from the rest. */
function messagesUsage(reply: ReadyReply): Record<string, number> {
  const usage = usageOf(reply)
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation_input_tokens: usage.cacheWrite,
    output_tokens: usage.output,
  }
}

function responsesEvents(reply: ReadyReply, request: RecordedRequest): string[] {
  let number = 0
  const next = (type: string, fields: Record<string, unknown>) =>
    namedEvent(type, { type, sequence_number: number++, ...fields })
  const events = [next('response.created', { response: { id: 'resp_scripted', status: 'in_progress' } })]
  for (const [output_index, item] of responsesItems(reply).entries()) {
    const place = { output_index, item_id: item.done.id }
    events.push(next('response.output_item.added', { output_index, item: item.added }))
    for (const delta of item.deltas) events.push(next(item.deltaType, { ...place, delta }))
    events.push(next('response.output_item.done', { output_index, item: item.done }))
  }
  if (finishOf(reply) === null) return events
  const response = responsesWhole(reply, request)
  events.push(next(`response.${response.status}`, { response }))
  return events
}

interface OutputItem {
  added: Record<string, unknown>
  deltaType: string
  deltas: string[]
  done: Record<string, unknown>
}

function responsesItems(reply: ReadyReply): OutputItem[] {
  const items: OutputItem[] = []
  if (reply.thinking !== undefined) {
    const summary = [{ type: 'summary_text', text: reply.thinking }]
    const done = { type: 'reasoning', id: 'rs_1', summary, encrypted_content: `sealed-${reply.thinking.length}` }
    const deltas = pieces(reply.thinking, reply)
    items.push({ added: { ...done, summary: [] }, deltaType: 'response.reasoning_summary_text.delta', deltas, done })
  }
  if (reply.text !== undefined) {
    const done = {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: reply.text }],
    }
    const deltas = pieces(reply.text, reply)
    items.push({ added: { ...done, content: [] }, deltaType: 'response.output_text.delta', deltas, done })
  }
  for (const call of reply.toolCalls) {
    const done = { type: 'function_call', id: `fc_${call.id}`, call_id: call.id, name: call.name, arguments: call.text }
    const deltas = pieces(call.text, reply)
    items.push({
      added: { ...done, arguments: '' },
      deltaType: 'response.function_call_arguments.delta',
      deltas,
      done,
    })
  }
  return items
}

function responsesWhole(reply: ReadyReply, request: RecordedRequest): { status: string } & Record<string, unknown> {
  const finish = finishOf(reply)
  const reason = finish === 'length' ? 'max_output_tokens' : finish === 'content_filter' ? 'content_filter' : undefined
  const usage = usageOf(reply)
  return {
    id: 'resp_scripted',
    object: 'response',
    model: request.body.model,
    status: reason ? 'incomplete' : 'completed',
    incomplete_details: reason ? { reason } : null,
    output: responsesItems(reply).map(item => item.done),
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cacheRead },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.thinking },
    },
  }
}

function finishOf(reply: ReadyReply): 'stop' | 'length' | 'tool_calls' | 'content_filter' | null {
  if (reply.finish !== undefined) return reply.finish
  return reply.toolCalls.length > 0 ? 'tool_calls' : 'stop'
}

function usageOf(reply: ReadyReply): ScriptedUsage {
  return { input: 100, output: 20, cacheRead: 0, cacheWrite: 0, thinking: 0, ...reply.usage }
}

function withCallIds(reply: ScriptedReply, nextId: () => string): ReadyReply {
  const toolCalls = (reply.toolCalls ?? []).map(call => ({
    ...call,
    id: call.id ?? nextId(),
    text: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  }))
  return { ...reply, toolCalls }
}

/** Cuts a text between characters, never inside one. */
function pieces(text: string | undefined, reply: ReadyReply): string[] {
  const characters = [...(text ?? '')]
  const length = reply.pieceLength ?? 12
  const found: string[] = []
  for (let start = 0; start < characters.length; start += length) {
    found.push(characters.slice(start, start + length).join(''))
  }
  return found
}

function takeTurns(lists: string[][]): string[] {
  const longest = Math.max(0, ...lists.map(list => list.length))
  return Array.from({ length: longest }, (_, place) => lists.map(list => list[place] ?? ''))
    .flat()
    .filter(Boolean)
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function namedEvent(name: string, data: unknown): string {
  return `event: ${name}\n${event(data)}`
}

function sendFixed(path: string, out: ServerResponse, options: ScriptedOptions): void {
  const models = { object: 'list', data: options.models ?? [{ id: 'scripted', object: 'model' }] }
  const answer = options.answers?.[path] ?? (path.endsWith('/models') ? models : undefined)
  if (answer !== undefined) sendJson(out, 200, answer)
  else sendJson(out, 404, { error: { message: `Unknown path ${path}`, type: 'invalid_request_error' } })
}

function sendError(out: ServerResponse, wire: Wire, error: ScriptedError): void {
  if (error.retryAfter !== undefined) out.setHeader('retry-after', error.retryAfter)
  sendJson(out, error.status, wire.error(error))
}

function sendJson(out: ServerResponse, status: number, body: unknown): void {
  out.writeHead(status, { 'content-type': 'application/json' })
  out.end(JSON.stringify(body))
}

function isAuthorized(headers: IncomingHttpHeaders, key: string): boolean {
  return headers.authorization === `Bearer ${key}` || headers['x-api-key'] === key
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function sleep(durationMs: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, durationMs))
}

function drainOrClose(out: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      out.off('drain', done).off('close', done)
      resolve()
    }
    out.on('drain', done).on('close', done)
  })
}
