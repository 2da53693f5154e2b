/** A text and where its caret is, counted in characters from 0. */
export interface Place {
  readonly text: string
  readonly caret: number
}

/** Modal editing of the composer: the mode, the keys of a command so far, the last deleted text, and what `u` goes back to. */
export interface Vim {
  readonly mode: 'insert' | 'normal'
  readonly pending: string
  readonly register: string
  readonly past: readonly Place[]
  readonly future: readonly Place[]
}

/** Typing begins at once, as in every other text box. */
export const NEW_VIM: Vim = { mode: 'insert', pending: '', register: '', past: [{ text: '', caret: 0 }], future: [] }

interface Step {
  readonly vim: Vim
  readonly place: Place
}

/** From one character to before another; whole lines go with their line end. */
interface Span {
  readonly from: number
  readonly to: number
  readonly isLines: boolean
}

const INCOMPLETE = /^(?:[dcy][gia]?|g)$/

/**
 * What a key does.
 *
 * @param key as the browser names it, with `Control+` before it
 * @returns undefined when the key does what it does in every text box
 */
export function pressKey(vim: Vim, place: Place, key: string): Step | undefined {
  if (vim.mode === 'insert') {
    if (key !== 'Escape') return undefined
    return { vim: { ...vim, mode: 'normal' }, place: at(place.text, Math.max(lineStart(place), place.caret - 1)) }
  }
  if (key === 'Escape') return vim.pending === '' ? undefined : { vim: { ...vim, pending: '' }, place }
  if (key === 'Control+r') return goForward(vim, place)
  if (key.length !== 1) return undefined
  const keys = vim.pending + key
  if (INCOMPLETE.test(keys)) return { vim: { ...vim, pending: keys }, place }
  return run({ ...vim, pending: '' }, place, keys)
}

function run(vim: Vim, place: Place, keys: string): Step {
  const { text, caret } = place
  const target = motion(keys, place)
  if (target !== undefined) return { vim, place: onCharacter(text, target) }
  const [operator = '', ...object] = keys
  if ('dcy'.includes(operator)) {
    const span = spanOf(operator, object.join(''), place)
    return span ? operate(vim, place, operator, span) : { vim, place }
  }
  switch (keys) {
    case 'i':
      return insert(vim, place, place)
    case 'a':
      return insert(vim, place, at(text, Math.min(lineEnd(place), caret + 1)))
    case 'I':
      return insert(vim, place, at(text, firstWord(place)))
    case 'A':
      return insert(vim, place, at(text, lineEnd(place)))
    case 'o':
      return insert(vim, place, withText(text, lineEnd(place), '\n', 1))
    case 'O':
      return insert(vim, place, withText(text, lineStart(place), '\n', 0))
    case 'x':
      return operate(vim, place, 'd', { from: caret, to: Math.min(lineEnd(place), caret + 1), isLines: false })
    case 'p':
    case 'P':
      return paste(vim, place, keys === 'p')
    case 'u':
      return goBack(vim, place)
    default:
      return { vim, place }
  }
}

function operate(vim: Vim, place: Place, operator: string, { from, to, isLines }: Span): Step {
  const cut = place.text.slice(from, to)
  const yanked = { ...vim, register: isLines && !cut.endsWith('\n') ? `${cut}\n` : cut }
  if (operator === 'y') return { vim: yanked, place: at(place.text, from) }
  if (operator === 'c') return insert(yanked, place, withoutText(place.text, from, isLines ? lineEnd(place) : to))
  // The last line goes with the line end before it.
  const start = isLines && to === place.text.length && !cut.endsWith('\n') ? Math.max(0, from - 1) : from
  const left = withoutText(place.text, start, to)
  return changed(yanked, place, isLines ? onCharacter(left.text, firstWord(left)) : onCharacter(left.text, left.caret))
}

function paste(vim: Vim, place: Place, isAfter: boolean): Step {
  const { text, caret } = place
  const { register } = vim
  if (register === '') return { vim, place }
  if (!register.endsWith('\n')) {
    const where = isAfter ? Math.min(lineEnd(place), caret + 1) : caret
    return changed(vim, place, withText(text, where, register, register.length - 1))
  }
  if (!isAfter) return changed(vim, place, withText(text, lineStart(place), register, 0))
  return changed(vim, place, withText(text, lineEnd(place), `\n${register.slice(0, -1)}`, 1))
}

function insert(vim: Vim, before: Place, after: Place): Step {
  const { vim: changedVim } = changed(vim, before, after)
  return { vim: { ...changedVim, mode: 'insert' }, place: after }
}

function changed(vim: Vim, before: Place, after: Place): Step {
  return { vim: { ...vim, past: [...vim.past, before], future: [] }, place: after }
}

function goBack(vim: Vim, place: Place): Step {
  const earlier = vim.past.at(-1)
  if (!earlier) return { vim, place }
  return { vim: { ...vim, past: vim.past.slice(0, -1), future: [...vim.future, place] }, place: earlier }
}

function goForward(vim: Vim, place: Place): Step {
  const later = vim.future.at(-1)
  if (!later) return { vim, place }
  return { vim: { ...vim, past: [...vim.past, place], future: vim.future.slice(0, -1) }, place: later }
}

