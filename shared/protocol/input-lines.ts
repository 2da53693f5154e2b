import * as v from 'valibot'
import type { ApprovalAnswer } from './approvals'

/** One line of stdin with `--input-format stream-json`. A stable contract; see input-line.schema.json. */
export const inputLineSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('user'),
    text: v.pipe(v.string(), v.nonEmpty('must not be empty')),
    lane: v.pipe(
      v.optional(v.picklist(['next', 'later']), 'later'),
      v.description('while a run is going on: next = heard before the next model request, later = a run of its own'),
    ),
  }),
  v.strictObject({ type: v.literal('interrupt') }),
  v.strictObject({ type: v.literal('mode'), mode: v.picklist(['plan', 'safe', 'auto']) }),
  v.strictObject({
    type: v.literal('approval'),
    id: v.pipe(v.string(), v.description('of the approval_requested event')),
    answer: v.picklist(['approve', 'always', 'reject']),
    feedback: v.optional(v.string()),
  }),
  v.strictObject({
    type: v.literal('answer'),
    id: v.pipe(v.string(), v.description('of the question_asked event')),
    text: v.string(),
  }),
])
export type InputLine = v.InferOutput<typeof inputLineSchema>

/** @returns the line, or in one sentence why it is none */
export function parseInputLine(line: string): InputLine | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : error}`
  }
  const parsed = v.safeParse(inputLineSchema, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  return `${v.getDotPath(issue) ?? 'line'}: ${issue.message}`
}

/** A line as the answer that the core waits for. */
export function approvalOf(line: Extract<InputLine, { type: 'approval' }>): ApprovalAnswer {
  if (line.answer !== 'reject') return { kind: line.answer }
  return { kind: 'reject', ...(line.feedback && { feedback: line.feedback }) }
}
