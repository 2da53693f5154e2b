import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import {
  type ClientApp,
  type ClientCapabilities,
  type ClientConnection,
  type CreateElicitationRequest,
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
import { onTestFinished, vi } from 'vitest'
import { CLI } from './run-cli'
import { type Script, startScriptedProvider } from './scripted-provider'
import { tempProject } from './temp-project'

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
  /** What its terminals ran and showed, in order. */
  terminals: EditorTerminal[]
}

/** A terminal of the editor. */
export interface EditorTerminal {
  id: string
  command: string
  output: string
  exitCode: number | null | undefined
  isReleased: boolean
}

export interface EditorOptions {
  cwd: string
  env?: Record<string, string>
  args?: readonly string[]
  capabilities?: ClientCapabilities
  /** Answers permission requests; default: the first option that allows. */
  onPermission?(request: RequestPermissionRequest): RequestPermissionResponse | Promise<RequestPermissionResponse>
  onElicitation?(request: CreateElicitationRequest): Record<string, string | string[]>
  /** What the editor does with its own files; a rejection is an answer too. */
  files?: { read?(path: string): string | Promise<string>; write?(path: string, text: string): void | Promise<void> }
  /** Whether it has terminals; they are real processes, outside of any sandbox. */
  hasTerminals?: boolean
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

/** An editor with a session in a project with these files, and a model that follows a script. */
export async function editingIn(
  files: Readonly<Record<string, string>>,
  script: Script,
  options: Omit<EditorOptions, 'cwd' | 'env'> = {},
) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject(files)
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const editor = await startEditor({ cwd: root, env, ...options })
  const created = await editor.agent.request(methods.agent.session.new, { cwd: root, mcpServers: [] })
  await vi.waitUntil(() => editor.updatesOf('config_option_update').length > 0, { timeout: 10_000 })
  return { root, env, model, editor, created, sessionId: created.sessionId }
}

/** Sends a text and waits for the end of the turn. */
export function prompt(editor: Editor, sessionId: string, text: string) {
  return editor.agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: 'text', text }] })
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
      content: options.onElicitation?.(params) ?? {},
    }))
    .onRequest(methods.client.fs.readTextFile, async ({ params }) => ({
      content: (await options.files?.read?.(params.path)) ?? '',
    }))
    .onRequest(methods.client.fs.writeTextFile, async ({ params }) => {
      await options.files?.write?.(params.path, params.content)
    })
  const terminals = withTerminals(app)
  const connection = app.connect(wire.watch(stream))
  await connection.agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientInfo: { name: 'test', version: '1' },
    clientCapabilities: {
      ...(options.files && {
        fs: { readTextFile: options.files.read !== undefined, writeTextFile: options.files.write !== undefined },
      }),
      ...(options.hasTerminals && { terminal: true }),
      ...options.capabilities,
    },
  })
  return {
    agent: connection.agent,
    updates,
    permissions,
    terminals,
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

/** Terminals as an editor has them: a process each, which ends when the terminal is released. */
function withTerminals(app: ClientApp): EditorTerminal[] {
  const terminals: (EditorTerminal & { process: ChildProcess; ended: Promise<number | null> })[] = []
  const find = (id: string) => terminals.find(each => each.id === id && !each.isReleased)!
  const { terminal } = methods.client
  app
    .onRequest(terminal.create, ({ params }) => {
      const child = spawn(params.command, params.args ?? [], {
        cwd: params.cwd ?? '/',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const made = {
        id: `terminal-${terminals.length + 1}`,
        command: [params.command, ...(params.args ?? [])].join(' '),
        output: '',
        exitCode: undefined as number | null | undefined,
        isReleased: false,
        process: child,
        ended: new Promise<number | null>(resolve => child.on('close', resolve)),
      }
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', piece => {
          made.output += piece
        })
      }
      void made.ended.then(code => {
        made.exitCode = code
      })
      terminals.push(made)
      return { terminalId: made.id }
    })
    .onRequest(terminal.waitForExit, async ({ params }) => ({ exitCode: await find(params.terminalId).ended }))
    .onRequest(terminal.release, ({ params }) => {
      const released = find(params.terminalId)
      released.isReleased = true
      released.process.kill('SIGKILL')
    })
  return terminals
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

/** A message of JSON-RPC, either side's. */
export interface WireMessage {
  method?: string
  id?: unknown
  params?: unknown
  result?: unknown
  error?: unknown
}

/** The schema as the protocol publishes it, asked for every message in both directions. */
export class WireCheck {
  readonly invalid: string[] = []
  readonly #validators = schemaByMethod()
  readonly #asked = new Map<string, string>()

  watch(stream: Stream): Stream {
    const see = (side: 'client' | 'agent') =>
      new TransformStream({
        transform: (message, controller) => {
          this.see(message, side)
          controller.enqueue(message)
        },
      })
    const toAgent = see('client')
    void toAgent.readable.pipeTo(stream.writable).catch(() => undefined)
    return { writable: toAgent.writable, readable: stream.readable.pipeThrough(see('agent')) }
  }

  /** @param side who sent it */
  see(message: WireMessage, side: 'client' | 'agent'): void {
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
