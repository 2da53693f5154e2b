import * as v from 'valibot'
import type { ChatItem, ChatState } from './chat-state'
import type { ChatEvent } from './events'

/**
 * What the chat page and its host say to each other. The page sends requests (name, input) and gets one reply to each;
 * the host pushes events. Both sides check what they receive.
 */

/** A page built for another version asks its host for a new page instead of guessing. */
export const PANEL_VERSION = 3

const image = v.object({
  type: v.literal('image'),
  media_type: v.picklist(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
  data: v.string(),
})
const parts = v.array(v.variant('type', [v.object({ type: v.literal('text'), text: v.string() }), image]))
const none = v.object({})
const id = v.string()

/** Input of every request. */
const INPUTS = {
  /** The conversation as it is, as a `start` push; what is long ago follows in `earlier` pushes. */
  open: v.object({ version: v.number() }),
  prompt: v.object({
    parts,
    lane: v.picklist(['next', 'later']),
    /** Requests to the model that the turn may make, instead of what the settings say. */
    max_turns: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000))),
  }),
  stop: none,
  /** Takes back a message that was not heard yet. */
  unqueue: v.object({ id }),
  /** Lets a waiting message change places with its neighbour in its lane. */
  move_queued: v.object({ id, by: v.picklist([-1, 1]) }),
  /** Drops all waiting messages; the turn goes on. */
  clear_queue: none,
  answer: v.object({
    id,
    answer: v.variant('kind', [
      v.object({ kind: v.literal('approve') }),
      v.object({ kind: v.literal('always') }),
      v.object({ kind: v.literal('remember'), rule: v.string() }),
      v.object({ kind: v.literal('reject'), feedback: v.optional(v.string()) }),
    ]),
  }),
  answer_question: v.object({ id, text: v.string() }),
  undo_turn: v.object({ id }),
  /** Shows what a turn landed in the review, where it can be taken back file by file and hunk by hunk. */
  review_turn: v.object({ id }),
  /** Ends work in the background. */
  cancel_task: v.object({ id }),
  /** Shows what work in the background printed, or said and did, as it goes on. */
  show_task: v.object({ id }),
  /** Goes on before the user's message with this id, in a copy of the conversation. */
  fork: v.object({ id }),
  /** Opens a stored conversation. */
  resume: v.object({ id }),
  /** Code of an answer as a change that waits for review, in the file the editor shows. */
  apply: v.object({ text: v.string() }),
  set_mode: v.object({ mode: v.picklist(['plan', 'safe', 'auto']) }),
  set_model: none,
  /** Shows the proposed files of an open approval in the editor. */
  review: v.object({ id, path: v.optional(v.string()) }),
  open_file: v.object({ path: v.string(), line: v.optional(v.number()) }),
  /** Shows all that a call gave back, also where the model was told less. */
  show_output: v.object({ id, title: v.string() }),
  /** Shows a long text in a read-only editor. */
  open_text: v.object({ title: v.string(), text: v.string(), language: v.optional(v.string()) }),
  copy: v.object({ text: v.string() }),
  insert: v.object({ text: v.string() }),
  /** What can be mentioned after `@`. */
  mentions: v.object({ query: v.string() }),
  /** Files and folders that were dragged here, as they stand after `@`; what is elsewhere is left out. */
  mentions_of: v.object({ uris: v.array(v.string()) }),
  /** What was typed at prompts of this project before, in any surface; newest first. */
  history: none,
  /** Tells the page all of the slash menu, with the commands of the core, which is loaded for it. */
  commands: none,
  /** A command by its name in the slash menu. */
  command: v.object({ name: v.string(), argument: v.string() }),
} as const

export type RequestName = keyof typeof INPUTS
export type RequestInput<Name extends RequestName> = v.InferOutput<(typeof INPUTS)[Name]>

interface Outputs {
  mentions_of: string[]
  mentions: Mention[]
  history: string[]
}

export type RequestOutput<Name extends RequestName> = Name extends keyof Outputs ? Outputs[Name] : undefined

