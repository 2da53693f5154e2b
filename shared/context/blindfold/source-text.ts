/** A stretch of a text: code, or what is written inside a comment or a string. Offsets are half-open. */
export interface TextPart {
  kind: 'code' | 'comment' | 'string'
  start: number
  end: number
}

/** Signs written with a backslash: their letters and digits are no word. */
export const ESCAPE = /\\(?:u\{?[0-9a-fA-F]{2,6}\}?|x[0-9a-fA-F]{2}|.)/g

/**
 * Cuts code of any of our languages into code, comments and strings, without a parser: what it takes for a string too many is
 * masked and restored again, so nothing is lost. Delimiters belong to the code.
 */
export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  let codeStart = 0
  const add = (kind: 'comment' | 'string', start: number, end: number) => {
    if (start > codeStart) parts.push({ kind: 'code', start: codeStart, end: start })
    if (end > start) parts.push({ kind, start, end })
    codeStart = end
  }
  for (let at = 0; at < text.length; ) {
    const opener = openerAt(text, at)
    if (!opener) {
      at++
      continue
    }
    const start = at + opener.open.length
    const end = endOf(text, start, opener)
    if (end === undefined) {
      at += opener.open.length
      continue
    }
    add(opener.kind, start, end)
    at = end + (opener.close === '\n' ? 0 : opener.close.length)
  }
  if (codeStart < text.length) parts.push({ kind: 'code', start: codeStart, end: text.length })
  return parts
}

interface Opener {
  kind: 'comment' | 'string'
  open: string
  close: string
  /** It ends with its line, or it is none. */
  isOneLine: boolean
}

const OPENERS: readonly Opener[] = [
  { kind: 'comment', open: '//', close: '\n', isOneLine: true },
  { kind: 'comment', open: '/*', close: '*/', isOneLine: false },
  { kind: 'comment', open: '<!--', close: '-->', isOneLine: false },
  { kind: 'comment', open: '#', close: '\n', isOneLine: true },
  { kind: 'string', open: '"""', close: '"""', isOneLine: false },
  { kind: 'string', open: "'''", close: "'''", isOneLine: false },
  { kind: 'string', open: '"', close: '"', isOneLine: true },
  { kind: 'string', open: "'", close: "'", isOneLine: true },
  { kind: 'string', open: '`', close: '`', isOneLine: false },
]
const BY_FIRST = new Map(OPENERS.map(({ open }) => [open[0], OPENERS.filter(each => each.open[0] === open[0])]))

function openerAt(text: string, at: number): Opener | undefined {
  const found = BY_FIRST.get(text[at])?.find(each => text.startsWith(each.open, at))
  // `https://`, and `#[derive]`, `#private`, `x#y`.
  if (found?.open === '//' && text[at - 1] === ':' && !isBehindPrefix(text, at)) return undefined
  if (found?.open === '#' && !isHashComment(text, at)) return undefined
  // A letter before it is an apostrophe, unless it is a prefix such as Python's r or f.
  if (
    found?.open === "'" &&
    /\w/.test(text[at - 1] ?? '') &&
    !/(?:^|\W)[rbfuRBFU]{1,2}$/.test(text.slice(Math.max(0, at - 3), at))
  )
    return undefined
  return found
}

function isHashComment(text: string, at: number): boolean {
  return (
    /^#(?:[ !#\n]|$)/.test(text.slice(at, at + 2)) && (/^\s?$/.test(text[at - 1] ?? '') || isBehindPrefix(text, at))
  )
}

/** Behind what a diff (`+`, `-`) or a search (`a.py:3:`, `3-`) puts before a line. */
function isBehindPrefix(text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return line.length <= LONGEST_PREFIX && /^(?:[-+]|(?:.*[:-])?\d+[:-])$/.test(line)
}
const LONGEST_PREFIX = 1_000

function endOf(text: string, start: number, { close, isOneLine, kind }: Opener): number | undefined {
  if (kind === 'comment') {
    const end = text.indexOf(close, start)
    return end === -1 ? text.length : end
  }
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') at++
    else if (character === '\n' && isOneLine) return undefined
    else if (character === close[0] && text.startsWith(close, at)) return at
  }
  return undefined
}
