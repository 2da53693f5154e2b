import type { DefaultTreeAdapterTypes } from 'parse5'
import type { Judgement, Language, Problem, SourceFile } from './language'
import { checkScripts, type ScriptBlock } from './support/script-blocks'
import { unparsable } from './support/source-limits'
import { isTemplate, syntaxProblem, unknown } from './support/syntax-verdict'

/** HTML. Every text is some HTML, so only what swallows the rest of the file blocks; scripts in it are judged as JavaScript. */
export const html: Language = { id: 'html', name: 'HTML', checkSyntax }

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
  const scripts = await checkScripts(path, scriptsIn(document))
  if (scripts.kind === 'judged') problems.push(...scripts.problems)
  if (problems.length > 0 && isTemplate(text)) return unknown('it looks like a template that is filled in first')
  if (problems.length === 0 && scripts.kind === 'unknown') return scripts
  return { kind: 'judged', problems: problems.slice(0, 10) }
}

/** What browsers take for JavaScript: no type, or one of these. */
const JAVASCRIPT = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/i

function scriptsIn(document: DefaultTreeAdapterTypes.Document): ScriptBlock[] {
  const blocks: ScriptBlock[] = []
  const waiting: DefaultTreeAdapterTypes.Node[] = [document]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if ('content' in node) waiting.push(node.content)
    if ('childNodes' in node) waiting.push(...node.childNodes)
    if (node.nodeName !== 'script' || !('attrs' in node)) continue
    const [body] = node.childNodes
    const type = node.attrs.find(({ name }) => name === 'type')?.value.trim() ?? ''
    const start = body?.sourceCodeLocation?.startOffset
    // `<!--` and `<![CDATA[` hid scripts from readers of the last century; they are no JavaScript.
    if (start === undefined || !body || !('value' in body) || !JAVASCRIPT.test(type) || /^\s*<!/.test(body.value))
      continue
    blocks.push({ text: body.value, start, isTypeScript: false })
  }
  return blocks
}
