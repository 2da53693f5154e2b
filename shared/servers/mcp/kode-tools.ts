import { type CallToolResult, McpServer, type ServerContext } from '@modelcontextprotocol/server'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type Command, type CommandArgs, type CommandContext, CommandFailure } from '#shared/commands/command'
import { loadCommand } from '#shared/commands/registry'
import { gateResult, packetSchema, summarySchema } from '#shared/pipelines/contracts'
import { GATE_NAMES } from '#shared/protocol/gate-report'

/** Makes what a command may use; progress and its end come from the MCP request. */
export type ContextMaker = (
  command: Command,
  request: { signal: AbortSignal; input: string; progress(text: string): void },
) => CommandContext

/** What a tool of ours asks of a command. */
interface Ask {
  command: string
  args: CommandArgs
  /** What the command reads as its standard input. */
  input?: string
}

const explanationSchema = v.looseObject({
  schema_version: v.literal(1),
  gate: v.string(),
  title: v.string(),
  what: v.string(),
  causes: v.array(v.string()),
  fixes: v.array(v.string()),
  examples: v.array(v.looseObject({ path: v.string(), timestamp: v.string(), reason: v.string() })),
})

const critiqueSchema = v.looseObject({
  schema_version: v.literal(1),
  status: v.picklist(['PASS', 'WARN', 'FAIL']),
  findings: v.array(v.looseObject({ severity: v.string(), message: v.string() })),
})

const statsSchema = v.looseObject({ total: v.number(), passed: v.number(), failed: v.number() })

const task = v.pipe(v.string(), v.minLength(1), v.description('what is to be done, in words'))
const hunk = v.pipe(v.looseObject({}), v.description('one change: id, action, file_path, anchor_text, new_text, …'))

/** A patch, in one of two ways. */
const patch = v.object({ hunks: v.optional(v.array(hunk)), diff: v.optional(v.string()) })

/** kode's verification for other programs: an MCP server that runs the very commands of the command line. */
export function kodeMcpServer(version: string, contextFor: ContextMaker): McpServer {
  const server = new McpServer(
    { name: 'kode', version },
    { instructions: 'kode verifies changes before they land. Verify a patch with kode_verify before you propose it.' },
  )
  const answer = (ask: Ask, context: ServerContext) => runAsk(ask, context, contextFor)
  server.registerTool(
    'kode_plan',
    {
      description: 'Finds the files and declarations of the project that matter for a task, within a token budget.',
      inputSchema: toStandardJsonSchema(
        v.object({ task, max_tokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))) }),
      ),
      outputSchema: toStandardJsonSchema(packetSchema),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ task, max_tokens }, context) => {
      const flags = { packet: true, ...(max_tokens !== undefined && { 'max-tokens': String(max_tokens) }) }
      return answer({ command: 'plan', args: { words: [task], flags } }, context)
    },
  )
  server.registerTool(
    'kode_verify',
    {
      description:
        'Judges a change by all gates (syntax, imports, calls, architecture, security …) without writing it. Give hunks or a unified diff.',
      inputSchema: toStandardJsonSchema(patch),
      outputSchema: toStandardJsonSchema(summarySchema),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (given, context) => verify(given, {}, ask => answer(ask, context)),
  )
  server.registerTool(
    'kode_blast_radius',
    {
      description: 'Tells how far a change reaches: the files that depend on what it alters, and the way to each.',
      inputSchema: toStandardJsonSchema(patch),
      outputSchema: toStandardJsonSchema(gateResult),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    // Every gate is asked, since an earlier one that fails would end the run before this one.
    (given, context) => verify(given, { all: true }, async ask => blastRadiusIn(await answer(ask, context))),
  )
  server.registerTool(
    'kode_critique',
    {
      description: 'Reviews a task before code is written, or a patch by what it means. Asks no model, writes nothing.',
      inputSchema: toStandardJsonSchema(
        v.object({
          task: v.optional(task),
          patch: v.optional(v.pipe(v.string(), v.description('in any format kode reads'))),
        }),
      ),
      outputSchema: toStandardJsonSchema(critiqueSchema),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ task, patch }, context) => {
      if ((task === undefined) === (patch === undefined)) return errorResult('give either a task or a patch')
      if (patch === undefined) return answer({ command: 'critique', args: { words: [task ?? ''], flags: {} } }, context)
      return answer({ command: 'critique', args: { words: [], flags: { input: '-' } }, input: patch }, context)
    },
  )
  server.registerTool(
    'kode_apply_verified',
    {
      description:
        'Has the configured model carry out a task: plan, generate, gates, apply, test. Files change only when every gate passes; failed tests roll everything back.',
      inputSchema: toStandardJsonSchema(v.object({ task, test_command: v.optional(v.string()) })),
      outputSchema: toStandardJsonSchema(summarySchema),
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    },
    ({ task, test_command }, context) => {
      const flags = test_command === undefined ? {} : { 'test-command': test_command }
      return answer({ command: 'loop', args: { words: [task], flags } }, context)
    },
  )
  server.registerTool(
    'kode_explain',
    {
      description: 'Tells what a gate checks, what usually fails it, how to fix it, and when it failed here.',
      inputSchema: toStandardJsonSchema(v.object({ gate: v.picklist(GATE_NAMES) })),
      outputSchema: toStandardJsonSchema(explanationSchema),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ gate }, context) => answer({ command: 'explain', args: { words: [gate], flags: {} } }, context),
  )
  server.registerTool(
    'kode_stats',
    {
      description: 'Sums up the verdicts of this project: pass rate, failing gates and files, trend.',
      inputSchema: toStandardJsonSchema(
        v.object({ since: v.optional(v.pipe(v.string(), v.description('a day, as 2026-01-31'))) }),
      ),
      outputSchema: toStandardJsonSchema(statsSchema),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ since }, context) => {
      const flags = since === undefined ? {} : { since }
      return answer({ command: 'stats', args: { words: [], flags } }, context)
    },
  )
  return server
}

