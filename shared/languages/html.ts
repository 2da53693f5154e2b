import type { DefaultTreeAdapterTypes } from 'parse5'
import type { Judgement, Language, Problem, SourceFile, Unknown } from './language'
import { blank } from './support/blank'
import { checkScripts, codeOfScripts, type ScriptBlock } from './support/script-blocks'
import { unparsable } from './support/source-limits'
import { isTemplate, syntaxProblem, unknown } from './support/syntax-verdict'

/** HTML. Every text is some HTML, so only what swallows the rest of the file blocks; scripts in it are judged as JavaScript. */
export const html: Language = { id: 'html', name: 'HTML', checkSyntax, codeOf }

/** Code of the HTML standard → what it means to the author, and whether it blocks. */
const ERRORS: Record<string, readonly [message: string, certainty: Problem['certainty']]> = {
  'eof-in-tag': ['The file ends inside a tag', 'certain'],
  'eof-in-comment': ['The file ends inside a comment', 'certain'],
  'eof-in-cdata': ['The file ends inside a CDATA section', 'certain'],
  'eof-in-element-that-can-contain-only-text': ['This element is never closed', 'certain'],
  'duplicate-attribute': ['This attribute is there twice', 'likely'],
  'unexpected-character-in-attribute-name': ['A quote or `<` inside an attribute name', 'likely'],
  'missing-whitespace-between-attributes': ['No blank between two attributes', 'likely'],
  'end-tag-without-matching-open-element': ['This end tag has no start tag', 'likely'],
}

async function checkSyntax({ path, text }: SourceFile): Promise<Judgement> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  const { parse } = await import('parse5')
  const problems: Problem[] = []
  let document: DefaultTreeAdapterTypes.Document
  try {
    document = parse(text, {
      sourceCodeLocationInfo: true,
      onParseError: error => {
        const known = ERRORS[error.code]
        if (known) problems.push(syntaxProblem(known[0], error.startOffset, error.endOffset, known[1]))
      },
    })
  } catch (error) {
    if (error instanceof RangeError) return unknown('nested too deeply to parse')
    throw error
  }
  const scripts = await checkScripts(path, scriptsIn(document, text))
  if (scripts.kind === 'judged') problems.push(...scripts.problems)
  if (problems.length > 0 && isTemplate(text)) return unknown('it looks like a template that is filled in first')
  if (problems.length === 0 && scripts.kind === 'unknown') return scripts
  return { kind: 'judged', problems: problems.slice(0, 10) }
}

/** What browsers take for JavaScript: no type, or one of these. */
const JAVASCRIPT = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/i

function scriptsIn(document: DefaultTreeAdapterTypes.Document, text: string): ScriptBlock[] {
  const blocks: ScriptBlock[] = []
  const waiting: DefaultTreeAdapterTypes.Node[] = [document]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if ('content' in node) waiting.push(node.content)
    if ('childNodes' in node) waiting.push(...node.childNodes)
    if (node.nodeName !== 'script' || !('attrs' in node)) continue
    const [body] = node.childNodes
    const type = node.attrs.find(({ name }) => name === 'type')?.value.trim() ?? ''
    const place = body?.sourceCodeLocation
    // `<!--` and `<![CDATA[` hid scripts from readers of the last century; they are no JavaScript.
    if (!place || !JAVASCRIPT.test(type)) continue
    // As it stands in the file: in the tree, lines end otherwise.
    const script = text.slice(place.startOffset, place.endOffset)
    if (!/^\s*<!/.test(script)) blocks.push({ text: script, start: place.startOffset, isTypeScript: false })
  }
  return blocks
}

/** Its scripts alone. */
async function codeOf({ path, text }: SourceFile): Promise<string | Unknown> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  const { parse } = await import('parse5')
  try {
    const scripts = scriptsIn(parse(text, { sourceCodeLocationInfo: true }), text)
    return codeOfScripts(
      path,
      blank(text),
      scripts.sort((a, b) => a.start - b.start),
    )
  } catch (error) {
    if (error instanceof RangeError) return unknown('nested too deeply to parse')
    throw error
  }
}
