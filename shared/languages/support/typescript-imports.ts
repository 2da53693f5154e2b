import type ts from 'typescript'
import type { Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean } from './nearest-name'
import { loadTypeScriptBuiltins } from './typescript-builtins'
import { moduleExportsOf } from './typescript-exports'
import { type ModuleImport, type ModuleImportName, moduleShapeOf } from './typescript-modules'
import { loadTypeScript, parseErrorsOf, parseTypeScript, type TypeScript } from './typescript-parser'
import { type Resolution, typeScriptResolverOf } from './typescript-resolver'
import { scopesOf } from './typescript-scopes'

interface Reference {
  specifier: string
  start: number
  end: number
  /** It runs only if something held, or only where it is installed. */
  isGuarded: boolean
  names: readonly ModuleImportName[]
  kind: ModuleImport['kind'] | 'load'
}

/**
 * Imports that lead nowhere and named imports their module does not have: `unknown-path`, `unknown-package`, `unknown-subpath`,
 * `unknown-builtin`, `unknown-name`, `no-default-export`, `not-installed`.
 */
export async function checkTypeScriptImports(
  source: SourceFile,
  project: ProjectView,
  before?: SourceFile,
): Promise<Judgement> {
  const compiler = await loadTypeScript()
  const tree = await parseTypeScript(source)
  if (tree.kind === 'unknown') return tree
  if (parseErrorsOf(tree).length > 0) return { kind: 'unknown', reason: 'it does not parse' }

  const treeBefore = before && (await parseTypeScript(before))
  const isKnown = treeBefore && treeBefore.kind !== 'unknown' && parseErrorsOf(treeBefore).length === 0
  const known = new Set(isKnown ? referencesIn(compiler, treeBefore).map(keyOf) : [])
  const problems: Problem[] = []
  for (const reference of referencesIn(compiler, tree)) {
    if (known.has(keyOf(reference))) continue
    const resolution = await typeScriptResolverOf(project).resolve(reference.specifier, source.path)
    const wrong = problemOf(resolution, reference)
    if (wrong) problems.push(wrong)
    else problems.push(...(await wrongNames(resolution, reference, source, project)))
  }
  return { kind: 'judged', problems }
}

function referencesIn(compiler: TypeScript, tree: ts.SourceFile): Reference[] {
  const shape = moduleShapeOf(compiler, tree)
  const fixed = shape.imports.map(each => ({ ...each, isGuarded: false }))
  const loads = scopesOf(compiler, tree).loads.map(each => ({
    ...each,
    kind: 'load' as const,
    names: [],
    // A dynamic import may be caught by whoever awaits it; one inside a type may be one of several tries.
    isGuarded:
      each.isGuarded || each.kind === 'import-type' || (each.kind === 'dynamic' && !each.specifier.startsWith('.')),
  }))
  return [...fixed, ...loads]
}

function keyOf({ specifier, kind, isGuarded, names }: Reference): string {
  return [specifier, kind, isGuarded, ...names.map(each => each.name)].join('\0')
}

function problemOf(resolution: Resolution, reference: Reference): Problem | undefined {
  const { specifier, start, end, isGuarded } = reference
  if (resolution.kind === 'not-installed') {
    return {
      kind: 'not-installed',
      certainty: 'likely',
      key: `not-installed ${specifier}`,
      start,
      end,
      message: `\`${resolution.name}\` is named in package.json but not installed, so its names were not checked`,
    }
  }
  if (resolution.kind !== 'missing') return undefined
  return {
    kind: resolution.problem,
    certainty: resolution.isCertain && !isGuarded ? 'certain' : 'likely',
    key: `${resolution.problem} ${specifier}`,
    start,
    end,
    message: resolution.message,
    ...(resolution.suggestion ? { suggestion: resolution.suggestion } : {}),
  }
}

async function wrongNames(
  resolution: Resolution,
  reference: Reference,
  source: SourceFile,
  project: ProjectView,
): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const name of reference.names) {
    if (name.name === '*' || name.name === 'export=') continue
    const known = await knownNames(resolution, name.name, source.path, project)
    if (!known) continue
    if (name.name === 'default') {
      // Only sources of the project: for everything else, compilers and bundlers make a default up.
      if (resolution.kind !== 'file' || !resolution.isProject || reference.kind !== 'import') continue
      const like = known.find(each => each.toLowerCase() === name.local.toLowerCase())
      problems.push({
        ...placeOf(name),
        kind: 'no-default-export',
        key: `no-default-export ${reference.specifier}`,
        message: `\`${reference.specifier}\` has no default export`,
        suggestion: like
          ? `import it by its name: \`import { ${like} } from '${reference.specifier}'\``
          : `it exports ${listOf(known)}`,
      })
      continue
    }
    if (await isAddedElsewhere(reference.specifier, name.name, project)) continue
    problems.push({
      ...placeOf(name),
      // Compilers write declaration files, and leave out what is internal while others still name it.
      certainty: /\.d\.[mc]?ts$/.test(source.path) ? 'likely' : 'certain',
      kind: 'unknown-name',
      key: `unknown-name ${reference.specifier} ${name.name}`,
      message: `\`${name.name}\` does not exist in ${reference.specifier}`,
      suggestion: didYouMean(name.name, known) ?? `it exports ${listOf(known)}`,
    })
  }
  return problems
}

function placeOf(name: ModuleImportName) {
  return { certainty: 'certain' as const, start: name.start, end: name.end }
}

/** All names of a module that has not this one; undefined when it has it, or may have it. */
async function knownNames(
  resolution: Resolution,
  name: string,
  fromPath: string,
  project: ProjectView,
): Promise<readonly string[] | undefined> {
  if (resolution.kind === 'builtin') {
    const names = (await loadTypeScriptBuiltins()).exportsOfNodeModule(resolution.name)
    return name === 'default' || names?.includes(name) ? undefined : names
  }
  if (resolution.kind !== 'file') return undefined
  const isDeclaration = /\.d\.[mc]?ts$/.test(resolution.path)
  if (isDeclaration && name === 'default') return undefined
  // What JavaScript takes from a package need not be in its types.
  if (isDeclaration && !resolution.isProject && /\.[mc]?jsx?$/.test(fromPath)) return undefined
  const found = await moduleExportsOf(project).find(resolution.path, name)
  return found.kind === 'absent' ? found.names : undefined
}

/** Whether the project itself adds a name to a module it did not write. */
async function isAddedElsewhere(specifier: string, name: string, project: ProjectView): Promise<boolean> {
  if (specifier.startsWith('.')) return false
  const texts = await typeScriptResolverOf(project).declarationTexts()
  return texts.some(text => text.includes(specifier) && text.includes(name))
}

/** "`a`, `b`, `c` and 4 more". */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(name => `\`${name}\``)
  if (shown.length === 0) return 'nothing'
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ')
}
