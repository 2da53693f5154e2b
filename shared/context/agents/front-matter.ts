import { fail, ok, type Result } from '#shared/base/result'

/** A Markdown file with YAML between `---` lines at its top. */
export interface FrontMatter {
  fields: Record<string, unknown>
  /** What follows, trimmed. */
  body: string
}

/** Reads a file with front matter; `allowed-tools` and `allowed_tools` are the same field. An error is one line for people. */
export async function readFrontMatter(text: string): Promise<Result<FrontMatter, string>> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---')
  if (lines[0]?.trimEnd() !== '---' || end < 0) return fail('does not begin with YAML between two lines of ---')
  const { parseAllDocuments } = await import('yaml')
  const [document] = parseAllDocuments(lines.slice(1, end).join('\n'))
  if (!document || !('errors' in document)) return fail('its YAML names no fields')
  const [problem] = document.errors
  if (problem) return fail(`its YAML cannot be read: ${problem.message.split('\n')[0]}`)
  // An alias that unfolds into millions of nodes is an attack, not a description.
  const value: unknown = document.toJS({ maxAliasCount: 20 })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('its YAML names no fields')
  const fields = Object.fromEntries(Object.entries(value).map(([key, each]) => [key.replaceAll('-', '_'), each]))
  return ok({
    fields,
    body: lines
      .slice(end + 1)
      .join('\n')
      .trim(),
  })
}

/** Names as a list of YAML, or in one text with commas or blanks between them. */
export function listOfNames(value: unknown): string[] | undefined {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter(name => name !== '')
  return Array.isArray(value) && value.every(name => typeof name === 'string') ? value : undefined
}
