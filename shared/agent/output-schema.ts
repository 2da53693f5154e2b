import { Ajv } from 'ajv'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'

/** Judges whether a reply satisfies a JSON schema of the user. */
export interface OutputCheck {
  /** Goes to the model beside the prompt. */
  instruction: string
  check(response: string): { output: unknown } | { complaint: string }
}

const MAX_ERRORS = 10

/** Makes the check; an error says in one line what is wrong with the schema itself. */
export async function outputCheck(schemaText: string, name: string): Promise<Result<OutputCheck, string>> {
  let schema: unknown
  try {
    schema = JSON.parse(schemaText)
  } catch (error) {
    return fail(`${name} is not valid JSON: ${messageOf(error)}`)
  }
  if (typeof schema !== 'object' || schema === null) return fail(`${name} is not a JSON schema`)
  const ajv = new Ajv({ allErrors: true, strict: false })
  try {
    const validate = ajv.compile(schema)
    return ok({
      instruction: `Your last reply must be JSON alone, without prose or fences, that satisfies this JSON schema:\n${JSON.stringify(schema)}`,
      check(response) {
        const parsed = parseJson(response)
        if (!parsed.ok) return { complaint: `Your reply is not JSON (${parsed.error}). Reply with the JSON alone.` }
        if (validate(parsed.value)) return { output: parsed.value }
        const errors = (validate.errors ?? [])
          .slice(0, MAX_ERRORS)
          .map(each => `${each.instancePath || '/'} ${each.message}`)
        return {
          complaint: `Your reply does not satisfy the schema: ${errors.join('; ')}. Reply with the corrected JSON alone.`,
        }
      },
    })
  } catch (error) {
    return fail(`${name}: ${messageOf(error)}`)
  }
}

/** Models like to wrap JSON in a fence or a sentence. */
function parseJson(text: string): Result<unknown, string> {
  const candidates = [text.trim(), /```(?:json)?\s*([\s\S]*?)```/.exec(text)?.[1], text.slice(text.search(/[[{]/))]
  let reason = ''
  for (const candidate of candidates) {
    if (candidate === undefined) continue
    try {
      return ok(JSON.parse(candidate))
    } catch (error) {
      reason ||= messageOf(error)
    }
  }
  return fail(reason)
}
