import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem, Processes, Web } from '#shared/host/host'
import type { Question } from '#shared/protocol/approvals'
import type { ChangedFile, TodoItem } from '#shared/protocol/events'
import type { ImagePart, Message } from '#shared/protocol/messages'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { HistoryEntry } from '#shared/store/conversation'
import type { Effect } from '#shared/trust/effects'
import type { PathScope } from '#shared/trust/path-scope'
import type { AgentDesk } from './agent-desk'
import type { SkillDesk } from './skill-desk'
import type { TaskDesk } from './task-desk'

/**
 * Something the model can do. A tool says what it would do; `agent/tool-call.ts` decides whether it may.
 * It never asks for approval, never writes workspace files, never knows the trust mode.
 */
export interface Tool {
  /** As the model calls it. */
  name: string
  /** Other names that models use for it, lower case. */
  aliases?: readonly string[]
  description: string
  /** JSON schema of an object, as offered to the model. */
  inputSchema(): Record<string, unknown>
  /** Whether all it can do is read; calls of such tools in one reply run side by side. */
  isReadOnly: boolean
  /** Hands work to somebody else: such calls run side by side with each other, many at once. */
  isDelegating?: boolean
  /** Only reads. Input that does not fit is `refused`. */
  prepare(input: unknown, context: ToolContext): Promise<Prepared>
}

/** A tool of our own: its input as a valibot schema, already parsed when `prepare` sees it. */
export interface ToolDefinition<Input> extends Omit<Tool, 'inputSchema' | 'prepare'> {
  input: v.GenericSchema<unknown, Input>
  prepare(input: Input, context: ToolContext): Promise<Prepared>
}

/** Makes a tool of its definition. */
export function defineTool<Input>(definition: ToolDefinition<Input>): Tool {
  const { input, prepare, ...rest } = definition
  return {
    ...rest,
    inputSchema() {
      const { $schema: _, ...schema } = toJsonSchema(input, { typeMode: 'input', errorMode: 'ignore' })
      return { ...schema }
    },
    async prepare(value, context) {
      const parsed = v.safeParse(input, withPathAlias(value))
      if (parsed.success) return prepare(parsed.output, context)
      return { kind: 'refused', text: `Error: ${definition.name}: ${parsed.issues.map(issueText).join('; ')}` }
    },
  }
}

/** Models mix up `path` and `file_path`; both are understood everywhere. */
function withPathAlias(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return 'path' in value && !('file_path' in value) ? { ...value, file_path: value.path } : value
}

function issueText(issue: v.BaseIssue<unknown>): string {
  // Of several forms the first is the one that is offered.
  const [offered] = issue.type === 'union' ? (issue.issues ?? []) : []
  if (offered) return issueText(offered)
  const path = v.getDotPath(issue)
  return path ? `${path}: ${issue.message}` : issue.message
}

export type Prepared =
  /** Proposed new file contents; the engine judges and writes them, then `done` words the result. */
  | { kind: 'change'; title: string; changes: ChangeSet; effect: Effect; done(): ToolOutput }
  /** Something to run. */
  | {
      kind: 'action'
      title: string
      effect: Effect
      /** @param callId of the call, for what is asked and announced meanwhile */
      run(signal: AbortSignal, onOutput: (text: string) => void, callId: string): Promise<ToolOutput>
    }
  /** It cannot work; the text tells the model why and what to do. */
  | { kind: 'refused'; text: string }

export interface ToolOutput {
  /** What the model is told. */
  text: string
  isError?: boolean
  images?: ImagePart[]
  /** The whole text where `text` was cut; kept for RecallContext and the surfaces. */
  fullText?: string
  /** Of the command it ran, where it ran to its end. */
  exitCode?: number
  /** Workspace files that others changed for it, through the gates. */
  landed?: { changes: ChangedFile[]; diff: string }
}

/** What a tool may use. The agent makes one per session. */
export interface ToolContext {
  /** Absolute, links resolved. */
  root: string
  /** What paths are judged against. */
  scope: PathScope
  files: FileSystem
  /** Absolute; what nobody but kode reads, as in `hiddenPaths`. */
  hidden: readonly string[]
  processes: Processes
  web: Web
  sandbox: Sandbox
  readLedger: ReadLedger
  /** Output limits grow with the window: clamp(window / 100,000, 1, 4). */
  contextFactor: number
  /** File with what the user wants remembered everywhere. */
  userMemory: string
  /** Environment of the surface; tools hand on only what a child needs. */
  env: Readonly<Record<string, string | undefined>>
  /** Instructions of the folders a file is in that the model does not have before it yet; empty when there are none. */
  newInstructionsFor(path: string): Promise<string>
  /** What a command line can do at worst. */
  classify(commandLine: string): Promise<Effect>
  now(): number
  session: SessionFacts
  /** @returns nothing where nobody answered, or the signal came */
  ask(question: Question, signal: AbortSignal): Promise<string>
  signal: AbortSignal
}

/** What the model has seen of a file, so that a stale edit is noticed. Keyed by absolute path. */
export interface ReadLedger {
  /** @param hash SHA-256 of the whole file's bytes, hexadecimal */
  note(path: string, hash: string): void
  seenHash(path: string): string | undefined
  /** Notes that a piece of a file is in front of the model; says whether the very same text was there already. */
  show(piece: string, hash: string): boolean
}

/** What tools may know and change of their own session. */
export interface SessionFacts {
  id: string
  messages(): readonly Message[]
  /** All messages, also those put away, with the whole text of results that were cut. */
  history(): readonly HistoryEntry[]
  todos(): readonly TodoItem[]
  /** Rejects when it cannot be saved. */
  setTodos(items: TodoItem[]): Promise<void>
  tasks: TaskDesk
  agents: AgentDesk
  skills: SkillDesk
  /** Files this session itself created, project-relative. */
  ownedFiles: Set<string>
}
