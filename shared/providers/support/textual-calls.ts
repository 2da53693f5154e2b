import { isRecord, parseJson } from './wire'

/** A call that a model wrote into its text instead of using the wire format for it. */
export interface TextualCall {
  name: string
  /** JSON text of an object. */
  arguments: string
}

/**
 * Reads what stood between the tags of a textual call: JSON with `name` and `arguments` (or `parameters`, `input`),
 * or the `<function=NAME><parameter=KEY>` form. Undefined when it calls none of the tools: then it is text.
 */
export function readTextualCall(open: string, inner: string, toolNames: ReadonlySet<string>): TextualCall | undefined {
  const call = readXml(open + inner) ?? readJson(inner)
  return call && toolNames.has(call.name) ? call : undefined
}

function readJson(inner: string): TextualCall | undefined {
  // Some models put a fence around it.
  const value = parseJson(inner.trim().replace(/^```(?:json)?\s*|\s*```$/g, ''))
  if (!isRecord(value)) return undefined
  const call = isRecord(value.function) ? value.function : value
  const name = call.name ?? call.tool_name ?? call.tool
  const given = call.arguments ?? call.parameters ?? call.input ?? call.args ?? {}
  const input = typeof given === 'string' ? parseJson(given) : given
  if (typeof name !== 'string' || !isRecord(input)) return undefined
  return { name, arguments: JSON.stringify(input) }
}

function readXml(text: string): TextualCall | undefined {
  const name = /<function=([\w.-]+)>/.exec(text)?.[1]
  if (name === undefined) return undefined
  const input: Record<string, unknown> = {}
  for (const [, key, value] of text.matchAll(/<parameter=([\w.-]+)>\n?([\s\S]*?)\n?<\/parameter>/g)) {
    const parsed = parseJson(value!)
    // Numbers, lists and objects are written bare; everything else is text.
    input[key!] =
      typeof parsed === 'object' || typeof parsed === 'boolean' || typeof parsed === 'number' ? parsed : value
  }
  return { name, arguments: JSON.stringify(input) }
}
