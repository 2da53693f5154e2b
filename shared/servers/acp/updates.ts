import { isAbsolute, join } from 'node:path'
import type { SessionUpdate, ToolCallContent, ToolKind } from '@agentclientprotocol/sdk'
import type { FilePreview } from '#shared/protocol/approvals'
import type { ChangedFile, KodeEvent } from '#shared/protocol/events'
import type { ToolCall } from '#shared/protocol/messages'

/** Source: spec/koda.md §15. What is not named is `other`. */
const KINDS: Readonly<Record<string, ToolKind>> = {
  read: 'read',
  write: 'edit',
  edit: 'edit',
  delete: 'delete',
  bash: 'execute',
  grep: 'search',
  glob: 'search',
  listfiles: 'read',
  list: 'read',
  webfetch: 'fetch',
  websearch: 'fetch',
  think: 'think',
}

/** What kind of call this is, for the client's icon. */
export function toolKind(name: string): ToolKind {
  return KINDS[name.toLowerCase()] ?? 'other'
}

/** Turns the core's events into ACP's updates; one per session, since an update builds on those before it. */
export class UpdateTranslator {
  readonly #root: string
  /** Output so far of the calls that run; ACP replaces the content of a call, it does not append. */
  readonly #output = new Map<string, string>()
  readonly #announced = new Set<string>()
  /** Calls whose terminal was told of. */
  readonly #embedded = new Set<string>()
  readonly #terminalOf: (callId: string) => string | undefined

  /** @param terminalOf the client's terminal that shows a call's output */
  constructor(root: string, terminalOf: (callId: string) => string | undefined = () => undefined) {
    this.#root = root
    this.#terminalOf = terminalOf
  }

