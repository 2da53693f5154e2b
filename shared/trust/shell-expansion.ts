import { type Arg, UNKNOWN } from './commands/command'
import type { ShellScope } from './shell-scope'
import type { Piece, Script, Word } from './shell-syntax'

/** Runs a substitution for its effects; its output where that is certain. */
export type Substitute = (script: Script) => string | undefined

const MAX_WORDS = 64

/** What the shell makes of a word: none, one or several arguments. */
export function expandWord(word: Word, scope: ShellScope, substitute: Substitute): Arg[] {
  const alternatives = expandBraces(word.pieces)
  if (alternatives.length > MAX_WORDS) {
    return [{ text: UNKNOWN, source: word.text, mayBeSeveral: true, isSubstituted: false }]
  }
  return alternatives.flatMap(pieces => expandPieces(pieces, word.text, scope, substitute))
}

/** The value of an assignment: one text, nothing is split. */
export function expandValue(words: readonly Word[], scope: ShellScope, substitute: Substitute): Arg {
  const texts = words.map(word => {
    const quoted = word.pieces.map(asQuoted)
    return expandPieces(quoted, word.text, scope, substitute)[0]
  })
  return {
    text: texts.map(arg => arg?.text ?? '').join(' '),
    source: words.map(word => word.text).join(' '),
    mayBeSeveral: false,
    isSubstituted: texts.some(arg => arg?.isSubstituted),
  }
}

/** Inside an assignment nothing splits, yet a leading tilde still means home. */
function asQuoted(piece: Piece): Piece {
  if (piece.kind === 'variable' || piece.kind === 'command') return { ...piece, isQuoted: true }
  return piece
}

