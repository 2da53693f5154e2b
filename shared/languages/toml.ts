import type { Judgement, Language, SourceFile } from './language'
import { unparsable } from './support/source-limits'
import { invalid, isTemplate, unknown, VALID } from './support/syntax-verdict'

/** TOML 1.0. */
export const toml: Language = { id: 'toml', name: 'TOML', checkSyntax: checkToml }

export async function checkToml({ text }: SourceFile): Promise<Judgement> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  const { parse, TomlError } = await import('smol-toml')
  try {
    parse(text, { integersAsBigInt: 'asNeeded', maxDepth: 200 })
    return VALID
  } catch (error) {
    if (!(error instanceof TomlError) || /excessively nested/.test(error.message))
      return unknown('nested too deeply to parse')
    if (isTemplate(text)) return unknown('it looks like a template that is filled in first')
    const start = offsetOf(text, error.line, error.column)
    return invalid(error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, ''), start, start)
  }
}

function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n').slice(0, line - 1)
  return Math.min(text.length, lines.reduce((sum, each) => sum + each.length + 1, 0) + Math.max(0, column - 1))
}
