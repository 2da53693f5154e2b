/** Below these every key is a name that somebody chose; any other key is JSON Schema's own. */
const NAMING = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependentRequired',
  '$defs',
  'definitions',
])
/** Values, not schemas. */
const GIVEN = new Set(['description', 'title', '$comment', '$ref', 'required', 'enum', 'const', 'default', 'examples'])

/** A JSON schema with every text and name in it masked, and the words of JSON Schema left as they are. */
export function maskSchema(
  schema: Readonly<Record<string, unknown>>,
  mask: (text: string) => string,
): Record<string, unknown> {
  const masked = Object.entries(schema).map(([key, value]) => {
    if (GIVEN.has(key)) return [key, maskTexts(value, mask)]
    if (!NAMING.has(key) || !isRecord(value)) return [key, maskWithin(value, mask)]
    return [key, Object.fromEntries(Object.entries(value).map(([name, each]) => [mask(name), maskWithin(each, mask)]))]
  })
  return Object.fromEntries(masked)
}

function maskWithin(value: unknown, mask: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map(each => maskWithin(each, mask))
  return isRecord(value) ? maskSchema(value, mask) : value
}

/** Every text in a value, keys too. */
export function maskTexts(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value)
  if (Array.isArray(value)) return value.map(each => maskTexts(each, mask))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [mask(key), maskTexts(each, mask)]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
