import type { Judgement, Language, SourceFile } from './language'
import { VALID } from './support/syntax-verdict'
import { checkToml } from './toml'
import { checkYaml } from './yaml'

/** Markdown: any text is Markdown, but the header that programs read must parse. */
export const markdown: Language = { id: 'markdown', name: 'Markdown', checkSyntax }

async function checkSyntax({ path, text }: SourceFile): Promise<Judgement> {
  const header = /^(?<fence>---|\+\+\+)[ \t]*\r?\n(?<body>[\s\S]*?)^\k<fence>[ \t]*$/m.exec(text.slice(0, MAX_HEADER))
  // Without a closing fence it is a horizontal rule.
  if (!header?.groups || header.index !== 0) return VALID
  const { fence, body } = header.groups
  if (fence === '---' && !/^[\w"'-]+[ \t]*:/m.test(body!)) return VALID
  const start = header[0].indexOf('\n') + 1
  const source = { path, text: body! }
  const verdict = fence === '---' ? await checkYaml(source) : await checkToml(source)
  if (verdict.kind === 'unknown') return verdict
  return {
    kind: 'judged',
    problems: verdict.problems.map(problem => ({ ...problem, start: problem.start + start, end: problem.end + start })),
  }
}

/** Headers are short; a rule far below is not the end of one. */
const MAX_HEADER = 20_000
