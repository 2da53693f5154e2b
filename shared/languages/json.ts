import type { Judgement, Language, Problem, SourceFile } from './language'
import { unparsable } from './support/source-limits'
import { isTemplate, syntaxProblem, unknown, VALID } from './support/syntax-verdict'

/** JSON, and JSON with comments where the file's readers take them. */
export const json: Language = { id: 'json', name: 'JSON', checkSyntax }

/** Their readers refuse comments and trailing commas. */
const STRICT = /(?:^|\/)(?:package|package-lock|composer|bower|lerna|manifest|npm-shrinkwrap)\.json$/
/** Their readers take comments and trailing commas. */
const RELAXED =
  /\.(?:jsonc|code-workspace|code-snippets)$|(?:^|\/)(?:\.vscode|\.devcontainer|\.zed)\/|(?:^|\/)(?:[jt]sconfig[^/]*|biome|deno|turbo|nx|devcontainer|api-extractor|renovate|wrangler|language-configuration|\.[a-z]+rc)(?:\.json)?$/

async function checkSyntax({ path, text }: SourceFile): Promise<Judgement> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  if (text.trim() === '') {
    if (RELAXED.test(path)) return VALID
    return { kind: 'judged', problems: [syntaxProblem('An empty file is not JSON', 0, text.length, 'likely')] }
  }
  const { printParseErrorCode, visit } = await import('jsonc-parser')
  const isRelaxed = RELAXED.test(path)
  const problems: Problem[] = []
  const dialect: Problem[] = []
  const visitText = (found: Problem[], allowTrailingComma: boolean) => {
    const certainty = isTemplate(text) ? 'likely' : 'certain'
    visit(
      text,
      {
        onComment: (start, length) => {
          if (!isRelaxed) dialect.push(syntaxProblem('JSON has no comments', start, start + length))
        },
        onError: (code, start, length) => {
          const message = allowTrailingComma ? inWords(printParseErrorCode(code)) : 'JSON has no trailing commas'
          found.push(syntaxProblem(message, start, start + length, certainty))
        },
      },
      { allowTrailingComma, disallowComments: false },
    )
  }
  try {
    visitText(problems, true)
    if (!isRelaxed && problems.length === 0) visitText(dialect, false)
  } catch (error) {
    if (error instanceof RangeError) return unknown('nested too deeply to parse')
    throw error
  }
  // One slip makes the parser stumble over everything after it, so the first says enough.
  const [first] = [
    ...problems,
    ...dialect.map(each => ({ ...each, certainty: STRICT.test(path) ? 'certain' : 'likely' }) as const),
  ]
  return first ? { kind: 'judged', problems: [first] } : VALID
}

/** `PropertyNameExpected` becomes "Property name expected". */
function inWords(code: string): string {
  const words = code.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  )
  return words.charAt(0).toUpperCase() + words.slice(1)
}
