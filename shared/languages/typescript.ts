import type { CodeSupport, Judgement, Language, SourceFile, Unknown } from './language'
import { unparsable } from './support/source-limits'
import { checkTypeScriptCalls } from './support/typescript-calls'
import { isCompatibleShape, typeScriptFacts } from './support/typescript-facts'
import { checkTypeScriptImports } from './support/typescript-imports'
import { loadTypeScript, parseErrorsOf, parseTypeScript } from './support/typescript-parser'
import { typeScriptResolverOf } from './support/typescript-resolver'
import { typeScriptSyntaxProblems } from './support/typescript-syntax'
import { withoutText } from './support/typescript-text'
import { typeScriptUses } from './support/typescript-uses'

const code: CodeSupport = {
  scanImports({ text }) {
    const found: string[] = []
    SPECIFIERS.lastIndex = 0
    for (let match = SPECIFIERS.exec(text); match; match = SPECIFIERS.exec(text)) found.push(match[1]!)
    return found
  },
  async resolveToFiles(imported, fromPath, project) {
    const target = await typeScriptResolverOf(project).resolve(imported, fromPath)
    return target.kind === 'file' && target.isProject ? [target.path] : []
  },
  isManifest: path =>
    /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|lerna\.json|[tj]sconfig(?:[.-][\w.-]+)?\.json)$/.test(path),
  areCompatible: (before, after) => isCompatibleShape(before.shape, after.shape),
  async factsOf(source) {
    const tree = await parseTypeScript(source)
    if (tree.kind === 'unknown') return tree
    if (parseErrorsOf(tree).length > 0) return { kind: 'unknown', reason: 'it does not parse' }
    return typeScriptFacts(await loadTypeScript(), tree)
  },
  async usesOf(source) {
    const reason = unparsable(source.text)
    if (reason) return { kind: 'unknown', reason }
    return typeScriptUses(await loadTypeScript(), source) ?? code.factsOf(source)
  },
  checkImports: checkTypeScriptImports,
  checkCalls: checkTypeScriptCalls,
}

/** What stands in quotes after `from`, `import` and `require`; in comments and strings too, which costs a look-up. */
const SPECIFIERS = /\b(?:from|import|require)\s*\(?\s*['"]([^'"\n]{1,300})['"]/g

/** TypeScript and TSX, judged by TypeScript's own parser. */
export const typescript: Language = { id: 'typescript', name: 'TypeScript', checkSyntax, codeOf, code }

/** JavaScript and JSX, judged by the same parser. */
export const javascript: Language = { id: 'javascript', name: 'JavaScript', checkSyntax, codeOf, code }

async function checkSyntax(source: SourceFile): Promise<Judgement> {
  const tree = await parseTypeScript(source)
  return tree.kind === 'unknown' ? tree : typeScriptSyntaxProblems(tree)
}

async function codeOf(source: SourceFile): Promise<string | Unknown> {
  const tree = await parseTypeScript(source)
  return tree.kind === 'unknown' ? tree : withoutText(await loadTypeScript(), tree, source.text)
}