function verify(
  { hunks, diff }: v.InferOutput<typeof patch>,
  flags: CommandArgs['flags'],
  answer: (ask: Ask) => Promise<CallToolResult>,
): Promise<CallToolResult> | CallToolResult {
  if ((hunks === undefined) === (diff === undefined)) return errorResult('give either hunks or a diff')
  const input = diff ?? JSON.stringify({ hunks })
  const source = diff === undefined ? { input: '-' } : { diff: '-' }
  return answer({ command: 'verify', args: { words: [], flags: { ...flags, ...source } }, input })
}

/** The verdict of one gate alone. */
function blastRadiusIn(answer: CallToolResult): CallToolResult {
  if (answer.isError) return answer
  const { results } = v.parse(v.object({ results: v.array(gateResult) }), answer.structuredContent)
  const found = results.find(result => result.check_name === 'blast_radius')
  if (!found) return errorResult('the project does not use the gate blast_radius (verify.gates in .kode/kode.json)')
  return { content: [{ type: 'text', text: JSON.stringify(found, null, 2) }], structuredContent: { ...found } }
}

/** A verdict FAIL is an answer like any other; only what could not be judged at all is an error. */
async function runAsk(ask: Ask, { mcpReq }: ServerContext, contextFor: ContextMaker): Promise<CallToolResult> {
  const command = await loadCommand(ask.command)
  if (!command) return errorResult(`kode has no command "${ask.command}"`)
  const progressToken = mcpReq._meta?.progressToken
  let progress = 0
  const context = contextFor(command, {
    signal: mcpReq.signal,
    input: ask.input ?? '',
    progress(message) {
      if (progressToken === undefined || mcpReq.signal.aborted) return
      progress += 1
      const told = mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, message } })
      // A client that is gone hears nothing; the request ends by its own signal.
      told.catch(() => undefined)
    },
  })
  try {
    const { json } = await command.run(context, ask.args)
    const structuredContent = v.parse(v.record(v.string(), v.unknown()), json)
    return { content: [{ type: 'text', text: JSON.stringify(json, null, 2) }], structuredContent }
  } catch (error) {
    if (error instanceof CommandFailure) return errorResult(error.message)
    throw error
  }
}

function errorResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text: `Error: ${text}` }], isError: true }
}
