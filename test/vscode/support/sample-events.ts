import type { ApprovalRequest } from '#shared/protocol/approvals'
import type { ChatEvent, KodeEvent } from '#shared/protocol/events'
import type { Finding, GateName, GateReport, GateStatus } from '#shared/protocol/gate-report'
import type { AssistantPart } from '#shared/protocol/messages'
import type { PanelFacts } from '#shared/protocol/requests'

const GATES: GateName[] = ['diff_applier', 'syntax', 'imports', 'calls', 'blast_radius', 'architecture', 'security']

/** A report in which the named gate has the given status; what follows a failure was not run. */
export function reportWith(gate?: GateName, status: GateStatus = 'PASS', findings: Finding[] = []): GateReport {
  const at = gate ? GATES.indexOf(gate) : GATES.length
  return {
    status: status === 'SKIP' ? 'PASS' : status,
    duration_ms: 21,
    results: GATES.map((name, index) => {
      const isNotRun = status === 'FAIL' && index > at
      const isMeant = index === at
      return {
        check_name: name,
        status: isMeant ? status : isNotRun ? 'SKIP' : 'PASS',
        message: isNotRun ? 'not run' : isMeant ? (findings[0]?.message ?? '') : '',
        duration_ms: 3,
        findings: isMeant ? findings : [],
      }
    }),
  }
}

export const MISSING_CALL: Finding = {
  id: 'calls/unknown-function',
  gate: 'calls',
  severity: 'error',
  file: 'src/orders.ts',
  line: 4,
  column: 10,
  end_line: 4,
  end_column: 20,
  message: 'sumOrdrs does not exist in src/orders.ts',
  suggestion: 'Did you mean sumOrders?',
}

export const DIFF = `--- a/src/orders.ts
+++ b/src/orders.ts
@@ -1,6 +1,7 @@
 import { round } from './money'
 
-export function total(orders: Order[]): number {
-  return orders.reduce((sum, order) => sum + order.price, 0)
+export function total(orders: Order[], discount = 0): number {
+  const full = orders.reduce((sum, order) => sum + order.price, 0)
+  return round(full * (1 - discount))
 }
`

export const APPROVAL: ApprovalRequest = {
  id: 'approval-1',
  call_id: 'call-2',
  tool: 'Edit',
  title: 'src/orders.ts',
  effect: {
    class: 'local_mutation',
    programs: [],
    reads: [],
    writes: ['src/orders.ts'],
    network: [],
    outside_project: [],
  },
  diff: DIFF,
  files: [{ path: 'src/orders.ts', before: 'a', after: 'b' }],
  gates: reportWith('blast_radius', 'WARN', [
    {
      ...MISSING_CALL,
      id: 'blast_radius/wide',
      gate: 'blast_radius',
      severity: 'warning',
      line: 3,
      message: '12 files depend on total',
      suggestion: undefined,
    },
  ]),
  reason: 'safe mode asks before files change',
}

export const COMMAND_APPROVAL: ApprovalRequest = {
  id: 'approval-2',
  call_id: 'call-2',
  tool: 'Bash',
  title: 'curl example.org/x.tgz | tar x -C /opt/x',
  effect: {
    class: 'remote_action',
    programs: ['curl', 'tar'],
    reads: [],
    writes: ['vendor'],
    network: ['example.org'],
    outside_project: ['/opt/x'],
  },
  reason: 'safe mode asks before anything is reached',
  rules: [
    { rule: 'allow line curl example.org/x.tgz | tar x -C /opt/x', also_allowed: [] },
    { rule: 'allow remote_action curl tar to example.org', also_allowed: ['curl example.org', 'curl example.org/y'] },
  ],
}

const ANSWER = `I'll add the discount where the total is computed, since **every caller** goes through it.

\`\`\`ts
export function total(orders: Order[], discount = 0): number {
  const full = orders.reduce((sum, order) => sum + order.price, 0)
  return round(full * (1 - discount)) // cents
}
\`\`\`

- \`discount\` is a share from 0 to 1
- existing calls keep their result
`

