import type { SourceFile } from '#shared/languages/language'
import type { Languages } from '#shared/languages/registry'
import { blank } from '#shared/languages/support/blank'

/** How a language writes comments and strings. */
interface Lexis {
  /** Alternatives in order of precedence. */
  token: RegExp
  /** A string with code in it, and in its group the code; without a group, what only looks like some. */
  holes?: { of: RegExp; code: RegExp }
}

const LEXES: Record<string, Lexis> = {
  python: {
    token:
      /#[^\n\r]*|(?:\b[rbuft]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/gi,
    holes: { of: /^(?:f|t|rf|fr|rt|tr)['"]/i, code: /\{\{|\{((?:[^{}]|\{[^{}]*\})*)\}/g },
  },
  go: { token: /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.[^']*)'/g },
  rust: {
    token: /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\b(?:b|c)?r(#*)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\\n]|\\.[^']*)'/g,
  },
  javascript: {
    token:
      /\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`|(?<=(?:^|[=(,:;[!&|?{}]|return|typeof)\s*)\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g,
    holes: { of: /^`/, code: /\\[\s\S]|\$\{((?:[^{}]|\{[^{}]*\})*)\}/g },
  },
}
LEXES.typescript = LEXES.javascript!

/** What of a file runs, see `Language.codeOf`; by the signs of its language where no parser tells. */
export async function codeOf(source: SourceFile, languages: Languages): Promise<string> {
  const language = await languages.languageOf(source.path)
  const code = await language?.codeOf?.(source)
  return typeof code === 'string' ? code : maskCode(source.text, language?.id ?? '')
}

/**
 * The text with the inside of comments and strings blanked, every offset kept, so that a pattern cannot match what does not run.
 * What a template or an f-string computes does run.
 *
 * @returns the text itself for languages it does not know
 */
export function maskCode(text: string, languageId: string): string {
  const lexis = LEXES[languageId]
  if (!lexis) return text
  return text.replace(lexis.token, token => {
    const body = token.slice(1)
    return token[0] + (lexis.holes?.of.test(token) ? blankButCode(body, lexis.holes.code, languageId) : blank(body))
  })
}

/** A string without its text, but with the code in it. */
function blankButCode(body: string, code: RegExp, languageId: string): string {
  let shown = ''
  let at = 0
  for (const hole of body.matchAll(code)) {
    if (hole[1] === undefined) continue
    const end = hole.index + hole[0].length - 1
    shown += blank(body.slice(at, end - hole[1].length)) + maskCode(hole[1], languageId)
    at = end
  }
  return shown + blank(body.slice(at))
}
