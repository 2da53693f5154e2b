import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type Asked, askOnce } from '#shared/agent/ask-once'
import { textOf } from '#shared/agent/model-call'
import { userText } from '#shared/agent/user-message'
import critiqueText from '#shared/context/prompts/critique.md'
import { findJson } from '#shared/edits/json-in-text'
import { withAdvice } from '#shared/protocol/with-advice'
import { type CritiqueFinding, SEVERITIES } from './critique-finding'

type Severity = CritiqueFinding['severity']

/** Who reviews. */
export interface Reviewer extends Asked {
  model: string
  /** The provider holds replies to a schema. */
  enforcesSchema: boolean
}

export interface ModelReview {
  findings: CritiqueFinding[]
  /** Why there is no review. */
  problem?: string
}

/** What a reviewer costs at most is small; so is what it may hold up. */
const MAX_WAIT_MS = 60_000
const MAX_TOKENS = 2_048
const TEMPERATURE = 0.2
const MAX_FINDINGS = 5
const MAX_TEXT_CHARS = 400

const remark = v.object({
  severity: v.picklist(SEVERITIES),
  file_path: v.string(),
  line: v.pipe(v.number(), v.integer(), v.minValue(1)),
  message: v.string(),
  suggestion: v.string(),
})
const REVIEW_SCHEMA = { ...toJsonSchema(v.object({ findings: v.array(remark) }), { errorMode: 'ignore' }) }

/** As models write it where no schema holds them. */
const looseRemark = v.object({
  severity: v.optional(v.fallback(v.picklist(SEVERITIES), 'warning'), 'warning'),
  file_path: v.optional(v.fallback(v.string(), ''), ''),
  line: v.optional(v.fallback(v.pipe(v.number(), v.integer(), v.minValue(1)), 1), 1),
  message: v.pipe(v.string(), v.trim(), v.minLength(1)),
  suggestion: v.optional(v.fallback(v.string(), ''), ''),
})

/**
 * Has a model review a task before code is written. Never fails: without a review there is a problem instead.
 *
 * @param context what of the project matters for the task, as the writing model will see it
 * @param most no finding weighs more; a model alone should not stop anybody unless that is wanted
 */
export async function critiqueByModel(
  task: string,
  context: string,
  { model, enforcesSchema, ...asked }: Reviewer,
  most: Severity,
  signal: AbortSignal,
): Promise<ModelReview> {
  const request = {
    model,
    system: critiqueText.trim(),
    messages: [userText(`${task}\n\n${context}\n\nReview the task; reply with the JSON of your findings.`, 'task')],
    tools: [],
    temperature: TEMPERATURE,
    maxTokens: MAX_TOKENS,
    ...(enforcesSchema && { outputSchema: REVIEW_SCHEMA }),
  }
  const patience = AbortSignal.any([signal, AbortSignal.timeout(MAX_WAIT_MS)])
  const reply = await askOnce(request, asked, patience)
  if (reply.kind === 'cancelled')
    return { findings: [], problem: signal.aborted ? 'interrupted' : `no answer after ${MAX_WAIT_MS / 1000} s` }
  if (reply.kind === 'failed') return { findings: [], problem: withAdvice(reply.failure) }
  const findings = readReview(textOf(reply.message), most)
  return findings ? { findings } : { findings: [], problem: 'the reply holds no findings' }
}

/** The findings in a reply; undefined where it is no review. */
export function readReview(text: string, most: Severity): CritiqueFinding[] | undefined {
  const lists = findJson(text).values.flatMap(value => {
    const list = listIn(value)
    return list ? [list] : []
  })
  if (lists.length === 0) return undefined
  const parsed = lists.flat().map(entry => v.safeParse(looseRemark, entry))
  if (parsed.length > 0 && !parsed.some(each => each.success)) return undefined
  return parsed.flatMap(each => (each.success ? [findingFrom(each.output, most)] : [])).slice(0, MAX_FINDINGS)
}

function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return undefined
  if ('findings' in value) return Array.isArray(value.findings) ? value.findings : undefined
  return 'message' in value ? [value] : undefined
}

function findingFrom(
  { severity, file_path, line, message, suggestion }: v.InferOutput<typeof looseRemark>,
  most: Severity,
): CritiqueFinding {
  const weight = Math.min(SEVERITIES.indexOf(severity), SEVERITIES.indexOf(most))
  return {
    lens: 'model',
    severity: SEVERITIES[weight] ?? most,
    file_path: inOneLine(file_path),
    line,
    message: inOneLine(message),
    ...(suggestion.trim() !== '' && { suggestion: inOneLine(suggestion) }),
  }
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_TEXT_CHARS)
}
