import { readAsset } from '#shared/host/node/assets'
import { Languages } from '#shared/languages/registry'
import { memoryProject } from './memory-project'

const languages = new Languages(readAsset)

/**
 * What imports or calls says of one file of a project, one line a problem: "kind `marked text`; suggestion", with `?` before what
 * would only warn; the reason when it was not judged.
 */
export async function judgeCode(
  gate: 'imports' | 'calls',
  path: string,
  text: string,
  project: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const code = (await languages.languageOf(path))?.code
  if (!code) return ['no language']
  const view = memoryProject({ ...project, [path]: text })
  const source = { path, text }
  const verdict = gate === 'imports' ? await code.checkImports(source, view) : await code.checkCalls(source, view)
  if (verdict.kind === 'unknown') return [`unknown: ${verdict.reason}`]
  return verdict.problems.map(problem => {
    const mark = problem.certainty === 'likely' ? '? ' : ''
    const suggestion = problem.suggestion ? `; ${problem.suggestion}` : ''
    return `${mark}${problem.kind} \`${text.slice(problem.start, problem.end)}\`${suggestion}`
  })
}
