/** Words of a text as the search knows them: lower case, without accents, in the order of the text. */
export function wordsOf(text: string): string[] {
  return plainText(text)
    .split(' ')
    .filter(word => word !== '')
    .map(word => word.slice(0, LONGEST_WORD))
}

/** A text as `WordTable` takes it: also found by each pair of neighbours in a script without blanks. */
export function indexedText(text: string): string {
  if (ASCII.test(text)) return text
  const words = wordsOf(text)
  return [...words, ...unspacedPairs(words)].join(' ')
}

function plainText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase().replace(/[^a-z0-9]+/g, ' ')
  const plain = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .normalize('NFC')
  return plain.replace(UNSPACED, ' $& ').replace(/[^\p{L}\p{N}]+/gu, ' ')
}

/** One part of a query: words that stand side by side. */
export interface Term {
  words: string[]
  /** The last word may go on. */
  isPrefix: boolean
}

/** All of a query's terms have to be found: each word from its beginning, `"several words"` as they stand. */
export function termsOf(query: string): Term[] {
  return [...query.matchAll(/"([^"]+)"|([^\s"]+)/g)]
    .map(([, phrase, word]) => ({ words: wordsOf(phrase ?? word ?? ''), isPrefix: phrase === undefined }))
    .filter(term => term.words.length > 0)
}

/** The indexed words that every text with the term holds, or beginnings of such. */
export function indexedWordsOf({ words, isPrefix }: Term): { word: string; isPrefix: boolean }[] {
  const last = words.length - 1
  return [
    ...unspacedPairs(words).map(word => ({ word, isPrefix: false })),
    ...words.map((word, index) => ({ word, isPrefix: isPrefix && index === last })),
  ]
}

/** Whether the words of a text hold those of a term side by side. */
export function holdsTerm(words: readonly string[], term: Term): boolean {
  const [first = '', ...others] = term.words
  const last = others.length - 1
  const fits = (word: string | undefined, wanted: string, isLast: boolean) =>
    isLast && term.isPrefix ? word?.startsWith(wanted) : word === wanted
  return words.some(
    (word, place) =>
      fits(word, first, others.length === 0) &&
      others.every((other, index) => fits(words[place + 1 + index], other, index === last)),
  )
}

function unspacedPairs(words: readonly string[]): string[] {
  return words.flatMap((word, place) => {
    const next = words[place + 1]
    return next !== undefined && isUnspaced(word) && isUnspaced(next) ? [word + next] : []
  })
}

function isUnspaced(word: string): boolean {
  return word.length === 1 && word >= '\u3040' && word.match(UNSPACED) !== null
}

const ASCII = /^[\x00-\x7f]*$/

/** Scripts written without blanks: each character counts as a word, and a query for several is one for the phrase. */
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/g

/** Characters; hashes and encoded bytes are found by so many of them. */
export const LONGEST_WORD = 40
