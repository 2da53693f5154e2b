import type { Judgement, Language, SourceFile } from './language'
import { parseTypeScript } from './support/typescript-parser'
import { typeScriptSyntaxProblems } from './support/typescript-syntax'

/** TypeScript and TSX, judged by TypeScript's own parser. */
export const typescript: Language = { id: 'typescript', name: 'TypeScript', checkSyntax }

/** JavaScript and JSX, judged by the same parser. */
export const javascript: Language = { id: 'javascript', name: 'JavaScript', checkSyntax }

async function checkSyntax(source: SourceFile): Promise<Judgement> {
  const tree = await parseTypeScript(source)
  if (tree.kind === 'unknown') return tree
  return typeScriptSyntaxProblems(tree)
}
