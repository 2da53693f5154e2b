import type { Judgement, Language, Problem, SourceFile } from './language'
import { unparsable } from './support/source-limits'
import { isTemplate, syntaxProblem, unknown } from './support/syntax-verdict'

/** CSS. Browsers forgive almost everything, so only what swallows the rest of the file blocks. */
export const css: Language = { id: 'css', name: 'CSS', checkSyntax }

const CLOSER: Record<string, string> = { '{': '}', '(': ')', '[': ']' }

async function checkSyntax({ text }: SourceFile): Promise<Judgement> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  const { tokenize, tokenNames } = await import('css-tree')
  const open: { token: string; start: number }[] = []
  const problems: Problem[] = []
  tokenize(text, (type, start, end) => {
    const name = tokenNames[type] ?? ''
    const last = text[end - 1] ?? ''
    if (name === 'bad-string-token') problems.push(syntaxProblem('This string does not end on its line', start, end))
    if (name === 'comment-token' && !text.slice(start, end).endsWith('*/'))
      problems.push(syntaxProblem('This comment does not end', start, end))
    if (name === 'function-token' || CLOSER[name] || /^[{([]-token$/.test(name)) open.push({ token: last, start })
    else if (/^[})\]]-token$/.test(name) || Object.values(CLOSER).includes(name)) {
      const opener = open.pop()
      if (!opener) problems.push(syntaxProblem(`Unexpected closing \`${last}\``, start, end))
      else if (CLOSER[opener.token] !== last)
        problems.push(syntaxProblem(`\`${opener.token}\` is closed by \`${last}\``, start, end))
    }
  })
  const unclosed = open.at(-1)
  if (unclosed && problems.length === 0)
    problems.push(syntaxProblem(`Unclosed \`${unclosed.token}\``, unclosed.start, unclosed.start + 1))
  if (problems.length > 0 && isTemplate(text)) return unknown('it looks like a template that is filled in first')
  return { kind: 'judged', problems: problems.slice(0, 1) }
}
