/** A delimiter without its partner; offsets are UTF-16. */
export interface Unbalanced {
  message: string
  offset: number
}

const CLOSER: Record<string, string> = { '(': ')', '[': ']', '{': '}' }

/**
 * Finds the first delimiter of Rust source that has no partner. Delimiters must balance in every edition and inside every
 * macro, so unlike a grammar this cannot be out of date.
 */
export function findUnbalanced(text: string): Unbalanced | undefined {
  return firstUnbalanced(rustDelimiters(text))
}

/** The same for Go, whose tokens are simpler. */
export function findUnbalancedGo(text: string): Unbalanced | undefined {
  return firstUnbalanced(goDelimiters(text))
}

function firstUnbalanced(delimiters: Iterable<{ token: string; offset: number }>): Unbalanced | undefined {
  const open: { closer: string; token: string; offset: number }[] = []
  for (const { token, offset } of delimiters) {
    const closer = CLOSER[token]
    if (closer) open.push({ closer, token, offset })
    else {
      const last = open.pop()
      if (!last) return { message: `Unexpected closing \`${token}\``, offset }
      if (last.closer !== token) return { message: `Mismatched \`${token}\`: expected \`${last.closer}\``, offset }
    }
  }
  const last = open.at(-1)
  return last && { message: `Unclosed \`${last.token}\`: expected \`${last.closer}\``, offset: last.offset }
}

/** What is left of delimiters without comments, strings and character literals, in order. */
function* rustDelimiters(text: string): Generator<{ token: string; offset: number }> {
  for (const { 0: token, index } of rustCode(text).matchAll(/[()[\]{}]/g)) yield { token, offset: index }
}

/** Rust source with the inside of comments and strings blanked; what marks a string as one of C is kept. Offsets are kept too. */
export function rustCode(text: string): string {
  let code = ''
  let at = 0
  for (const { start, end } of rustLiterals(text)) {
    code += text.slice(at, start) + text.slice(start, end).replace(/[^\n]/g, ' ')
    at = end
  }
  return code + text.slice(at)
}

/** Comments, and strings and characters between their quotes. */
function* rustLiterals(text: string): Generator<{ start: number; end: number }> {
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const [token] = match
    const start = match.index
    if (token.startsWith('//')) yield { start, end: TOKEN.lastIndex }
    else if (token === '/*') {
      TOKEN.lastIndex = endOfBlockComment(text, start)
      yield { start, end: TOKEN.lastIndex }
    } else if (match.groups?.hashes !== undefined) {
      const closing = `"${match.groups.hashes}`
      const opened = TOKEN.lastIndex
      const closed = text.indexOf(closing, opened)
      yield { start: opened, end: closed < 0 ? text.length : closed }
      TOKEN.lastIndex = closed < 0 ? text.length : closed + closing.length
    } else if (/["']$/.test(token)) yield { start: start + token.search(/["']/) + 1, end: TOKEN.lastIndex - 1 }
  }
}

const GO_TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:\\[^\n][^'\n]*|[^\\'\n])'|[()[\]{}]/gu

function* goDelimiters(text: string): Generator<{ token: string; offset: number }> {
  for (const match of text.matchAll(GO_TOKEN)) if (match[0].length === 1) yield { token: match[0], offset: match.index }
}

/** In order of precedence: comments, raw strings, raw identifiers, strings, characters (never lifetimes), names. */
const TOKEN = new RegExp(
  [
    /\/\/[^\n]*/,
    /\/\*/,
    /\b(?:br|cr|r)(?<hashes>#*)"/,
    /\br#\w+/,
    /(?:\b[bc])?"(?:[^"\\]|\\[\s\S])*"/,
    /(?:\bb)?'(?:\\(?:u\{[^}]*\}|[\s\S][^']*?)|[^\\'\n][\u{fe00}-\u{fe0f}\u{300}-\u{36f}]?)'/u,
    /[A-Za-z_]\w*/,
  ]
    .map(part => part.source)
    .join('|'),
  'gu',
)

function endOfBlockComment(text: string, start: number): number {
  const edge = /\/\*|\*\//g
  edge.lastIndex = start + 2
  let depth = 1
  for (let match = edge.exec(text); match; match = edge.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return text.length
}
