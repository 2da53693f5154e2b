import * as v from 'valibot'
import type { TurnView, UndoReport } from '#shared/edits/checkpoint'
import { SUBTASK_AGENTS, SUBTASK_STATUSES } from '#shared/protocol/events'
import type { Finding, GateResult } from '#shared/protocol/gate-report'
import { GATE_NAMES } from '#shared/protocol/gate-report'
import type { RunResult } from '#shared/protocol/run-result'
import type { ReplayReport } from '#shared/tasks/replay'
import type { Summary } from './summary'
import { LENSES, SEVERITIES } from './support/critique-finding'
import type { PlanGraph } from './support/plan-graph'
import type { ContextPacket } from './support/plan-packet'

/**
 * The JSON that scripts rely on, as schemas. The build writes them into the package as JSON schemas
 * (`dist/assets/schemas/`), and tests hold what the program prints against them.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const usage = v.strictObject({
  input: count,
  output: count,
  cache_read: count,
  cache_write: count,
  thinking: count,
  cost_usd: v.optional(v.number()),
})

const finding = v.strictObject({
  id: v.pipe(v.string(), v.description('stable, such as imports/unknown-package')),
  gate: v.picklist(GATE_NAMES),
  severity: v.picklist(['error', 'warning', 'info']),
  file: v.pipe(v.string(), v.description('relative to the project, with forward slashes')),
  line: v.pipe(v.number(), v.integer(), v.minValue(1)),
  column: v.pipe(v.number(), v.integer(), v.minValue(1)),
  end_line: count,
  end_column: count,
  message: v.string(),
  suggestion: v.optional(v.string()),
  snippet: v.optional(v.string()),
  hunk_id: v.optional(v.string()),
}) satisfies v.GenericSchema<unknown, Finding>

export const gateResult = v.strictObject({
  check_name: v.picklist(GATE_NAMES),
  status: v.picklist(['PASS', 'FAIL', 'WARN', 'SKIP']),
  message: v.string(),
  details: v.optional(v.string()),
  duration_ms: v.number(),
  findings: v.array(finding),
}) satisfies v.GenericSchema<unknown, GateResult>

const critiqueFinding = v.strictObject({
  lens: v.picklist(LENSES),
  severity: v.picklist(SEVERITIES),
  file_path: v.pipe(v.string(), v.description('empty where it is about the whole task')),
  line: v.pipe(v.number(), v.integer(), v.minValue(1)),
  message: v.string(),
  suggestion: v.optional(v.string()),
})

const reasons = v.record(v.string(), v.string())

const verdict = v.picklist(['allowed', 'asked', 'denied', 'gates_failed', 'failed'])

/** What `kode replay --json` prints. */
export const replaySchema = v.strictObject({
  schema_version: v.literal(1),
  session_id: v.string(),
  status: v.picklist(['PASS', 'FAIL']),
  calls: count,
  replayed: count,
  differs: count,
  results: v.array(
    v.strictObject({
      call_id: v.string(),
      tool: v.string(),
      title: v.string(),
      recorded: verdict,
      replayed: verdict,
      differs: v.boolean(),
      reason: v.string(),
    }),
  ),
}) satisfies v.GenericSchema<unknown, ReplayReport>

/** What `kode run`, `loop` and `verify` print. */
export const summarySchema = v.strictObject({
  schema_version: v.literal(1),
  command: v.picklist(['run', 'loop', 'verify', 'generate']),
  task_id: v.string(),
  status: v.picklist(['PASS', 'FAIL']),
  rounds_used: count,
  duration_ms: v.number(),
  applied_hunks: v.array(v.string()),
  applied_files: v.array(v.string()),
  failed_hunks: reasons,
  failed_files: v.record(v.string(), v.array(finding)),
  repaired: reasons,
  results: v.array(gateResult),
  warnings: v.array(v.string()),
  critique: v.optional(v.array(critiqueFinding)),
  rounds: v.array(
    v.strictObject({
      round: count,
      status: v.picklist(['PASS', 'FAIL']),
      hunks: v.array(v.string()),
      failed_hunks: reasons,
      duration_ms: v.number(),
    }),
  ),
  error: v.optional(v.string()),
  model: v.optional(v.string()),
  usage: v.optional(usage),
  cost_usd: v.optional(v.nullable(v.number())),
  test: v.optional(
    v.strictObject({
      command: v.string(),
      passed: v.boolean(),
      output: v.string(),
      failed_tests: v.array(v.string()),
    }),
  ),
  rolled_back: v.optional(v.boolean()),
  session_id: v.optional(v.string()),
  task: v.optional(v.string()),
  hunks_applied: v.optional(count),
  files: v.optional(v.array(v.string())),
  attempts: v.optional(
    v.array(
      v.strictObject({
        attempt: count,
        status: v.picklist(['PASS', 'FAIL']),
        rounds_used: count,
        error: v.optional(v.string()),
        failed_tests: v.optional(v.array(v.string())),
      }),
    ),
  ),
  duration_seconds: v.optional(v.number()),
  test_command: v.optional(v.string()),
  test_output: v.optional(v.string()),
  test_error: v.optional(v.string()),
  failed_tests: v.optional(v.array(v.string())),
  subtasks: v.optional(
    v.array(
      v.strictObject({
        id: v.string(),
        agent: v.picklist(SUBTASK_AGENTS),
        title: v.string(),
        depends: v.array(v.string()),
        status: v.picklist(SUBTASK_STATUSES),
        reason: v.optional(v.string()),
        result: v.optional(v.pipe(v.string(), v.description('what the agent answered, perhaps cut'))),
        duration_ms: v.number(),
        usage: v.optional(usage),
        cost_usd: v.optional(v.nullable(v.number())),
      }),
    ),
  ),
  branches: v.optional(
    v.array(
      v.strictObject({
        id: v.string(),
        strategy: v.string(),
        status: v.picklist(['PASS', 'FAIL']),
        score: v.number(),
        files: v.array(v.string()),
        duration_ms: v.number(),
        cost_usd: v.optional(v.nullable(v.number())),
        error: v.optional(v.string()),
      }),
    ),
  ),
  winner: v.optional(v.string()),
}) satisfies v.GenericSchema<unknown, Summary>

