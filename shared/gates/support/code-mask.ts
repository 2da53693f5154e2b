/** How a language writes comments and strings. */
interface Lexis {
  /** Alternatives in order of precedence; group `keep` is left as it is. */
  token: RegExp
}

const LEXES: Record<string, Lexis> = {
  python: {
    token:
      /#[^\n]*|(?:\b[rbuft]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/gi,
  },
  go: { token: /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.[^']*)'/g },
  rust: {
    token: /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\b(?:b|c)?r(#*)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\\n]|\\.[^']*)'/g,
  },
  javascript: {
    token:
      /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`|(?<=(?:^|[=(,:;[!&|?{}]|return|typeof)\s*)\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g,
  },
}
LEXES.typescript = LEXES.javascript!

/**
 * The text with the inside of comments and strings blanked, every offset kept, so that a pattern cannot match what does not run.
 *
 * @returns the text itself for languages it does not know
 */
export function maskCode(text: string, languageId: string): string {
  const lexis = LEXES[languageId]
  if (!lexis) return text
  return text.replace(lexis.token, token => token[0] + token.slice(1).replace(/[^\n]/g, ' '))
}