function expandPieces(pieces: readonly Piece[], source: string, scope: ShellScope, substitute: Substitute): Arg[] {
  const args: Arg[] = []
  let current: Arg | undefined
  const open = (): Arg => {
    current ??= { text: '', source, mayBeSeveral: false, isSubstituted: false }
    return current
  }
  const addUnquoted = (text: string): void => {
    if (!scope.splitsAsUsual && text !== '') {
      open().text += UNKNOWN
      open().mayBeSeveral = true
      return
    }
    for (const part of text.split(/([ \t\n]+)/)) {
      if (part === '') continue
      if (/^[ \t\n]/.test(part)) {
        if (current) args.push(current)
        current = undefined
        continue
      }
      open().text += part
      if (part.includes(UNKNOWN) || /[*?[]/.test(part)) open().mayBeSeveral = true
    }
  }
  pieces.forEach((piece, index) => {
    switch (piece.kind) {
      case 'text':
        if (piece.isQuoted) open().text += piece.text
        else {
          open().text += index === 0 ? expandTilde(piece.text, scope) : piece.text
          if (/[*?[]/.test(piece.text)) open().mayBeSeveral = true
        }
        break
      case 'variable': {
        const value = variableValue(piece, scope, substitute)
        if (!piece.isQuoted) addUnquoted(value)
        else {
          open().text += value
          if (/^[@*]$/.test(piece.name) || piece.operator.includes('[')) open().mayBeSeveral = true
        }
        break
      }
      case 'command': {
        const output = substitute(piece.script) ?? UNKNOWN
        const before = args.length
        if (piece.isQuoted) open().text += output
        else addUnquoted(output)
        for (const arg of [...args.slice(before), ...(current ? [current] : [])]) arg.isSubstituted = true
        break
      }
      case 'process':
        substitute(piece.script)
        open().text += '/dev/fd/63'
        break
      case 'arithmetic':
        expandPieces(piece.pieces, source, scope, substitute)
        open().text += UNKNOWN
        break
    }
  })
  if (current) args.push(current)
  return args
}

function expandTilde(text: string, scope: ShellScope): string {
  if (text === '~' || text.startsWith('~/')) return (scope.variable('HOME') ?? UNKNOWN) + text.slice(1)
  return text
}

/** The value of `$x` or `${x…}`, with {@link UNKNOWN} for what cannot be told. */
function variableValue(piece: Extract<Piece, { kind: 'variable' }>, scope: ShellScope, substitute: Substitute): string {
  const { name, operator } = piece
  const operand = expandPieces(piece.operand.map(asQuoted), '', scope, substitute)
    .map(arg => arg.text)
    .join(' ')
  const value = scope.variable(name)
  switch (operator) {
    case '':
      return value ?? UNKNOWN
    case ':-':
    case '-':
      return value === undefined || value === '' ? operand : value
    case ':=':
    case '=': {
      const assigned = value === undefined || value === '' ? operand : value
      scope.set(name, assigned)
      return assigned
    }
    case ':+':
    case '+':
      return value === undefined || value.includes(UNKNOWN) ? UNKNOWN : value === '' ? '' : operand
    case ':?':
    case '?':
      return value ?? UNKNOWN
  }
  if (value === undefined || value.includes(UNKNOWN) || operand.includes(UNKNOWN)) return UNKNOWN
  return cutValue(value, operator, operand)
}

/** `${x:1:2}`, `${x#a}`, `${x%a}`, `${x/a/b}` and the letter cases, for plain text only. */
function cutValue(value: string, operator: string, operand: string): string {
  if (operator === ':') {
    const [from, length] = operand.split(':').map(text => Number(text.trim()))
    if (from === undefined || !Number.isInteger(from)) return UNKNOWN
    if (length === undefined) return value.slice(from)
    return Number.isInteger(length) && length >= 0 && from >= 0 ? value.slice(from, from + length) : UNKNOWN
  }
  if (operator === '^^') return value.toUpperCase()
  if (operator === ',,') return value.toLowerCase()
  if (/[*?[\\]/.test(operand)) return UNKNOWN
  if (operator === '#' || operator === '##') return value.startsWith(operand) ? value.slice(operand.length) : value
  if (operator === '%' || operator === '%%') {
    return value.endsWith(operand) ? value.slice(0, value.length - operand.length) : value
  }
  if (operator === '/' || operator === '//') {
    const slash = operand.indexOf('/')
    const from = slash < 0 ? operand : operand.slice(0, slash)
    const to = slash < 0 ? '' : operand.slice(slash + 1)
    if (from === '') return UNKNOWN
    return operator === '//' ? value.replaceAll(from, () => to) : value.replace(from, () => to)
  }
  return UNKNOWN
}

/** `a{b,c}d` and `a{1..3}d`, as bash does; at most a little more than {@link MAX_WORDS}. */
function expandBraces(pieces: readonly Piece[]): Piece[][] {
  if (!pieces.some(piece => piece.kind === 'text' && !piece.isQuoted && piece.text.includes('{'))) return [[...pieces]]
  const tokens = pieces.flatMap<string | Piece>(piece =>
    piece.kind === 'text' && !piece.isQuoted ? [...piece.text] : [piece],
  )
  return expandTokens(tokens, 0).map(joinTokens)
}

function expandTokens(tokens: readonly (string | Piece)[], depth: number): (string | Piece)[][] {
  if (depth > MAX_WORDS) return Array.from({ length: MAX_WORDS + 1 }, () => [...tokens])
  for (let start = 0; start < tokens.length; start++) {
    if (tokens[start] !== '{') continue
    const choices = choicesAt(tokens, start)
    if (!choices) continue
    const before = tokens.slice(0, start)
    const results: (string | Piece)[][] = []
    for (const choice of choices.list) {
      if (results.length > MAX_WORDS) break
      for (const inner of expandTokens([...choice, ...tokens.slice(choices.end + 1)], depth + 1)) {
        results.push([...before, ...inner])
      }
    }
    return results
  }
  return [[...tokens]]
}

function choicesAt(
  tokens: readonly (string | Piece)[],
  start: number,
): { list: (string | Piece)[][]; end: number } | undefined {
  const list: (string | Piece)[][] = [[]]
  let depth = 0
  for (let at = start + 1; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined) break
    if (token === '}' && depth === 0) {
      if (list.length > 1) return { list, end: at }
      const range = rangeOf(joinTokens(list[0] ?? []))
      return range ? { list: range, end: at } : undefined
    }
    if (token === '{') depth++
    if (token === '}') depth--
    if (token === ',' && depth === 0) list.push([])
    else list.at(-1)?.push(token)
  }
  return undefined
}

function rangeOf(pieces: readonly Piece[]): (string | Piece)[][] | undefined {
  const [only] = pieces
  if (pieces.length !== 1 || only?.kind !== 'text') return undefined
  const numbers = /^(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.-?\d+)?$/.exec(only.text)
  if (numbers) {
    const [from, to] = [Number(numbers[1]), Number(numbers[2])]
    const count = Math.min(Math.abs(to - from) + 1, MAX_WORDS + 1)
    return Array.from({ length: count }, (_, index) => [String(from + Math.sign(to - from) * index)])
  }
  const letters = /^([A-Za-z])\.\.([A-Za-z])$/.exec(only.text)
  if (!letters) return undefined
  const [from, to] = [letters[1]?.charCodeAt(0) ?? 0, letters[2]?.charCodeAt(0) ?? 0]
  const count = Math.abs(to - from) + 1
  return Array.from({ length: count }, (_, index) => [String.fromCharCode(from + Math.sign(to - from) * index)])
}

function joinTokens(tokens: readonly (string | Piece)[]): Piece[] {
  const pieces: Piece[] = []
  for (const token of tokens) {
    if (typeof token !== 'string') {
      pieces.push(token)
      continue
    }
    const last = pieces.at(-1)
    if (last?.kind === 'text' && !last.isQuoted) pieces[pieces.length - 1] = { ...last, text: last.text + token }
    else pieces.push({ kind: 'text', text: token, isQuoted: false })
  }
  return pieces
}