/** Where a motion leads; undefined when the keys are none. */
function motion(keys: string, place: Place): number | undefined {
  const { text, caret } = place
  switch (keys) {
    case 'h':
      return Math.max(lineStart(place), caret - 1)
    case 'l':
      return Math.min(lineEnd(place), caret + 1)
    case 'j':
      return lineEnd(place) === text.length ? caret : sameColumn(place, lineEnd(place) + 1)
    case 'k':
      return lineStart(place) === 0 ? caret : sameColumn(place, lineStart(at(text, lineStart(place) - 1)))
    case 'w':
      return caret + (/^(?:[\w$]+|[^\w$\s]+)?\s*/.exec(text.slice(caret))?.[0].length ?? 0)
    case 'b':
      return caret - (/(?:[\w$]+|[^\w$\s]+)?\s*$/.exec(text.slice(0, caret))?.[0].length ?? 0)
    case 'e':
      return caret + Math.max(1, /^.?\s*(?:[\w$]+|[^\w$\s]+)?/s.exec(text.slice(caret))?.[0].length ?? 1) - 1
    case '0':
      return lineStart(place)
    case '^':
      return firstWord(place)
    case '$':
      return lineEnd(place)
    case 'gg':
      return 0
    case 'G':
      return lineStart(at(text, text.length))
    default:
      return undefined
  }
}

/** What an operator works on: itself for whole lines, a motion, or what stands between two delimiters. */
function spanOf(operator: string, object: string, place: Place): Span | undefined {
  const { text, caret } = place
  if (object === operator)
    return { from: lineStart(place), to: Math.min(text.length, lineEnd(place) + 1), isLines: true }
  const [kind = '', delimiter = ''] = object
  if (delimiter !== '' && 'ia'.includes(kind)) return between(delimiter, kind === 'a', place)
  const target = motion(object, place)
  if (target === undefined) return undefined
  if ('jkG'.includes(object) || object === 'gg') {
    const [first, last] = [Math.min(caret, target), Math.max(caret, target)]
    const to = Math.min(text.length, lineEnd(at(text, last)) + 1)
    return { from: lineStart(at(text, first)), to, isLines: true }
  }
  // `e` stands on the last character, which belongs to it; `cw` leaves the blanks after the word.
  if (object === 'e') return { from: caret, to: target + 1, isLines: false }
  const to = operator === 'c' && object === 'w' ? caret + text.slice(caret, target).trimEnd().length : target
  return { from: Math.min(caret, to), to: Math.max(caret, to), isLines: false }
}

const PAIRS: Readonly<Record<string, string>> = {
  '(': '()',
  ')': '()',
  '[': '[]',
  ']': '[]',
  '{': '{}',
  '}': '{}',
  '<': '<>',
  '>': '<>',
}

function between(delimiter: string, isAround: boolean, place: Place): Span | undefined {
  const { text } = place
  const [open = '', close = ''] = PAIRS[delimiter] ?? ''
  const found = open === '' ? quoted(delimiter, place) : bracketed(open, close, place)
  if (!found) return undefined
  const [from, to] = found
  return isAround ? { from, to: Math.min(text.length, to + 1), isLines: false } : { from: from + 1, to, isLines: false }
}

/** The quotes of the caret's line around the caret, or the next ones. */
function quoted(quote: string, place: Place): [number, number] | undefined {
  const start = lineStart(place)
  const places = [...place.text.slice(start, lineEnd(place))].flatMap((each, index) =>
    each === quote ? [start + index] : [],
  )
  for (let index = 0; index + 1 < places.length; index += 2) {
    const [from = 0, to = 0] = places.slice(index)
    if (place.caret <= to) return [from, to]
  }
  return undefined
}

function bracketed(open: string, close: string, { text, caret }: Place): [number, number] | undefined {
  const walk = (start: number, step: 1 | -1, wanted: string, other: string) => {
    let depth = 0
    for (let index = start; index >= 0 && index < text.length; index += step) {
      if (text[index] === wanted && depth-- === 0) return index
      if (text[index] === other) depth++
    }
    return undefined
  }
  const from = text[caret] === open ? caret : walk(text[caret] === close ? caret - 1 : caret, -1, open, close)
  if (from === undefined) return undefined
  const to = walk(from + 1, 1, close, open)
  return to === undefined ? undefined : [from, to]
}

function at(text: string, caret: number): Place {
  return { text, caret }
}

/** The caret of normal mode stands on a character, not behind the last one of a line. */
function onCharacter(text: string, caret: number): Place {
  const place = at(text, Math.max(0, Math.min(caret, text.length)))
  const end = lineEnd(place)
  return place.caret === end && end > lineStart(place) ? at(text, end - 1) : place
}

/** @param caretIn of the caret in what is put in */
function withText(text: string, where: number, added: string, caretIn: number): Place {
  return at(text.slice(0, where) + added + text.slice(where), where + caretIn)
}

function withoutText(text: string, from: number, to: number): Place {
  return at(text.slice(0, from) + text.slice(to), from)
}

function lineStart({ text, caret }: Place): number {
  return caret === 0 ? 0 : text.lastIndexOf('\n', caret - 1) + 1
}

function lineEnd({ text, caret }: Place): number {
  const end = text.indexOf('\n', caret)
  return end < 0 ? text.length : end
}

/** Of the caret's line, behind its indentation. */
function firstWord(place: Place): number {
  const start = lineStart(place)
  return start + (/^[^\S\n]*/.exec(place.text.slice(start))?.[0].length ?? 0)
}

function sameColumn(place: Place, otherStart: number): number {
  const column = place.caret - lineStart(place)
  return Math.min(otherStart + column, lineEnd(at(place.text, otherStart)))
}
