import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import {
  type ClientCapabilities,
  type ClientConnection,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionNotification,
  type SessionUpdate,
  type Stream,
} from '@agentclientprotocol/sdk'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { onTestFinished } from 'vitest'
import { CLI } from './run-cli'

/** An editor: the official SDK's client, and a check of every message on the wire against the protocol's schema. */
export interface Editor {
  agent: ClientConnection['agent']
  child: ChildProcess
  /** Everything the agent told, in order. */
  updates: SessionNotification[]
  permissions: RequestPermissionRequest[]
  /** Messages that the schema does not know, with what is wrong. */
  invalid: string[]
  /** Text of the agent so far. */
  said(sessionId: string): string
  updatesOf<K extends SessionUpdate['sessionUpdate']>(kind: K): Extract<SessionUpdate, { sessionUpdate: K }>[]
  /** How the agent's process ended. */
  ended: Promise<number | null>
}

export interface EditorOptions {
  cwd: string
  env?: Record<string, string>
  args?: readonly string[]
  capabilities?: ClientCapabilities
  /** Answers permission requests; default: the first option that allows. */
  onPermission?(request: RequestPermissionRequest): RequestPermissionResponse | Promise<RequestPermissionResponse>
  onElicitation?(message: string): Record<string, string>
}

/** Starts `kode server --stdio` and connects to it as an editor does. */
export async function startEditor(options: EditorOptions): Promise<Editor> {
  const child = spawn(process.execPath, [CLI, 'server', '--stdio', ...(options.args ?? [])], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: join(options.cwd, '..'), LANG: 'C.UTF-8', ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
  child.stdin.on('error', () => undefined)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const connected = await connectEditor(
    ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout)),
    options,
  )
  return { ...connected, child, ended }
}

/** The same over any stream. */
export async function connectEditor(stream: Stream, options: EditorOptions): Promise<Omit<Editor, 'child' | 'ended'>> {
  const wire = new WireCheck()
  const updates: SessionNotification[] = []
  const permissions: RequestPermissionRequest[] = []
  const app = client({ name: 'editor' })
    .onNotification(methods.client.session.update, ({ params }) => void updates.push(params))
    .onRequest(methods.client.session.requestPermission, ({ params }) => {
      permissions.push(params)
      return options.onPermission?.(params) ?? allow('approve')
    })
    .onRequest(methods.client.elicitation.create, ({ params }) => ({
      action: 'accept',
      content: options.onElicitation?.(params.message) ?? {},
    }))
  const connection = app.connect(wire.watch(stream))
  await connection.agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientInfo: { name: 'test', version: '1' },
    clientCapabilities: options.capabilities ?? {},
  })
  return {
    agent: connection.agent,
    updates,
    permissions,
    invalid: wire.invalid,
    said: sessionId =>
      updates
        .filter(each => each.sessionId === sessionId)
        .map(({ update }) =>
          update.sessionUpdate === 'agent_message_chunk' && update.content.type === 'text' ? update.content.text : '',
        )
        .join(''),
    updatesOf: kind => updates.flatMap(({ update }) => (isKind(update, kind) ? [update] : [])),
  }
}

/** An answer that chooses an option. */
export function allow(optionId: string): RequestPermissionResponse {
  return { outcome: { outcome: 'selected', optionId } }
}

function isKind<K extends SessionUpdate['sessionUpdate']>(
  update: SessionUpdate,
  kind: K,
): update is Extract<SessionUpdate, { sessionUpdate: K }> {
  return update.sessionUpdate === kind
}

/** The schema as the protocol publishes it, asked for every message in both directions. */
class WireCheck {
  readonly invalid: string[] = []
  readonly #validators = schemaByMethod()
  readonly #asked = new Map<string, string>()

  watch(stream: Stream): Stream {
    const see = (side: string) =>
      new TransformStream({
        transform: (message, controller) => {
          this.#see(message, side)
          controller.enqueue(message)
        },
      })
    const toAgent = see('client')
    void toAgent.readable.pipeTo(stream.writable).catch(() => undefined)
    return { writable: toAgent.writable, readable: stream.readable.pipeThrough(see('agent')) }
  }

  #see(message: { method?: string; id?: unknown; params?: unknown; result?: unknown }, side: string): void {
    if (message.method !== undefined) {
      if (message.id !== undefined) this.#asked.set(`${side} ${message.id}`, message.method)
      this.#check(`${message.method} ${message.id === undefined ? 'Notification' : 'Request'}`, message.params)
    } else if ('result' in message) {
      const method = this.#asked.get(`${side === 'agent' ? 'client' : 'agent'} ${message.id}`)
      this.#check(`${method} Response`, message.result)
    }
  }

  #check(name: string, data: unknown): void {
    const validate = this.#validators.get(name)
    if (!validate) this.invalid.push(`no schema for ${name}`)
    else if (!validate(data))
      this.invalid.push(`${name}: ${JSON.stringify(validate.errors)} in ${JSON.stringify(data)}`)
  }
}

function schemaByMethod(): Map<string, ValidateFunction> {
  const path = createRequire(import.meta.url).resolve('@agentclientprotocol/sdk/schema/v1/schema.json')
  const schema = JSON.parse(readFileSync(path, 'utf8'))
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(schema, 'acp')
  const validators = new Map<string, ValidateFunction>()
  for (const [name, definition] of Object.entries<{ 'x-method'?: string }>(schema.$defs)) {
    const method = definition['x-method']
    const kind = name.match(/(Request|Response|Notification)$/)?.[1]
    if (method && kind) validators.set(`${method} ${kind}`, ajv.compile({ $ref: `acp#/$defs/${name}` }))
  }
  return validators
}
