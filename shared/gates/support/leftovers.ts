import type { Problem, SourceFile } from '#shared/languages/language'
import { maskCode } from './code-mask'

/** What a careless answer leaves in a file and no author writes: each must hold for the whole line. */
const LEFTOVERS: readonly { kind: string; line: RegExp; isAtEdge?: boolean; message: string; suggestion: string }[] = [
  {
    kind: 'conflict-marker',
    line: /^(?:<{7}(?: .*)?|>{7}(?: .*)?|={7})$/,
    message: 'a merge conflict marker is left in the file',
    suggestion: 'keep one side and remove the markers',
  },
  {
    kind: 'code-fence',
    line: /^(?:`{3,}|~{3,})[\w+-]*$/,
    // Within a file such a line may stand in a template or a docstring.
    isAtEdge: true,
    message: 'a Markdown fence is left in the file',
    suggestion: 'send the code without the fence around it',
  },
  {
    kind: 'elided-code',
    line: /^\s*(?:\/\/|#|\/\*|<!--|\{\/\*)\s*(?:\.{3}|…)\s*\(?(?:the\s+)?(?:rest of|remaining|existing|unchanged|previous|other existing|keep existing|same as before)\b[^.…]*(?:\.{3}|…)\s*\)?\s*(?:\*\/\}?|-->)?$/i,
    message: 'a placeholder stands where code was',
    suggestion: 'send the code itself; nothing fills the placeholder in',
  },
]

const MAY_HOLD_LEFTOVERS = /^(?:<{7}|={7}|>{7}|`{3}|~{3})|\.{3}|…/m

/** Conflict markers, Markdown fences and placeholders for code. What stands inside of a text only warns: it may be what the text is about. */
export function leftovers(source: SourceFile, languageId: string): Problem[] {
  if (!MAY_HOLD_LEFTOVERS.test(source.text)) return []
  const problems: Problem[] = []
  let masked: string | undefined
  const filled = [...source.text.matchAll(/^.*\S.*$/gm)]
  for (const [index, match] of filled.entries()) {
    const line = match[0].trimEnd()
    const isEdge = index === 0 || index === filled.length - 1
    const found = LEFTOVERS.find(each => (isEdge || !each.isAtEdge) && each.line.test(line))
    if (!found) continue
    const { kind, message, suggestion } = found
    const start = match.index + line.length - line.trimStart().length
    masked ??= maskCode(source.text, languageId)
    problems.push({
      kind,
      certainty: masked[start] === source.text[start] ? 'certain' : 'likely',
      key: `${kind} ${line}`,
      start,
      end: match.index + line.length,
      message,
      suggestion,
    })
  }
  return withoutUnderlines(problems, source.text)
}

/** Seven equal signs alone underline a heading in many comments; they count only beside the other markers. */
function withoutUnderlines(problems: Problem[], text: string): Problem[] {
  const isMarked = /^<{7} /m.test(text) || /^>{7} /m.test(text)
  return problems.filter(problem => problem.kind !== 'conflict-marker' || isMarked)
}
