import * as v from 'valibot'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { TrustMode } from '#shared/protocol/approvals'
import { type AgentDefinition, WRITING_TOOLS } from './definition'
import { listOfNames, readFrontMatter } from './front-matter'

/** A definition that could be read, and what is odd about it, one line each. */
export interface ReadAgent {
  agent: AgentDefinition
  warnings: string[]
}

interface AgentFile {
  /** As it is shown to people. */
  path: string
  text: string
  source: 'user' | 'project'
}

const count = v.pipe(v.number('wants a number'), v.integer('wants a whole number'), v.minValue(1, 'must be at least 1'))
const names = v.array(v.string('wants a list of names'), 'wants a list of names')
const text = v.pipe(v.string('wants a text'), v.trim(), v.nonEmpty('must not be blank'))
const trust = v.pipe(
  v.picklist(['plan', 'safe', 'default', 'auto'], 'wants plan, safe or auto'),
  v.transform((name): TrustMode => (name === 'default' ? 'safe' : name)),
)

const fields = {
  name: v.pipe(text, v.regex(/^[\w.-]{1,64}$/, 'may hold letters, digits, ".", "-" and "_"')),
  system_prompt: text,
  description: v.optional(text),
  trust: v.optional(trust),
  model: v.optional(text),
  provider: v.optional(text),
  base_url: v.optional(v.pipe(v.string('wants a URL'), v.url('wants a URL'))),
  allowed_tools: v.optional(names),
  disallowed_tools: v.optional(names),
  max_iterations: v.optional(count),
  skip_memory: v.optional(v.boolean('wants true or false')),
  write_access: v.optional(v.boolean('wants true or false')),
  max_tokens: v.optional(count),
  temperature: v.optional(v.pipe(v.number('wants a number'), v.minValue(0), v.maxValue(2, 'must be 0 to 2'))),
  thinking_budget: v.optional(count),
  reasoning_effort: v.optional(v.picklist(['low', 'medium', 'high'], 'wants low, medium or high')),
  max_context_tokens: v.optional(count),
  auto_compact_threshold: v.optional(
    v.pipe(v.number('wants a number'), v.gtValue(0, 'must be above 0'), v.maxValue(100, 'must be 0 to 1')),
  ),
}
/** An agent file in JSON, as it may be written; agent.schema.json is made from this. */
export const agentFileSchema = v.object(fields)
type Fields = v.InferOutput<typeof agentFileSchema>

/** An agent in JSON; see spec/koda.md §13. An error names the file and what is wrong, in one line. */
export function readJsonAgent(file: AgentFile): Result<ReadAgent, string> {
  let value: unknown
  try {
    value = JSON.parse(file.text)
  } catch (error) {
    return fail(`${file.path}: no JSON (${messageOf(error)})`)
  }
  const parsed = parseFields(value, file)
  if (!parsed.ok) return parsed
  const { given, warnings } = parsed.value
  const { write_access, trust } = given
  if (write_access !== undefined) {
    const use = trust === undefined ? `write "trust": "${write_access ? 'safe' : 'plan'}" instead` : 'remove it'
    warnings.push(`${file.path}: write_access is deprecated; ${use}`)
  }
  // Without `trust` the older field decides, also by its absence.
  const isOldReader = trust === undefined && write_access !== true
  const denied = [...(given.disallowed_tools ?? []), ...(isOldReader ? WRITING_TOOLS : [])]
  const oldTrust = write_access === false ? 'plan' : 'safe'
  return ok({ agent: definitionOf({ ...given, trust: trust ?? oldTrust, disallowed_tools: denied }, file), warnings })
}

/** An agent as Markdown with front matter, its text the prompt. Without `tools` it has all of them. */
export async function readMarkdownAgent(file: AgentFile): Promise<Result<ReadAgent, string>> {
  const read = await readFrontMatter(file.text)
  if (!read.ok) return fail(`${file.path}: ${read.error}`)
  const { tools, disallowed_tools, allowed_tools, model, color: _, ...rest } = read.value.fields
  const allowed = listOfNames(allowed_tools ?? tools)
  const denied = listOfNames(disallowed_tools)
  const isInherited = model === 'inherit'
  const parsed = parseFields(
    {
      ...rest,
      system_prompt: read.value.body,
      ...(allowed && { allowed_tools: allowed.filter(name => name !== '*') }),
      ...(denied && { disallowed_tools: denied }),
      ...(model !== undefined && !isInherited && { model }),
    },
    file,
  )
  if (!parsed.ok) return parsed
  return ok({ agent: definitionOf(parsed.value.given, file), warnings: parsed.value.warnings })
}

function parseFields(
  value: unknown,
  { path, source }: AgentFile,
): Result<{ given: Fields; warnings: string[] }, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(`${path}: no JSON object`)
  const parsed = v.safeParse(agentFileSchema, value)
  if (!parsed.success) {
    const problems = parsed.issues.map(issue => {
      const field = v.getDotPath(issue) ?? ''
      return `${field} ${issue.received === 'undefined' ? 'is missing' : issue.message}`
    })
    return fail(`${path}: ${problems.join('; ')}`)
  }
  const warnings = Object.keys(value)
    .filter(key => !(key in fields) && key !== '$schema')
    .map(key => `${path}: unknown field "${key}" is ignored`)
  const given = parsed.output
  if (source === 'user' || given.base_url === undefined) return ok({ given, warnings })
  // Whoever wrote the repository must not choose where the user's words go.
  const { base_url: _, ...safe } = given
  return ok({ given: safe, warnings: [...warnings, `${path}: base_url is ignored; only your own agents may set it`] })
}

function definitionOf(given: Fields, { path, source }: AgentFile): AgentDefinition {
  const { allowed_tools, auto_compact_threshold: threshold } = given
  const optional = {
    model: given.model,
    provider: given.provider,
    baseUrl: given.base_url,
    allowedTools: allowed_tools?.length ? allowed_tools : undefined,
    maxIterations: given.max_iterations,
    maxTokens: given.max_tokens,
    temperature: given.temperature,
    thinkingBudget: given.thinking_budget,
    reasoningEffort: given.reasoning_effort,
    maxContextTokens: given.max_context_tokens,
    // Written as a share or in percent.
    autoCompactThreshold: threshold === undefined || threshold <= 1 ? threshold : threshold / 100,
  }
  return {
    name: given.name,
    description: given.description ?? describePrompt(given.system_prompt),
    source,
    path,
    systemPrompt: given.system_prompt,
    trust: given.trust ?? 'safe',
    disallowedTools: given.disallowed_tools ?? [],
    skipMemory: given.skip_memory ?? false,
    ...withoutUndefined(optional),
  }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  for (const key in value) {
    const each = value[key]
    if (each !== undefined) Object.assign(kept, { [key]: each })
  }
  return kept
}

/** One line from a prompt: what its job is, else what it is, else how it begins. Source: spec/koda.md §7.18. */
export function describePrompt(prompt: string): string {
  const [, job] = /your job is to\s+([^.\n]+)/i.exec(prompt) ?? []
  const [, role] = /you are (?:an?|the)\s+([^.\n]+)/i.exec(prompt) ?? []
  return (job?.slice(0, 80) ?? role?.slice(0, 60) ?? prompt.trim().split('\n', 1)[0]?.slice(0, 80) ?? '').trim()
}
