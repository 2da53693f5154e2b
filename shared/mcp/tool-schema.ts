/** A larger schema would crowd out the conversation; the server itself still judges what it is sent. */
const MAX_SCHEMA_CHARS = 30_000

/** Keys that providers refuse at the top of a tool's schema. */
const REFUSED_AT_TOP = ['$schema', '$id', 'anyOf', 'oneOf', 'allOf', 'not', 'enum', 'if', 'then', 'else']

/** Source: the strictest of the providers. */
const PROPERTY_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** What a server says about its input as the schema of an object that every provider takes, whatever it said. */
export function offeredSchema(given: unknown): Record<string, unknown> {
  const said = isRecord(given) && given.type === 'object' ? given : {}
  const properties = isRecord(said.properties) ? said.properties : {}
  const kept = Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => PROPERTY_NAME.test(name))
      .map(([name, schema]) => [name, isRecord(schema) ? schema : {}]),
  )
  const required = Array.isArray(said.required) ? said.required : []
  const rest = Object.entries(said).filter(([key]) => !REFUSED_AT_TOP.includes(key))
  const schema = {
    ...Object.fromEntries(rest),
    type: 'object',
    properties: kept,
    required: [...new Set(required.filter(name => typeof name === 'string' && name in kept))],
  }
  return JSON.stringify(schema).length <= MAX_SCHEMA_CHARS ? schema : { type: 'object', properties: {} }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
