/** What `findJson` found. */
export interface FoundJson {
  values: unknown[]
  /** The last value never ends: the reply was cut off. */
  isCutOff: boolean
}

/**
 * JSON values in a model's reply, however it is wrapped: alone, in code fences, or with prose around it.
 * Forgives what models get wrong: line breaks inside strings, commas before a closing bracket, comments.
 */
export function findJson(text: string): FoundJson {
  const whole = parseLeniently(text)
  if (whole !== undefined) return { values: [whole], isCutOff: false }
  const values: unknown[] = []
  for (let at = 0; at < text.length; at++) {
    // Only where JSON can begin: code is full of other brackets.
    if ((text[at] !== '{' && text[at] !== '[') || !/^.\s*["{[\]}/]/s.test(text.slice(at, at + 100))) continue
    const end = endOfValue(text, at)
    if (end === undefined && /^(\[\s*)?\{\s*"/.test(text.slice(at, at + 200))) return { values, isCutOff: true }
    const value = end === undefined ? undefined : parseLeniently(text.slice(at, end))
    if (end === undefined || typeof value !== 'object' || value === null) continue
    values.push(value)
    at = end - 1
  }
  return { values, isCutOff: false }
}

function parseLeniently(text: string): unknown {
  const trimmed = text.trim()
  if (!/^[[{"]/.test(trimmed)) return undefined
  for (const candidate of [trimmed, repaired(trimmed)]) {
    try {
      return JSON.parse(candidate)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  return undefined
}

/** Exclusive end of the array or object that begins at `start`. */
function endOfValue(text: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text[at]!
    if (character === '"') at = endOfString(text, at)
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return undefined
}

/** Index of the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return text.length
}

function repaired(text: string): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '"') {
      const end = endOfString(text, at)
      result += text.slice(at, end + 1).replace(/[\n\r\t]/g, control => CONTROLS[control] ?? control)
      at = end
    } else if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at)
      at = end === -1 ? text.length : end
    } else if (character !== ',' || !/^,\s*[\]}]/.test(text.slice(at, at + 200))) {
      result += character
    }
  }
  return result
}

const CONTROLS: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
