import type { Alias, Document, ParsedNode, visit as walk } from 'yaml'
import type { Judgement, Language, Problem, SourceFile } from './language'
import { unparsable } from './support/source-limits'
import { isTemplate, syntaxProblem, unknown } from './support/syntax-verdict'

/** YAML, several documents to a file. */
export const yaml: Language = { id: 'yaml', name: 'YAML', checkSyntax: checkYaml }

/** The parser builds every node; beyond this size it takes seconds. */
const MAX_CHARS = 500_000

/** @returns `unknown` for templates, such as Helm's, that become YAML only when they are filled in */
export async function checkYaml({ text }: SourceFile): Promise<Judgement> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  if (text.length > MAX_CHARS) return unknown(`the file is larger than ${MAX_CHARS / 1000},000 characters`)
  const { parseAllDocuments, visit } = await import('yaml')
  try {
    const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent', stringKeys: false })
    const errors = documents.flatMap(document => document.errors)
    const [first] = errors.filter(error => error.code !== 'DUPLICATE_KEY')
    // Only what breaks outside of quotes and plain scalars matters; a whole workflow file may hold `${{ … }}` and be fine.
    if (first && isTemplate(text)) return unknown('it looks like a template that is filled in first')
    const unnamed = first ? undefined : documents.map(document => aliasWithoutAnchor(document, visit)).find(Boolean)
    if (unnamed) return { kind: 'judged', problems: [unnamed] }
    if (first?.message.includes('call stack')) return unknown('nested too deeply to parse')
    // Older readers take quoted text whose further lines are not indented enough.
    const endsLater =
      first && /closing .quote/.test(first.message) && text.includes(text[first.pos[0]] ?? '', first.pos[1])
    if (first)
      return {
        kind: 'judged',
        problems: [syntaxProblem(first.message, ...first.pos, endsLater ? 'likely' : 'certain')],
      }
    return {
      kind: 'judged',
      problems: errors.map(error => syntaxProblem('This key is there twice', ...error.pos, 'likely')),
    }
  } catch (error) {
    if (error instanceof RangeError) return unknown('nested too deeply to parse')
    throw error
  }
}

/** An alias must follow the anchor it names, in the same document; the parser itself looks only when values are asked for. */
function aliasWithoutAnchor(document: Document.Parsed<ParsedNode>, visit: typeof walk): Problem | undefined {
  const anchors = new Set<string>()
  let missing: Alias | undefined
  visit(document, {
    Alias(_, alias) {
      if (anchors.has(alias.source)) return undefined
      missing = alias
      return visit.BREAK
    },
    Value(_, node) {
      if (node.anchor) anchors.add(node.anchor)
    },
  })
  const [start = 0, end = start] = missing?.range ?? []
  return missing && syntaxProblem(`No anchor \`&${missing.source}\` stands before this alias`, start, end, 'certain')
}
