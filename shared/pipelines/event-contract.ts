import * as v from 'valibot'
import { type KodeEvent, type OrchestrationEvent, SUBTASK_AGENTS, SUBTASK_STATUSES } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { Message } from '#shared/protocol/messages'
import { gateResult, runResultSchema, summarySchema, usage } from './contracts'

/** The lines of `--output-format stream-json`, as a schema; see contracts.ts. */

const text = v.strictObject({ type: v.literal('text'), text: v.string() })

const image = v.strictObject({
  type: v.literal('image'),
  media_type: v.picklist(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
  data: v.pipe(v.string(), v.description('base64')),
})

const toolCall = v.strictObject({
  type: v.literal('tool_call'),
  id: v.string(),
  name: v.string(),
  arguments: v.pipe(v.string(), v.description('as the model wrote it: JSON text, perhaps malformed')),
  signature: v.optional(v.string()),
})

const thinking = v.strictObject({
  type: v.literal('thinking'),
  text: v.string(),
  signature: v.optional(v.string()),
  redacted: v.optional(v.string()),
})

const userMessage = v.strictObject({
  role: v.literal('user'),
  id: v.string(),
  parts: v.array(v.variant('type', [text, image])),
  origin: v.picklist(['typed', 'steering', 'summary', 'task', 'reminder']),
})

const assistantMessage = v.strictObject({
  role: v.literal('assistant'),
  id: v.string(),
  parts: v.array(v.variant('type', [text, thinking, toolCall])),
  model: v.string(),
  usage: v.optional(usage),
  stop: v.picklist(['end', 'tool_calls', 'output_limit', 'refusal', 'cancelled', 'cut']),
})

const toolMessage = v.strictObject({
  role: v.literal('tool'),
  id: v.string(),
  call_id: v.string(),
  name: v.string(),
  text: v.string(),
  images: v.optional(v.array(image)),
  status: v.picklist(['ok', 'error', 'denied', 'interrupted']),
})

v.variant('role', [userMessage, assistantMessage, toolMessage]) satisfies v.GenericSchema<unknown, Message>

const gateReport = v.strictObject({
  status: v.picklist(['PASS', 'FAIL', 'WARN']),
  results: v.array(gateResult),
  duration_ms: v.number(),
}) satisfies v.GenericSchema<unknown, GateReport>

const changes = v.array(
  v.strictObject({ path: v.string(), status: v.picklist(['created', 'modified', 'deleted', 'renamed']) }),
)

const effect = v.strictObject({
  class: v.picklist(['read_only', 'local_mutation', 'remote_action', 'destructive']),
  programs: v.array(v.string()),
  reads: v.array(v.string()),
  writes: v.array(v.string()),
  network: v.array(v.string()),
  outside_project: v.array(v.string()),
})

const approvalRequest = v.object({
  id: v.string(),
  call_id: v.string(),
  tool: v.string(),
  title: v.string(),
  effect: v.object(effect.entries),
  diff: v.optional(v.string()),
  files: v.optional(
    v.array(
      v.strictObject({
        path: v.string(),
        old_path: v.optional(v.string()),
        before: v.optional(v.string()),
        after: v.optional(v.string()),
      }),
    ),
  ),
  gates: v.optional(gateReport),
  reason: v.string(),
})

const limits = v.picklist(['turns', 'cost', 'tokens', 'time', 'loop_guard', 'output_limit', 'context'])

const turnEnd = v.variant('reason', [
  v.strictObject({ reason: v.picklist(['answered', 'cancelled']) }),
  v.strictObject({ reason: v.literal('limit'), limit: limits, message: v.string() }),
  v.strictObject({ reason: v.picklist(['refused', 'store_failed']), message: v.string() }),
  v.strictObject({ reason: v.literal('provider_failed'), message: v.string(), advice: v.optional(v.string()) }),
])

const delta = { message_id: v.string(), text: v.string() }

/** Any line but the last. */
export const eventSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('session'),
    schema_version: v.literal(1),
    session_id: v.string(),
    model: v.string(),
    provider: v.string(),
    mode: v.picklist(['plan', 'safe', 'auto']),
    cwd: v.string(),
    tools: v.array(v.string()),
    sandbox: v.string(),
  }),
  v.strictObject({ type: v.literal('turn_started'), turn_id: v.string() }),
  v.strictObject({ type: v.literal('user'), message: userMessage }),
  v.strictObject({ type: v.literal('text_delta'), ...delta }),
  v.strictObject({ type: v.literal('thinking_delta'), ...delta }),
  v.strictObject({ type: v.literal('tool_call_delta'), ...delta, call_id: v.string(), name: v.string() }),
  v.strictObject({ type: v.literal('assistant'), message: assistantMessage }),
  v.strictObject({ type: v.literal('tool_started'), call: toolCall, title: v.string() }),
  v.strictObject({ type: v.literal('tool_output_delta'), call_id: v.string(), text: v.string() }),
  v.strictObject({ type: v.literal('gates'), call_id: v.string(), report: gateReport }),
  v.strictObject({ type: v.literal('approval_requested'), request: approvalRequest }),
  v.strictObject({
    type: v.literal('approval_answered'),
    id: v.string(),
    call_id: v.string(),
    answer: v.picklist(['approve', 'always', 'remember', 'reject', 'edited', 'unavailable']),
  }),
  v.strictObject({
    type: v.literal('question_asked'),
    question: v.strictObject({
      id: v.string(),
      call_id: v.string(),
      question: v.string(),
      options: v.array(v.string()),
      multiple: v.optional(v.boolean()),
      default: v.optional(v.string()),
      timeout: v.optional(v.number()),
    }),
  }),
  v.strictObject({ type: v.literal('question_answered'), id: v.string(), answer: v.string() }),
  v.strictObject({
    type: v.literal('tool_result'),
    message: toolMessage,
    duration_ms: v.number(),
    denied: v.optional(v.string()),
    changes: v.optional(changes),
    diff: v.optional(v.string()),
    gates: v.optional(gateReport),
    exit_code: v.optional(v.number()),
  }),
  v.strictObject({ type: v.literal('landed'), call_id: v.string(), changes, diff: v.string() }),
  v.strictObject({
    type: v.literal('todos'),
    items: v.array(
      v.strictObject({
        content: v.string(),
        status: v.picklist(['pending', 'in_progress', 'completed']),
        priority: v.picklist(['high', 'medium', 'low']),
      }),
    ),
  }),
  v.strictObject({
    type: v.literal('tasks'),
    tasks: v.array(
      v.strictObject({
        id: v.string(),
        name: v.string(),
        status: v.picklist(['pending', 'running', 'completed', 'errored', 'cancelled', 'exited', 'killed']),
        doing: v.string(),
        started_at: v.number(),
      }),
    ),
  }),
  v.strictObject({
    type: v.literal('steering'),
    waiting: v.array(v.strictObject({ id: v.string(), text: v.string(), lane: v.picklist(['next', 'later']) })),
  }),
  v.strictObject({ type: v.literal('mode'), mode: v.picklist(['plan', 'safe', 'auto']) }),
  v.strictObject({
    type: v.literal('usage'),
    usage,
    cost_usd: v.optional(v.number()),
    context: v.strictObject({
      used: v.number(),
      window: v.number(),
      by_category: v.strictObject({
        system: v.number(),
        tools: v.number(),
        messages: v.number(),
        tool_results: v.number(),
      }),
    }),
  }),
  v.strictObject({ type: v.literal('notice'), level: v.picklist(['info', 'warning', 'error']), text: v.string() }),
  v.strictObject({ type: v.literal('turn_ended'), turn_id: v.string(), end: turnEnd }),
]) satisfies v.GenericSchema<unknown, KodeEvent>

const subtask = { id: v.string(), agent: v.picklist(SUBTASK_AGENTS), title: v.string() }

/** Any line of `kode run --orchestrate` but the last. */
const orchestrationSchema = v.variant('type', [
  v.strictObject({ type: v.literal('subtask_started'), ...subtask }),
  v.strictObject({
    type: v.literal('subtask_ended'),
    ...subtask,
    status: v.picklist(SUBTASK_STATUSES),
    reason: v.optional(v.string()),
  }),
  v.strictObject({ type: v.literal('synthesis_started'), results: v.number(), subtasks: v.number() }),
]) satisfies v.GenericSchema<unknown, OrchestrationEvent>

/** One line of `--output-format stream-json`; the last is the result, of a pipeline its summary. */
export const streamLineSchema = v.union([
  eventSchema,
  runResultSchema,
  orchestrationSchema,
  v.strictObject({ type: v.literal('summary'), ...summarySchema.entries }),
])
