import type { Problem } from '#shared/languages/language'
import type { Gate } from './gate'
import { judgeFiles } from './support/judge-files'
import { leftovers } from './support/leftovers'

/**
 * The result parses. Findings: `syntax/parse-error`, and from the text alone `syntax/conflict-marker`, `syntax/code-fence`,
 * `syntax/elided-code`.
 */
export const syntax: Gate = {
  name: 'syntax',
  judge: input =>
    judgeFiles(input, 'syntax', async (language, source) => {
      const left = language.id === 'markdown' ? [] : leftovers(source, language.id)
      const parsed = await language.checkSyntax(source)
      if (parsed.kind === 'unknown') return left.length > 0 ? { kind: 'judged', problems: left } : parsed
      return { kind: 'judged', problems: [...left, ...withoutEchoes(parsed.problems, left)] }
    }),
}

/** A conflict marker also makes the parser complain on its line; once is enough. */
function withoutEchoes(problems: readonly Problem[], left: readonly Problem[]): Problem[] {
  return problems.filter(problem => !left.some(each => problem.start >= each.start && problem.start <= each.end))
}
