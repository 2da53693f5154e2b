import { ESCAPE, textParts } from './source-text'

/** What must not leave the machine as it is written here. */
export interface Vocabulary {
  /** Names that the project makes: functions, types, variables, fields, files and folders. */
  names: ReadonlySet<string>
  /** Texts of strings and comments that are long enough to tell something. */
  literals: ReadonlySet<string>
  /** Import specifiers of what is not the project's, such as `node:fs`; they stay clear. */
  externals: ReadonlySet<string>
}

/** In `\x1b`, `\u{fe00}`, `0xff` and `1e100` letters and digits make a sign or a number. */
function isPartOfSign(before: string, word: string): boolean {
  return (
    (before.endsWith('\\') && /^(?:x[0-9a-f]{2}|u[0-9a-f]{4})/i.test(word)) ||
    (before.endsWith('\\u{') && /^[0-9a-f]+$/i.test(word)) ||
    (/(?:^|\W)0$/.test(before) && /^[xbo][0-9a-f_]+n?$/i.test(word)) ||
    (/[0-9]$/.test(before) && /^e[0-9]+$/i.test(word))
  )
}

/** Names of one or two letters tell nothing. */
const SHORTEST_NAME = 3
/** Shorter texts are found everywhere. */
const SHORTEST_LITERAL = 8
export const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/gu

/** Collects the vocabulary of a project: first every path, then every file. */
export class VocabularyBuilder {
  readonly #isKept: (name: string) => boolean
  /** Folders, modules and packages of the project itself: importing them is no import from outside. */
  readonly #own = new Set<string>()
  readonly #names = new Set<string>()
  readonly #imported = new Set<string>()
  readonly #externals = new Set<string>()
  readonly #literals = new Set<string>()

  /** @param isKept names that stay clear: keywords, standard libraries, what kode says itself */
  constructor(isKept: (name: string) => boolean) {
    this.#isKept = isKept
  }

  /** @param path relative to the project */
  addPath(path: string): void {
    for (const part of path.split('/')) {
      const stem = part.replace(/\.[a-z]{1,5}$/i, '')
      this.#own.add(stem)
      for (const [word] of stem.matchAll(WORD)) if (!USUAL_PATH_WORDS.has(word.toLowerCase())) this.#add(word)
    }
  }

  /** The name under which a manifest publishes the project. */
  addManifest(text: string): void {
    const name = /^module\s+(\S+)|"name"\s*:\s*"([^"]+)"|^\s*name\s*=\s*["']([^"']+)["']/m.exec(text)
    const found = name?.[1] ?? name?.[2] ?? name?.[3]
    if (found === undefined) return
    this.#own.add(found).add(found.replaceAll('-', '_'))
    for (const [word] of found.matchAll(WORD)) this.#add(word)
  }

  addCode(text: string): void {
    this.#addImports(text)
    for (const { kind, start, end } of textParts(text)) {
      if (kind === 'code') {
        this.#addNames(text, start, end)
        continue
      }
      const inside = text.slice(start, end)
      this.#addLiteral(inside)
      // What a string takes in is code again.
      for (const { index, 0: braces } of inside.matchAll(/\{[^{}\n]*\}/g)) {
        if (kind === 'string') this.#addNames(text, start + index, start + index + braces.length)
      }
    }
  }

  build(): Vocabulary {
    const names = new Set([...this.#names].filter(name => !this.#imported.has(name)))
    const isSaid = (word: string) => word.length >= SHORTEST_NAME && !this.#isKept(word) && !names.has(word)
    // Words that everybody uses tell nothing, and names are hidden wherever they stand.
    const literals = new Set(
      [...this.#literals].filter(literal => !this.#externals.has(literal) && plainWords(literal).some(isSaid)),
    )
    return { names, literals, externals: this.#externals }
  }

  /** A name that is only ever used after a dot, and never made here, belongs to somebody's library. */
  #addNames(text: string, start: number, end: number): void {
    for (const match of text.slice(start, end).matchAll(WORD)) {
      const at = start + match.index
      const before = text.slice(Math.max(0, at - 3), at)
      if (isPartOfSign(before, match[0])) continue
      const isMember = /(?:^|[^.])\.$|::$|->$/.test(before)
      if (!isMember || isOwnMember(text, at, match[0])) this.#add(match[0])
    }
  }

  #add(word: string): void {
    if (word.length >= SHORTEST_NAME && /\p{L}/u.test(word) && !this.#isKept(word)) this.#names.add(word)
  }

  #addLiteral(text: string): void {
    for (const line of text.split('\n')) {
      const plain = line.replace(/^[\s*#/!]+|\s+$/g, '')
      if (plain.length >= SHORTEST_LITERAL) this.#literals.add(plain)
    }
  }

  #addImports(text: string): void {
    for (const pattern of IMPORTS) {
      for (const { groups } of text.matchAll(pattern)) this.#addImport(groups?.from ?? '', groups?.names ?? '')
    }
    for (const block of text.matchAll(/^import\s*\(([^)]*)\)/gm)) {
      for (const line of (block[1] ?? '').matchAll(/^\s*([\w.]*)\s*"([^"]+)"/gm))
        this.#addImport(line[2] ?? '', line[1] ?? '')
    }
  }

  #addImport(from: string, names: string): void {
    if (from === '' || /^[./@~#]\/|^[.#]|^(?:crate|self|super)\b/.test(from)) return
    const isOwn = [...this.#own].some(
      own => own !== '' && (from === own || from.startsWith(`${own}/`) || from.startsWith(`${own}.`)),
    )
    if (isOwn || (/^\w+$/.test(from) && this.#own.has(from))) return
    this.#externals.add(from)
    for (const [word] of `${from} ${names}`.matchAll(WORD)) this.#imported.add(word)
  }
}

function plainWords(literal: string): string[] {
  return literal.replaceAll(ESCAPE, ' ').match(WORD) ?? []
}

/** `self.total`, `this.total`, and what is given a value after its dot. */
function isOwnMember(text: string, at: number, word: string): boolean {
  if (/\b(?:self|this|cls|super)\??\.$/.test(text.slice(Math.max(0, at - 8), at))) return true
  return /^\s*:?=(?!=)/.test(text.slice(at + word.length, at + word.length + 4))
}

/** What comes from outside, and under which names. */
const IMPORTS: readonly RegExp[] = [
  /\bimport\s+(?<names>[^'";]{0,2000}?)\s*from\s*['"](?<from>[^'"\n]+)['"]/g,
  /\b(?:const|let|var)\s+(?<names>[^=;\n]{1,300}?)\s*=\s*require\(\s*['"](?<from>[^'"\n]+)['"]\)/g,
  /^\s*from\s+(?<from>[a-zA-Z_][\w.]*)\s+import\s+(?<names>\([^)]*\)|[^\n#]*)/gm,
  /^\s*import\s+(?<from>[a-zA-Z_][\w.]*)(?<names>(?:\s+as\s+\w+)?)\s*$/gm,
  /^\s*(?:pub\s+)?use\s+(?<from>[a-z_]\w*)(?<names>::[^;]*);/gm,
  /^import\s+(?<names>[\w.]*)\s*"(?<from>[^"\n]+)"\s*$/gm,
]

const USUAL_PATH_WORDS = new Set(
  `src lib app cmd pkg internal test tests spec specs docs doc bin build dist index main mod init setup config scripts
script tools util utils helper helpers types common shared core api cli server client public assets static styles examples
example readme license changelog package lock json node github workflows`.split(/\s+/),
)