/** What `--output-format json` prints, and the last line of `stream-json`. */
export const runResultSchema = v.strictObject({
  type: v.literal('result'),
  schema_version: v.literal(1),
  success: v.boolean(),
  exit_code: count,
  response: v.string(),
  output: v.optional(v.unknown()),
  session_id: v.string(),
  model: v.string(),
  stop_reason: v.picklist(['answered', 'cancelled', 'limit', 'refused', 'provider_failed', 'store_failed']),
  limit: v.optional(v.picklist(['turns', 'cost', 'tokens', 'time', 'loop_guard', 'output_limit', 'context'])),
  usage,
  cost_usd: v.nullable(v.number()),
  turns: count,
  changes: v.array(
    v.strictObject({ path: v.string(), status: v.picklist(['created', 'modified', 'deleted', 'renamed']) }),
  ),
  denied: v.array(v.strictObject({ tool: v.string(), reason: v.string() })),
  verify: v.optional(
    v.strictObject({ command: v.string(), passed: v.boolean(), exit_code: count, output: v.string() }),
  ),
  error: v.optional(v.string()),
}) satisfies v.GenericSchema<unknown, RunResult>

const turnNumber = { turn: count, title: v.string(), session_id: v.optional(v.string()) }

const undoReport = v.strictObject({
  schema_version: v.literal(1),
  kind: v.picklist(['undo', 'redo']),
  dry_run: v.boolean(),
  turns: v.array(v.strictObject(turnNumber)),
  files: v.array(v.strictObject({ path: v.string(), action: v.picklist(['restored', 'removed', 'recreated']) })),
  kept: v.array(v.strictObject({ path: v.string(), reason: v.string(), diff: v.string() })),
  message: v.string(),
}) satisfies v.GenericSchema<unknown, UndoReport>

const undoList = v.strictObject({
  schema_version: v.literal(1),
  turns: v.array(
    v.strictObject({
      ...turnNumber,
      at: v.pipe(v.number(), v.description('milliseconds since 1970, of its last change')),
      state: v.picklist(['applied', 'undone']),
      files: v.array(v.string()),
    }),
  ),
}) satisfies v.GenericSchema<unknown, { turns: TurnView[] }>

/** What `kode undo --json` prints; with `--list` the second. */
export const undoSchema = v.union([undoReport, undoList])

const symbolKinds = ['file', 'function', 'method', 'struct', 'interface'] as const

const graphEdge = v.strictObject({
  source: v.string(),
  target: v.string(),
  kind: v.picklist(['defines', 'imports', 'calls', 'implements']),
  confidence: v.picklist(['certain', 'resolved', 'ambiguous']),
})

/** What `kode plan --packet` prints. */
export const packetSchema = v.strictObject({
  schema_version: v.literal(1),
  task: v.string(),
  max_tokens: count,
  total_tokens: count,
  files: v.array(
    v.strictObject({
      path: v.string(),
      kind: v.picklist(symbolKinds),
      name: v.optional(v.string()),
      signature: v.optional(v.string()),
      content: v.optional(v.string()),
      start_line: v.optional(count),
      end_line: v.optional(count),
      reasons: v.optional(v.array(v.string())),
    }),
  ),
  edges: v.array(graphEdge),
}) satisfies v.GenericSchema<unknown, ContextPacket>

/** What `kode plan --graph` prints. */
export const graphSchema = v.strictObject({
  schema_version: v.literal(1),
  task: v.string(),
  project_root: v.string(),
  total_tokens: count,
  nodes: v.record(
    v.string(),
    v.strictObject({
      id: v.string(),
      file_path: v.string(),
      kind: v.picklist([...symbolKinds, 'import']),
      name: v.string(),
      signature: v.string(),
      content: v.optional(v.string()),
      token_cost: count,
      start_line: count,
      end_line: count,
      reasons: v.optional(v.array(v.string())),
    }),
  ),
  edges: v.array(graphEdge),
}) satisfies v.GenericSchema<unknown, PlanGraph>