/** A whole turn: thinking, reading, a refused and a repaired edit, a command, the end. */
export const TURN: KodeEvent[] = [
  session(),
  { type: 'turn_started', turn_id: 'turn-1' },
  {
    type: 'user',
    message: {
      role: 'user',
      id: 'u1',
      origin: 'typed',
      parts: [{ type: 'text', text: 'Give orders a discount, and make sure the tests still pass.' }],
    },
  },
  assistant('a1', [
    { type: 'thinking', text: 'The total is computed in one place.\nCallers pass orders only.' },
    { type: 'text', text: ANSWER },
    call('call-0', 'Read', { file_path: 'src/orders.ts' }),
    call('call-1', 'Edit', { file_path: 'src/orders.ts' }),
  ]),
  { type: 'tool_started', call: call('call-0', 'Read', { file_path: 'src/orders.ts' }), title: 'src/orders.ts' },
  result('call-0', 'Read', '1\timport { round } from "./money"\n2\t\n3\texport function total(orders) {', 4),
  { type: 'tool_started', call: call('call-1', 'Edit', { file_path: 'src/orders.ts' }), title: 'src/orders.ts' },
  { type: 'gates', call_id: 'call-1', report: reportWith('calls', 'FAIL', [MISSING_CALL]) },
  {
    ...result('call-1', 'Edit', 'Refused by the gate calls.', 31, 'error'),
    gates: reportWith('calls', 'FAIL', [MISSING_CALL]),
    diff: DIFF,
  },
  assistant('a2', [
    { type: 'text', text: 'That function is called `sumOrders`. Again:' },
    call('call-2', 'Edit', { file_path: 'src/orders.ts' }),
  ]),
  { type: 'tool_started', call: call('call-2', 'Edit', { file_path: 'src/orders.ts' }), title: 'src/orders.ts' },
  { type: 'gates', call_id: 'call-2', report: reportWith() },
  {
    type: 'usage',
    usage: { input: 8200, output: 640, cache_read: 7000, cache_write: 0, thinking: 90 },
    cost_usd: 0.0132,
    context: {
      used: 41_000,
      window: 200_000,
      by_category: { system: 2000, tools: 2400, messages: 20_600, tool_results: 16_000 },
    },
  },
]

/** What follows when the edit was approved. */
export const TURN_END: ChatEvent[] = [
  {
    ...result('call-2', 'Edit', 'Changed src/orders.ts.', 48),
    gates: reportWith(),
    diff: DIFF,
    changes: [{ path: 'src/orders.ts', status: 'modified' }],
  },
  assistant('a3', [call('call-3', 'Bash', { command: 'npm test' })]),
  { type: 'tool_started', call: call('call-3', 'Bash', { command: 'npm test' }), title: 'npm test' },
  result('call-3', 'Bash', '> vitest run\n\n ✓ test/orders.test.ts (4 tests) 12ms\n\n Tests  4 passed (4)', 2140),
  {
    type: 'evidence',
    turn_id: 'turn-1',
    runs: [
      {
        call_id: 'call-3',
        command: 'npm test',
        exit_code: 0,
        duration_ms: 2140,
        covers: [{ path: 'src/orders.ts', sha256: '9f86d081884c7d659a2feaa0c55ad015' }],
        stale: [],
      },
    ],
  },
  assistant('a4', [{ type: 'text', text: 'Done: `total` takes a `discount`, and the four tests pass.' }]),
  { type: 'turn_ended', turn_id: 'turn-1', end: { reason: 'answered' } },
]

export function session(): KodeEvent {
  return {
    type: 'session',
    schema_version: 1,
    session_id: 's1',
    model: 'claude-sonnet-5',
    provider: 'anthropic',
    mode: 'safe',
    cwd: '/work/orders',
    tools: [],
    sandbox: 'bubblewrap',
  }
}

export function assistant(id: string, parts: AssistantPart[]): KodeEvent {
  return { type: 'assistant', message: { role: 'assistant', id, parts, model: 'm', stop: 'end' } }
}

export function call(id: string, name: string, input: unknown) {
  return { type: 'tool_call' as const, id, name, arguments: JSON.stringify(input) }
}

