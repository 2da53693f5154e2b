import type { AssetLoader, Judgement, Language, SourceFile } from './language'
import { checkPythonCalls } from './support/python-calls'
import { pythonFacts, resolvePythonImport, scanPythonImports } from './support/python-facts'
import { checkPythonImports } from './support/python-imports'
import { parsePython } from './support/ruff'
import { unparsable } from './support/source-limits'
import { invalid, unknown, VALID } from './support/syntax-verdict'

/** Python and its stubs; parsers are loaded when the first file asks for them. */
export function createPython(loadAsset: AssetLoader): Language {
  return {
    id: 'python',
    name: 'Python',
    checkSyntax: source => checkSyntax(source, loadAsset),
    code: {
      scanImports: source => scanPythonImports(source.text),
      resolveToFiles: (imported, fromPath, project) => resolvePythonImport(imported, fromPath, project, loadAsset),
      isManifest: path =>
        /(?:^|\/)(?:pyproject\.toml|setup\.(?:py|cfg)|Pipfile|[^/]*requirements[^/]*\.(?:txt|in)|[^/]+\.lock)$/.test(
          path,
        ),
      factsOf: source => pythonFacts(source, loadAsset),
      checkImports: (source, project) => checkPythonImports(source, project, loadAsset),
      checkCalls: (source, project) => checkPythonCalls(source, project, loadAsset),
    },
  }
}

/** Judged by a port of CPython's grammar, indentation included. */
async function checkSyntax({ path, text }: SourceFile, loadAsset: AssetLoader): Promise<Judgement> {
  const reason = unparsable(text)
  if (reason) return unknown(reason)
  const parse = await parsePython(text, path, loadAsset)
  if (parse.kind === 'accepted') return VALID
  if (parse.kind === 'unknown') return unknown(parse.reason)
  return invalid(parse.message, parse.start, parse.end)
}
