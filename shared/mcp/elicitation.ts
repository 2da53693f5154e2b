import type { ElicitRequest, ElicitResult } from '@modelcontextprotocol/client'
import type { Question } from '#shared/protocol/approvals'
import { plainText } from './server-text'

/** Puts a question to the user; an empty answer when nobody can or wants to. */
export type AskUser = (question: Question, signal: AbortSignal) => Promise<string>

type Value = string | number | boolean | string[]

/** What a form wants to know, as far as it can be asked for. */
interface Field {
  type?: string
  title?: string
  description?: string
  default?: Value
  enum?: readonly string[]
  enumNames?: readonly string[]
  oneOf?: readonly { const: string; title: string }[]
  items?: Field & { anyOf?: readonly { const: string; title: string }[] }
}

const MAX_FIELDS = 12

/** Asks the user what a server wants to know in the middle of a call, field by field. Without an answer it is declined. */
export async function elicit(
  server: string,
  params: ElicitRequest['params'],
  ask: AskUser | undefined,
  signal: AbortSignal,
): Promise<ElicitResult> {
  if (!ask || params.mode === 'url') return { action: 'decline' }
  const { properties, required = [] } = params.requestedSchema
  const fields: [string, Field][] = Object.entries(properties)
  if (fields.length > MAX_FIELDS) return { action: 'decline' }
  const content: Record<string, Value> = {}
  for (const [name, field] of fields) {
    const answer = await ask(questionFor(server, params.message, name, field), signal)
    if (signal.aborted) return { action: 'cancel' }
    const value = answer.trim() === '' ? field.default : fieldValue(answer.trim(), field)
    if (value !== undefined) content[name] = value
    else if (required.includes(name)) return { action: 'decline' }
  }
  return { action: 'accept', content }
}

function questionFor(server: string, message: string, name: string, field: Field): Question {
  const what = [field.title ?? name, field.description].filter(text => text).join(': ')
  return {
    question: plainText(`The MCP server ${server} asks: ${message}\n${what}`),
    options: optionsOf(field),
    ...(field.type === 'array' && { multiple: true }),
    ...(field.default !== undefined && { default: plainText(String(field.default)) }),
  }
}

function optionsOf(field: Field): string[] {
  if (field.type === 'boolean') return ['yes', 'no']
  return choicesOf(field).map(choice => choice.title)
}

function choicesOf(field: Field): { value: string; title: string }[] {
  const titled = field.oneOf ?? field.items?.anyOf
  if (titled) return titled.map(each => ({ value: each.const, title: each.title }))
  const names = field.enum ?? field.items?.enum ?? []
  return names.map((value, index) => ({ value, title: field.enumNames?.[index] ?? value }))
}

/** @returns undefined for what does not fit the field */
function fieldValue(answer: string, field: Field): Value | undefined {
  const choice = (text: string) => choicesOf(field).find(each => each.title === text || each.value === text)?.value
  switch (field.type) {
    case 'boolean':
      return /^(y|yes|true|1)$/i.test(answer) ? true : /^(n|no|false|0)$/i.test(answer) ? false : undefined
    case 'number':
    case 'integer': {
      const number = Number(answer)
      const fits = field.type === 'integer' ? Number.isInteger(number) : Number.isFinite(number)
      return fits ? number : undefined
    }
    case 'array': {
      const chosen = answer.split(/[,\n]/).map(part => choice(part.trim()))
      return chosen.every(each => each !== undefined) ? chosen : undefined
    }
    default:
      return choicesOf(field).length > 0 ? choice(answer) : answer
  }
}
