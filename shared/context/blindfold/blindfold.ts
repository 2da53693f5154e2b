import { createHmac, randomBytes } from 'node:crypto'
import { ESCAPE, textParts } from './source-text'
import type { Vocabulary } from './vocabulary'

/** `identifiers`: names and paths; `strict`: also what comments and strings say. */
export type BlindfoldMode = 'identifiers' | 'strict'

/** As `T_k3f9x2`: a kind by its case, and six characters that are different for every word and session. */
const ALIAS = /[TKv]_[0-9a-z]{6}/g
/** A word, with the backslash before it. */
const ESCAPED_WORD = /\\?[\p{L}_$][\p{L}\p{N}_$]*/gu
/** What a comment or string says: words and longer numbers; with them signs written with a backslash, and placeholders. */
const SAID =
  /\\(?:u\{[0-9a-fA-F]{1,6}\}|[\p{L}_$][\p{L}\p{N}_$]*|.)|%[-+#0-9.]*[a-z]\b|[\p{L}_$][\p{L}\p{N}_$]*|\p{N}{4,}/gu
const ALIAS_START = /[TKv](?:_[0-9a-z]{0,5})?$/
/** Parts of a name that its language or test runner reads, and the name inside; a `$` behind it ends a line of `cat -A` or a pattern. */
const NAME_PARTS = /^([_$]*(?:(?:Test|Benchmark|Example|Fuzz)(?=[\p{Lu}_])|test_)?[_$]*)(.*?)((?:_test)?\$*)$/u

/**
 * Replaces the project's own words by aliases and back. A word has one alias for the whole session, and only words change:
 * every sign around them stays, so what a model quotes or sends comes back exactly.
 */
export class Blindfold {
  readonly #mode: BlindfoldMode
  readonly #key = randomBytes(32)
  readonly #names = new Set<string>()
  readonly #externals = new Set<string>()
  readonly #literals = new Set<string>()
  readonly #literalsByStart = new Map<string, string[]>()
  readonly #aliases = new Map<string, string>()
  readonly #words = new Map<string, string>()
  /** Words that the model has read or written as they are. */
  readonly #told = new Set<string>()
  #learnt: Vocabulary | undefined

  constructor(mode: BlindfoldMode) {
    this.#mode = mode
  }

  /**
   * Hides these words from now on, beside those it hides already. A word that the model has read or written before it was
   * one of the project's cannot be hidden from it any more, and stays.
   */
  learn(vocabulary: Vocabulary): void {
    if (vocabulary === this.#learnt) return
    this.#learnt = vocabulary
    for (const name of vocabulary.names) if (!this.#told.has(name)) this.#names.add(name)
    for (const external of vocabulary.externals) this.#externals.add(external)
    if (this.#mode === 'identifiers') return
    for (const literal of vocabulary.literals) if (!this.#literals.has(literal)) this.#learnLiteral(literal)
  }

  #learnLiteral(literal: string): void {
    if ([...wordsOf(literal)].every(word => this.#told.has(word))) return
    this.#literals.add(literal)
    const start = literal.slice(0, LITERAL_START)
    const known = this.#literalsByStart.get(start)
    if (known) known.push(literal)
    else this.#literalsByStart.set(start, [literal])
  }

  /** Notes what the model reads, as it leaves, or wrote, as it came. */
  tell(text: string): void {
    for (const word of wordsOf(text)) this.#told.add(word)
  }

  /** How many words have an alias so far. */
  get size(): number {
    return this.#aliases.size
  }

  /** Text of people: names, and known comments and strings where it quotes them. */
  maskProse(text: string): string {
    return this.#replaceRanges(text, this.#quotations(text))
  }

  /** Code, or output of tools: names, and with `strict` everything inside comments and strings. */
  maskCode(text: string): string {
    if (this.#mode === 'identifiers') return this.#maskNames(text)
    const said = textParts(text).filter(
      ({ kind, start, end }) => kind !== 'code' && !this.#externals.has(text.slice(start, end)),
    )
    // What was cut differently here than in its own file is found by what it says.
    return this.#replaceRanges(text, merged([...said, ...this.#quotations(text)]))
  }

  unmask(text: string): string {
    return text.replace(ALIAS, alias => this.#words.get(alias) ?? alias)
  }

  /** For a text that comes in pieces: holds back what may be the beginning of an alias. */
  unmaskStream(): { take(piece: string): string; end(): string } {
    let held = ''
    return {
      take: piece => {
        // Whole aliases first: the last letter of one may look like the beginning of the next.
        const text = this.unmask(held + piece)
        const cut = ALIAS_START.exec(text)?.index ?? text.length
        held = text.slice(cut)
        return text.slice(0, cut)
      },
      end: () => {
        const rest = this.unmask(held)
        held = ''
        return rest
      },
    }
  }

  /** What of the project can be read in a text that is about to leave; empty when nothing can. */
  leaks(text: string): string[] {
    const found = new Set<string>()
    for (const word of wordsOf(text)) if (this.#names.has(word) && !this.#words.has(word)) found.add(word)
    for (const word of this.#clearQuotations(text)) found.add(word)
    return [...found]
  }

  #maskNames(text: string): string {
    return text.replace(ESCAPED_WORD, found => {
      if (!found.startsWith('\\')) return this.#maskName(found)
      // `\total` is a folder and a name, or a tab and a name.
      const whole = this.#maskName(found.slice(1))
      return whole === found.slice(1) ? found.slice(0, 2) + this.#maskName(found.slice(2)) : `\\${whole}`
    })
  }

  #maskName(word: string): string {
    if (this.#words.has(word)) return word
    const [, before = '', core = '', after = ''] = NAME_PARTS.exec(word) ?? []
    if (![word, core, withoutDollars(word)].some(name => this.#names.has(name))) return word
    return core === '' ? this.#aliasOf(word) : before + this.#aliasOf(core) + after
  }

  /** Every word of two letters or more; signs written with a backslash and placeholders stay. */
  #maskWords(text: string): string {
    return text.replace(SAID, word => {
      if (word.startsWith('\\')) return this.#maskEscaped(word)
      return word.startsWith('%') || word.length < 2 || this.#words.has(word) ? word : this.#aliasOf(word)
    })
  }

  /** `\ntotal`: the sign stays, the word does not; the four digits of `\ufeed` may be a name. */
  #maskEscaped(found: string): string {
    const named = this.#maskNames(found)
    if (named !== found) return named
    const sign = found.match(ESCAPE)?.[0] ?? '\\'
    return sign + this.#maskWords(found.slice(sign.length))
  }

  #aliasOf(word: string): string {
    const known = this.#aliases.get(word)
    if (known !== undefined) return known
    const shape = /^\p{Lu}/u.test(word) ? (/\p{Ll}/u.test(word) || word.length === 1 ? 'T' : 'K') : 'v'
    for (let salt = 0; ; salt++) {
      const digest = createHmac('sha256', this.#key).update(`${salt}:${word}`).digest()
      const number = digest.readUIntBE(0, 6) % 36 ** 6
      const alias = `${shape}_${number.toString(36).padStart(6, '0')}`
      if (this.#words.has(alias) || this.#names.has(alias)) continue
      this.#aliases.set(word, alias)
      this.#words.set(alias, word)
      return alias
    }
  }

  /** Where a text says what a comment or a string of the project says. */
  #quotations(text: string): Range[] {
    if (this.#literalsByStart.size === 0) return []
    const found: Range[] = []
    for (let at = 0; at + LITERAL_START <= text.length; at++) {
      const candidates = this.#literalsByStart.get(text.slice(at, at + LITERAL_START))
      const longest = candidates
        ?.filter(literal => text.startsWith(literal, at))
        .reduce((best, literal) => Math.max(best, literal.length), 0)
      if (!longest) continue
      // A name that it begins or ends in the middle of is no name any more when it is cut there.
      let [start, end] = [at, at + longest]
      while (isInWord(text, start)) start--
      while (isInWord(text, end)) end++
      found.push({ start, end })
      at = end - 1
    }
    return found
  }

  /** Words that can be read of quotations in a masked text; others of the same quotation may have aliases. */
  *#clearQuotations(masked: string): Iterable<string> {
    if (this.#literalsByStart.size === 0) return
    const hidden: Range[] = []
    let restored = ''
    let at = 0
    for (const { 0: alias, index } of masked.matchAll(ALIAS)) {
      const word = this.#words.get(alias)
      if (word === undefined) continue
      restored += masked.slice(at, index) + word
      hidden.push({ start: restored.length - word.length, end: restored.length })
      at = index + alias.length
    }
    restored += masked.slice(at)
    let next = 0
    for (const { start, end } of this.#quotations(restored)) {
      const from = restored[start - 1] === '\\' ? start - 1 : start
      for (const { 0: word, index } of restored.slice(from, end).matchAll(SAID)) {
        while ((hidden[next]?.end ?? Infinity) <= from + index) next++
        const isHidden = (hidden[next]?.start ?? Infinity) < from + index + word.length
        if (!isHidden && this.#maskWords(word) !== word) yield word
      }
    }
  }

  #replaceRanges(text: string, ranges: readonly Range[]): string {
    let masked = ''
    let at = 0
    for (const { start, end } of ranges) {
      masked += this.#maskNames(text.slice(at, start)) + this.#maskWords(text.slice(start, end))
      at = end
    }
    return masked + this.#maskNames(text.slice(at))
  }
}

const LITERAL_START = 8

/** Of a text; half-open. */
interface Range {
  start: number
  end: number
}

/** The same stretches in order, none touching another. */
function merged(ranges: readonly Range[]): Range[] {
  const found: Range[] = []
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else found.push({ start, end })
  }
  return found
}

/** Whether a word goes on at this place. */
function isInWord(text: string, at: number): boolean {
  return at > 0 && WORD_SIGN.test(text[at - 1] ?? '') && WORD_SIGN.test(text[at] ?? '')
}
const WORD_SIGN = /[\p{L}\p{N}_$]/u

function withoutDollars(word: string): string {
  return word.replace(/^\$+|\$+$/g, '')
}

/** A word after a backslash may begin with the backslash's letter, or behind it; a `$` around it may not be part of it. */
function* wordsOf(text: string): Iterable<string> {
  for (const [found] of text.matchAll(ESCAPED_WORD)) {
    const words = found.startsWith('\\') ? [found.slice(1), found.slice(2)] : [found]
    yield* words
    for (const word of words) if (word.includes('$')) yield withoutDollars(word)
  }
}