  updates(event: KodeEvent): SessionUpdate[] {
    switch (event.type) {
      case 'text_delta':
        return [{ ...chunk(event.text), sessionUpdate: 'agent_message_chunk', messageId: event.message_id }]
      case 'thinking_delta':
        return [{ ...chunk(event.text), sessionUpdate: 'agent_thought_chunk', messageId: event.message_id }]
      case 'tool_call_delta':
        return this.#announce(event.call_id, event.name)
      case 'tool_started':
        return [...this.#announce(event.call.id, event.call.name), this.#started(event.call, event.title)]
      case 'tool_output_delta':
        return this.#outputUpdate(event.call_id, event.text)
      case 'approval_requested': {
        const content = this.diffs(event.request.files ?? [])
        const toolCallId = event.request.call_id
        return content.length === 0 ? [] : [{ sessionUpdate: 'tool_call_update', toolCallId, content }]
      }
      case 'tool_result':
        return [this.#result(event)]
      case 'landed':
        return [this.#landed(event)]
      case 'todos':
        return [{ sessionUpdate: 'plan', entries: event.items.map(item => ({ ...item })) }]
      case 'mode':
        return [{ sessionUpdate: 'current_mode_update', currentModeId: event.mode }]
      case 'usage':
        return [
          {
            sessionUpdate: 'usage_update',
            used: event.context.used,
            size: event.context.window,
            ...(event.cost_usd !== undefined && { cost: { amount: event.cost_usd, currency: 'USD' } }),
          },
        ]
      case 'notice':
        return [{ ...chunk(`[${event.level}] ${event.text}\n`), sessionUpdate: 'agent_message_chunk' }]
      default:
        return []
    }
  }

  /** A proposed change, as the client shows it. */
  diffs(files: readonly FilePreview[]): ToolCallContent[] {
    return files.map(file => ({
      type: 'diff',
      path: this.#absolute(file.path),
      oldText: file.before ?? null,
      newText: file.after ?? '',
    }))
  }

  #announce(toolCallId: string, name: string): SessionUpdate[] {
    if (this.#announced.has(toolCallId) || toolCallId === '') return []
    this.#announced.add(toolCallId)
    return [{ sessionUpdate: 'tool_call', toolCallId, title: name, name, kind: toolKind(name), status: 'pending' }]
  }

  #started(call: ToolCall, title: string): SessionUpdate {
    const input = parsed(call.arguments)
    const path = pathIn(input)
    return {
      sessionUpdate: 'tool_call_update',
      toolCallId: call.id,
      title: title === '' ? call.name : `${call.name} ${title}`,
      kind: toolKind(call.name),
      status: 'in_progress',
      rawInput: input,
      ...(path !== undefined && { locations: [{ path: this.#absolute(path) }] }),
    }
  }

  #outputUpdate(toolCallId: string, text: string): SessionUpdate[] {
    const terminalId = this.#terminalOf(toolCallId)
    if (terminalId !== undefined) {
      if (this.#embedded.has(toolCallId)) return []
      this.#embedded.add(toolCallId)
      return [{ sessionUpdate: 'tool_call_update', toolCallId, content: [{ type: 'terminal', terminalId }] }]
    }
    const output = ((this.#output.get(toolCallId) ?? '') + text).slice(-MAX_LIVE_OUTPUT_CHARS)
    this.#output.set(toolCallId, output)
    return [{ sessionUpdate: 'tool_call_update', toolCallId, content: [{ type: 'content', ...chunk(output) }] }]
  }

  #result(event: Extract<KodeEvent, { type: 'tool_result' }>): SessionUpdate {
    const { message, changes = [], diff } = event
    const terminalId = this.#terminalOf(message.call_id)
    this.#output.delete(message.call_id)
    this.#announced.delete(message.call_id)
    this.#embedded.delete(message.call_id)
    return {
      sessionUpdate: 'tool_call_update',
      toolCallId: message.call_id,
      status: message.status === 'ok' ? 'completed' : 'failed',
      content: [
        ...this.#shownDiffs(diff),
        ...(terminalId === undefined ? [] : [{ type: 'terminal' as const, terminalId }]),
        // A terminal shows what a command printed; why it was cut off, it does not.
        ...(terminalId === undefined || event.exit_code === undefined
          ? [{ type: 'content' as const, ...chunk(message.text) }]
          : []),
        ...(message.images ?? []).map(image => ({
          type: 'content' as const,
          content: { type: 'image' as const, mimeType: image.media_type, data: image.data },
        })),
      ],
      ...this.#locations(changes),
      rawOutput: {
        status: message.status,
        ...(event.denied !== undefined && { denied: event.denied }),
        ...(event.gates && { gates: event.gates }),
      },
    }
  }

  /** What changed after a call had its result: it belongs to the call all the same. */
  #landed({ call_id, changes, diff }: Extract<KodeEvent, { type: 'landed' }>): SessionUpdate {
    const text = `Changed since: ${changes.map(({ path, status }) => `${path} (${status})`).join(', ')}`
    return {
      sessionUpdate: 'tool_call_update',
      toolCallId: call_id,
      content: [...this.#shownDiffs(diff), { type: 'content', ...chunk(text) }],
      ...this.#locations(changes),
    }
  }

  #shownDiffs(diff: string | undefined): ToolCallContent[] {
    return diff === undefined ? [] : fileDiffs(diff).map(file => ({ ...file, path: this.#absolute(file.path) }))
  }

  #locations(changes: readonly ChangedFile[]): { locations?: { path: string }[] } {
    return changes.length === 0 ? {} : { locations: changes.map(({ path }) => ({ path: this.#absolute(path) })) }
  }

  #absolute(path: string): string {
    return isAbsolute(path) ? path : join(this.#root, path)
  }
}

/** The end of a command's output is what people wait for. */
const MAX_LIVE_OUTPUT_CHARS = 20_000

/** The changed places of a unified diff, old and new side; a client shows them as it shows a proposal. */
function fileDiffs(diff: string): Extract<ToolCallContent, { type: 'diff' }>[] {
  const shown: { path: string; old: string[]; new: string[]; isNew: boolean }[] = []
  let isHeader = true
  for (const line of diff.split('\n')) {
    if (line.startsWith('diff --git ')) isHeader = true
    else if (line.startsWith('@@ ')) isHeader = false
    else if (isHeader && line.startsWith('--- ')) {
      shown.push({ path: sideOf(line), old: [], new: [], isNew: line === '--- /dev/null' })
    }
    const file = shown.at(-1)
    if (!file) continue
    if (isHeader && line.startsWith('+++ ') && line !== '+++ /dev/null') file.path = sideOf(line)
    if (isHeader) continue
    if (line.startsWith('+') || line.startsWith(' ')) file.new.push(line.slice(1))
    if (line.startsWith('-') || line.startsWith(' ')) file.old.push(line.slice(1))
  }
  return shown.map(file => ({
    type: 'diff',
    path: file.path,
    oldText: file.isNew ? null : file.old.join('\n'),
    newText: file.new.join('\n'),
  }))
}

function sideOf(line: string): string {
  return line
    .slice(4)
    .split('\t', 1)[0]!
    .replace(/^[ab]\//, '')
}

function chunk(text: string) {
  return { content: { type: 'text' as const, text } }
}

/** The model's arguments as data; as text where they are no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Shown as it is; the call itself is refused with a reason.
    return text
  }
}

function pathIn(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  if ('file_path' in input && typeof input.file_path === 'string') return input.file_path
  return 'path' in input && typeof input.path === 'string' ? input.path : undefined
}
