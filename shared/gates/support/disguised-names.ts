import type { Problem } from '#shared/languages/language'
import { SCRIPT } from './danger-rule'

/**
 * Names that say to the language what they do not say to people, such as `ev\u0061l` in JavaScript and `𝐞𝐯𝐚𝐥` in Python.
 *
 * @param codeOf what of the text runs; asked only where such names may be
 */
export async function findDisguisedNames(
  text: string,
  languageId: string,
  codeOf: () => Promise<string>,
): Promise<Problem[]> {
  const way = WAYS.find(({ languages }) => languages.includes(languageId))
  if (!way?.mayBe.test(text)) return []
  const problems: Problem[] = []
  for (const { 0: word, index } of (await codeOf()).matchAll(way.name)) {
    const meant = way.meaningOf(word)
    if (meant === word || !/^[\w$]+$/.test(meant)) continue
    problems.push({
      kind: 'disguised-name',
      certainty: 'certain',
      key: `disguised-name ${meant}`,
      start: index,
      end: index + word.length,
      message: `this name is \`${meant}\`, written so that nobody reads it`,
      suggestion: `write \`${meant}\``,
    })
  }
  return problems
}

const WAYS: readonly {
  languages: readonly string[]
  mayBe: RegExp
  name: RegExp
  meaningOf(name: string): string
}[] = [
  {
    languages: SCRIPT,
    mayBe: /\\u/,
    name: /(?:[\p{L}\p{N}_$]|\\u(?:\{[0-9a-fA-F]{1,6}\}|[0-9a-fA-F]{4}))+/gu,
    // ECMA-262, 12.7: an escape in a name means its character.
    meaningOf: name =>
      name.replace(/\\u\{?([0-9a-fA-F]+)\}?/g, (sign, digits: string) => {
        const code = Number.parseInt(digits, 16)
        return code <= 0x10ffff ? String.fromCodePoint(code) : sign
      }),
  },
  {
    languages: ['python'],
    mayBe: /[^\0-\x7f]/,
    name: /[\p{L}\p{N}\p{M}_]+/gu,
    // The Python Language Reference, 2.3: names are compared in their form NFKC.
    meaningOf: name => name.normalize('NFKC'),
  },
]
