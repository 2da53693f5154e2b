import type { ChangeEngine } from '#shared/agent/change-engine'
import { readCall } from '#shared/agent/tool-call'
import type { Toolset } from '#shared/agent/toolset'
import type { ProjectPast } from '#shared/edits/past'
import { NOTHING_WRITTEN } from '#shared/gates/support/feedback'
import type { TrustMode } from '#shared/protocol/approvals'
import type { ToolCall, ToolMessage } from '#shared/protocol/messages'
import type { ReadSession } from '#shared/store/export'
import { bashTool } from '#shared/tools/bash'
import { deleteTool } from '#shared/tools/delete'
import { editTool } from '#shared/tools/edit'
import { globTool } from '#shared/tools/glob'
import { grepTool } from '#shared/tools/grep'
import { listTool } from '#shared/tools/list'
import { readTool } from '#shared/tools/read'
import type { ToolContext } from '#shared/tools/tool'
import { writeTool } from '#shared/tools/write'
import { type Circumstances, decideTrust } from '#shared/trust/policy'
import type { TrustRule } from '#shared/trust/rules'

/** What a call came to, as far as kode decides it. `failed`: it was allowed, or not even understood, and went wrong. */
export type Verdict = 'allowed' | 'asked' | 'denied' | 'gates_failed' | 'failed'

/** One call and both of its verdicts. */
export interface ReplayedCall {
  call_id: string
  tool: string
  title: string
  recorded: Verdict
  replayed: Verdict
  differs: boolean
  /** Why it was decided so this time. */
  reason: string
}

/** The data of `kode replay --json`. A stable contract; see replay.schema.json. */
export interface ReplayReport {
  schema_version: 1
  session_id: string
  status: 'PASS' | 'FAIL'
  /** Calls of the session, and how many of them could be decided again. */
  calls: number
  replayed: number
  differs: number
  results: ReplayedCall[]
}

export interface ReplayParts {
  /** Of the project as the session saw it. */
  root: string
  /** A copy of the project, in the state at which the session began. */
  copyRoot: string
  past: ProjectPast
  /** Of the copy. */
  engine: ChangeEngine
  tools: Toolset
  /** Of the copy. */
  context: ToolContext
  hasSandbox: boolean
  rules: readonly TrustRule[]
  signal: AbortSignal
}

/** Tools whose calls can be decided without the world of their time: the web, other agents, other programs. */
const DECIDABLE = [readTool, writeTool, editTool, deleteTool, bashTool, grepTool, globTool, listTool].map(
  tool => tool.name,
)

/**
 * Decides every call of a session again, each on the files as they were: reading the call, trust, and the gates. Nothing
 * is run but reading, and nothing is written but the copy. A question to the user agrees with whatever they said.
 */
export async function replaySession(session: ReadSession, parts: ReplayParts): Promise<ReplayReport> {
  const replay = new Replay(session, parts)
  const results: ReplayedCall[] = []
  let calls = 0
  for (const { call, at, result, changed } of callsOf(session)) {
    if (parts.signal.aborted) break
    calls++
    const replayed = await replay.decide(call, at, result)
    if (replayed) results.push(replayed)
    if (changed.length > 0) await replay.happened(changed)
  }
  const differs = results.filter(each => each.differs).length
  return {
    schema_version: 1,
    session_id: session.header.id,
    status: differs === 0 ? 'PASS' : 'FAIL',
    calls,
    replayed: results.length,
    differs,
    results,
  }
}

interface RecordedCall {
  call: ToolCall
  /** When the model asked for it; milliseconds since 1970. */
  at: number
  result: ToolMessage
  changed: readonly string[]
}

/** In the order in which they ended. */
function callsOf({ entries }: ReadSession): RecordedCall[] {
  const asked = new Map<string, { call: ToolCall; at: number }>()
  const calls: RecordedCall[] = []
  for (const { message, at, changes } of entries) {
    if (message.role === 'assistant') {
      for (const part of message.parts) if (part.type === 'tool_call') asked.set(part.id, { call: part, at })
    }
    const call = message.role === 'tool' ? asked.get(message.call_id) : undefined
    if (message.role !== 'tool' || !call) continue
    calls.push({ ...call, result: message, changed: (changes ?? []).map(change => change.path) })
  }
  return calls
}