/** Something the user can point at in a prompt. */
export interface Mention {
  /** What stands after `@` in the prompt. */
  text: string
  /** Shown beside it. */
  detail: string
  kind: 'file' | 'folder' | 'special'
}

/** One entry of the slash menu. */
export interface SlashCommand {
  name: string
  description: string
  /** Refused while a turn runs. */
  needsIdle: boolean
}

/** What the page needs to know beyond the conversation. */
export interface PanelFacts {
  /** Name of the folder the conversation works in. */
  project: string
  /** Whether the window has other folders to choose from. */
  hasFolders: boolean
  /** The model that the settings name, until a session tells which one it asks. */
  model: string
  /** What is missing before a prompt can be sent; empty when nothing is. */
  missing: '' | 'folder' | 'key' | 'trust'
  commands: SlashCommand[]
  /** Modal editing in the composer. */
  hasVim: boolean
  /** Output of calls is shown as it comes, without a click. */
  isVerbose: boolean
  /** Who answers, where it is not kode itself. */
  agent: string
  /** While a turn runs: since when, in milliseconds since 1970. */
  turnStartedAt?: number
  /** The conversation that this folder's window had open last. */
  last?: { id: string; title: string }
  /** Translations of the editor's language; empty for English. */
  words: Readonly<Record<string, string>>
}

/** One request as it crosses over. */
export type PanelRequest = { [Name in RequestName]: { id: number; name: Name; input: RequestInput<Name> } }[RequestName]

/** What the host pushes. `epoch` names one life of a conversation in the host; `seq` counts pushes within it. */
export type PanelPush =
  | { kind: 'start'; version: number; epoch: string; seq: number; state: ChatState; facts: PanelFacts }
  /** Items that stand before all that the page has. */
  | { kind: 'earlier'; epoch: string; items: ChatItem[] }
  | { kind: 'events'; epoch: string; seq: number; events: ChatEvent[] }
  | { kind: 'facts'; facts: PanelFacts }
  /** Waiting messages that were dropped with their turn, so that they can be had back. */
  | { kind: 'dropped'; texts: string[] }
  /** Text to put into the composer, such as the selection of an editor. */
  | { kind: 'compose'; text: string }
  | { kind: 'reply'; id: number; output: unknown }
  | { kind: 'failure'; id: number; message: string }

const requests = v.variant(
  'name',
  Object.entries(INPUTS).map(([name, input]) => v.object({ id: v.number(), name: v.literal(name), input })),
)

/** @returns undefined when it is none of the requests, or its input does not fit. */
export function parseRequest(message: unknown): PanelRequest | undefined {
  const parsed = v.safeParse(requests, message)
  return parsed.success ? (parsed.output as PanelRequest) : undefined
}

const pushes = v.variant('kind', [
  v.looseObject({
    kind: v.literal('start'),
    version: v.number(),
    epoch: v.string(),
    seq: v.number(),
    state: v.looseObject({ items: v.array(v.unknown()) }),
    facts: v.looseObject({ words: v.record(v.string(), v.string()) }),
  }),
  v.looseObject({ kind: v.literal('earlier'), epoch: v.string(), items: v.array(v.unknown()) }),
  v.looseObject({ kind: v.literal('events'), epoch: v.string(), seq: v.number(), events: v.array(v.unknown()) }),
  v.looseObject({ kind: v.literal('facts'), facts: v.looseObject({}) }),
  v.looseObject({ kind: v.literal('dropped'), texts: v.array(v.string()) }),
  v.looseObject({ kind: v.literal('compose'), text: v.string() }),
  v.looseObject({ kind: v.literal('reply'), id: v.number() }),
  v.looseObject({ kind: v.literal('failure'), id: v.number(), message: v.string() }),
])

/** The host is trusted with the shape of events; the frame is checked, since other scripts can post messages too. */
export function parsePush(message: unknown): PanelPush | undefined {
  return v.is(pushes, message) ? (message as PanelPush) : undefined
}