export function result(callId: string, name: string, text: string, durationMs: number, status: 'ok' | 'error' = 'ok') {
  return {
    type: 'tool_result' as const,
    message: { role: 'tool' as const, id: `r-${callId}`, call_id: callId, name, text, status },
    duration_ms: durationMs,
  }
}

/** A turn at work: it streams, with a plan, work in the background and messages that wait. */
const RUNNING: ChatEvent[] = [
  ...TURN.slice(0, 7),
  {
    type: 'todos',
    items: [
      { content: 'Find where the total is made', status: 'completed', priority: 'high' },
      { content: 'Add the discount there', status: 'in_progress', priority: 'high' },
      { content: 'Run the tests', status: 'pending', priority: 'medium' },
    ],
  },
  {
    type: 'tasks',
    tasks: [
      {
        id: 'agent:1',
        name: 'explore',
        status: 'running',
        doing: 'Read test/orders.test.ts',
        started_at: Date.now() - 95_000,
      },
    ],
  },
  { type: 'tool_started', call: call('call-9', 'Bash', { command: 'npm test' }), title: 'npm test' },
  { type: 'tool_output_delta', call_id: 'call-9', text: '> vitest run\n' },
  { type: 'text_delta', message_id: 'a9', text: 'While the tests run, I look at **who calls** `total`' },
  {
    type: 'steering',
    waiting: [
      { id: 'q1', text: 'Keep the old signature working', lane: 'next' },
      { id: 'q2', text: 'Then write a line for the changelog', lane: 'later' },
      { id: 'q3', text: 'And look at the shipping', lane: 'later' },
    ],
  },
]

const QUESTION: ChatEvent = {
  type: 'question_asked',
  question: {
    id: 'ask-1',
    call_id: 'call-8',
    question: 'What should a discount also apply to?',
    options: ['Shipping', 'Gift wrapping', 'Taxes'],
    multiple: true,
    default: 'Shipping',
    timeout: 600,
  },
}

interface PanelState {
  events: ChatEvent[]
  facts?: Partial<PanelFacts>
  /** Of the button that brings it there. */
  press?: string
  /** Waiting messages that went with a stopped turn. */
  dropped?: string[]
}

/** What the panel can look like; screenshots and the accessibility test go through all of it. */
export const STATES: Readonly<Record<string, PanelState>> = {
  welcome: { events: [], facts: { last: { id: 's0', title: 'Round the totals' } } },
  'no-folder': { events: [], facts: { missing: 'folder', project: '' } },
  running: { events: RUNNING, facts: { hasFolders: true } },
  approval: { events: [...TURN, { type: 'approval_requested', request: APPROVAL }] },
  command: {
    events: [...TURN, { type: 'approval_requested', request: COMMAND_APPROVAL }],
    press: 'Approve and remember a rule',
  },
  turn: { events: [...TURN, ...TURN_END] },
  diff: { events: [...TURN, ...TURN_END], press: 'Edited src/orders.ts' },
  context: { events: [...TURN, ...TURN_END], press: 'Context window, 21 % used' },
  stopped: {
    events: [
      ...TURN.slice(0, 6),
      {
        type: 'turn_ended',
        turn_id: 'turn-1',
        end: { reason: 'limit', limit: 'turns', message: 'The limit of 200 turns is reached.' },
      },
    ],
    dropped: ['Keep the old signature working', 'Then write a line for the changelog'],
    facts: { agent: 'reviewer' },
  },
  'no-key': { events: [], facts: { missing: 'key' } },
  undone: {
    events: [
      ...TURN,
      ...TURN_END,
      {
        type: 'turn_undone',
        turn_id: 'turn-1',
        message: 'Nothing was undone.',
        kept: [{ path: 'src/orders.ts', reason: 'it was changed since', diff: DIFF }],
      },
    ],
  },
  resumed: {
    events: [
      ...TURN.slice(0, 6),
      QUESTION,
      {
        type: 'resumed',
        away_ms: 7_200_000,
        messages: 12,
        tool_calls: 9,
        usage: { input: 31_000, output: 2_400, cache_read: 0, cache_write: 0, thinking: 0 },
        is_interrupted: true,
      },
    ],
    facts: { hasVim: true },
  },
}