class Replay {
  readonly #session: ReadSession
  readonly #parts: ReplayParts
  readonly #modes: readonly TrustMode[]

  constructor(session: ReadSession, parts: ReplayParts) {
    this.#session = session
    this.#parts = parts
    const last = session.meta.get('mode')
    const modes: readonly TrustMode[] = ['plan', 'safe', 'auto']
    // Which calls came before a switch is not on record.
    this.#modes = modes.filter(mode => mode === session.header.mode || mode === last)
  }

  /** @returns undefined for what cannot be decided again */
  async decide(call: ToolCall, at: number, result: ToolMessage): Promise<ReplayedCall | undefined> {
    const { root, copyRoot, tools, past } = this.#parts
    const name = tools.find(call.name)?.name ?? call.name
    if (result.status === 'interrupted' || !DECIDABLE.includes(name)) return undefined
    await past.forwardTo(at)
    const moved = { ...call, arguments: call.arguments.replaceAll(root, copyRoot) }
    const verdict = await this.#verdictOn(moved)
    const recorded = recordedVerdict(result)
    return {
      call_id: call.id,
      tool: name,
      title: verdict.title.replaceAll(copyRoot, root),
      recorded,
      replayed: verdict.kind,
      differs: !agrees(recorded, verdict.kind),
      reason: verdict.reason.replaceAll(copyRoot, root),
    }
  }

  /** A call changed files: so they are from here on, and the session knows them. */
  async happened(paths: readonly string[]): Promise<void> {
    const { past, context } = this.#parts
    const done = await past.forwardOver(paths, this.#session.header.id)
    for (const { path, before, after } of (done.ok && done.value?.entries) || []) {
      if (before.kind === 'absent') context.session.ownedFiles.add(path)
      if (after.kind === 'file') context.readLedger.note(`${this.#parts.copyRoot}/${path}`, after.hash)
    }
  }

  async #verdictOn(call: ToolCall): Promise<{ kind: Verdict; title: string; reason: string }> {
    const { tools, context, engine, hasSandbox, rules, signal } = this.#parts
    const parsed = readCall(call, tools)
    if (!parsed.ok) return { kind: 'failed', title: '', reason: parsed.error }
    const { tool, input } = parsed.value
    const prepared = await tool.prepare(input, context)
    if (prepared.kind === 'refused') return { kind: 'failed', title: '', reason: prepared.text }
    const { title, effect } = prepared
    const circumstances: Circumstances = {
      hasSandbox,
      ownedFiles: context.session.ownedFiles,
      rules,
      ...(effect.programs.length > 0 && { command: title }),
    }
    const decisions = this.#modes.map(mode => decideTrust(effect, mode, 'interactive', circumstances))
    const [first] = decisions
    // Modes that disagree decide as little as a question does.
    const kind = decisions.every(each => each.kind === first?.kind) ? (first?.kind ?? 'ask') : 'ask'
    const reason = first?.reason ?? effect.reason
    if (kind === 'deny') return { kind: 'denied', title, reason }
    if (prepared.kind === 'change') {
      const report = await engine.judge(prepared.changes, signal)
      const failed = report.results.find(each => each.status === 'FAIL')
      if (failed) return { kind: 'gates_failed', title, reason: `${failed.check_name}: ${failed.message}` }
    }
    // What was read counts for the edits that follow.
    if (tool.name === readTool.name && prepared.kind === 'action') await prepared.run(signal, () => undefined, call.id)
    return { kind: kind === 'ask' ? 'asked' : 'allowed', title, reason }
  }
}

function recordedVerdict({ status, text }: ToolMessage): Verdict {
  if (status === 'denied') return 'denied'
  if (status !== 'error') return 'allowed'
  return text.startsWith(NOTHING_WRITTEN) ? 'gates_failed' : 'failed'
}

/** A question agrees with consent and refusal; what went wrong while it ran was allowed. */
function agrees(recorded: Verdict, replayed: Verdict): boolean {
  if (recorded === replayed) return true
  if (replayed === 'asked') return recorded !== 'gates_failed'
  return recorded === 'failed' && replayed === 'allowed'
}
