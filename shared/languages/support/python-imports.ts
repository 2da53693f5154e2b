import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean } from './nearest-name'
import type { PythonImport, PythonImportedName } from './python-module'
import { readPythonModule } from './python-module'
import { isKnownModule, knownModules, modulesOf } from './python-project'
import { type PythonNames, PythonResolver, type PythonTarget } from './python-resolver'
import { NEWEST_KNOWN_PYTHON, OLDEST_KNOWN_PYTHON, stdModule, stdTopLevelModules } from './python-std'
import { treeOf } from './tree-sitter'

/**
 * Imports that lead nowhere. `certain` only where nothing in the project, its declarations, its environment or the standard library
 * could be meant; an import that may fail on purpose is not judged.
 */
export async function checkPythonImports(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const tree = await treeOf('python', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const module = readPythonModule(tree.value)
  const imports = module.imports.filter(each => !each.isGuarded)
  if (imports.length === 0) return { kind: 'judged', problems: [] }
  const resolver = await PythonResolver.for(source.path, project, loadAsset)
  const isStub = source.path.endsWith('.pyi')
  const changesPath = CHANGES_PATH.test(source.text)
  const problems: Problem[] = []
  for (const each of imports) {
    const target = await resolver.find(each.level, each.module)
    if (!target) continue
    const problem = await judgeTarget(each, target, resolver, project, source.path)
    // What was put on the path while the program runs cannot be looked into.
    const isUnseen = (changesPath && each.level === 0) || isKnownToBeMissing(each, source.text)
    if (problem) problems.push(isUnseen ? { ...problem, certainty: 'likely' } : problem)
    // A module that is too new is still there, with the names it has.
    if (!problem || target.kind === 'std') problems.push(...(await judgeNames(each, target, resolver)))
  }
  // Stubs describe what may not be installed here, and nothing runs them.
  return { kind: 'judged', problems: isStub ? problems.map(each => ({ ...each, certainty: 'likely' })) : problems }
}

/** Who tells a type checker that it will not find a module knows that it may be missing. */
function isKnownToBeMissing({ end }: PythonImport, text: string): boolean {
  const line = text.slice(end, text.indexOf('\n', end) < 0 ? text.length : text.indexOf('\n', end))
  return /#\s*type:\s*ignore\[import|#\s*pyright:\s*ignore\[reportMissing/.test(line)
}

/** Looking through the path is not changing it; handing it on may be. */
const CHANGES_PATH =
  /\bsys\.(?:path|meta_path)(?:\[[^\]]*\]\s*=[^=]|\s*\+?=[^=]|\.(?:append|insert|extend|remove|pop|__setitem__)\b|\s*[,)])|\bsite\.addsitedir\b/

async function judgeTarget(
  each: PythonImport,
  target: PythonTarget,
  resolver: PythonResolver,
  project: ProjectView,
  path: string,
): Promise<Problem | undefined> {
  const written = '.'.repeat(each.level) + each.module
  const problem = (
    kind: string,
    certainty: Problem['certainty'],
    message: string,
    suggestion: string | undefined,
  ): Problem => ({
    kind,
    certainty,
    key: `${kind} ${written}`,
    start: each.start,
    end: each.end,
    message,
    ...(suggestion ? { suggestion } : {}),
  })
  if (target.kind === 'missing') {
    if (GENERATED.test(target.missing)) return undefined
    const where = target.found ? `\`${target.found}\`` : 'this package'
    const certainty = target.isCertain ? 'certain' : 'likely'
    const suggestion = didYouMean(target.missing, target.siblings)
    return problem('unknown-module', certainty, `there is no \`${target.missing}\` in ${where}`, suggestion)
  }
  if (target.kind === 'std') return judgeStdVersion(target.module, resolver.python.oldestPython, problem)
  if (target.kind !== 'foreign') return undefined
  const top = each.module.split('.')[0]!
  if (top.startsWith('_') || GENERATED.test(top)) return undefined
  const { python } = resolver
  if (python.installed.has(top)) return undefined
  const isDeclared = [...python.declared].some(name => provides(name, top))
  if (isDeclared) {
    if (!python.hasEnvironment) return undefined
    return problem('not-installed', 'likely', `\`${top}\` is declared but not installed`, undefined)
  }
  if (await isKnownModule(top)) {
    if (python.declared.size === 0) return undefined
    return problem('undeclared-package', 'likely', `\`${top}\` is not among the project's dependencies`, 'declare it')
  }
  if (each.isTypeOnly) return undefined
  const near = [...python.declared].flatMap(modulesOf)
  const suggestion = didYouMean(top, [...near, ...stdTopLevelModules(), ...python.installed, ...knownModules()])
  // `dask_cudf` inside a function of a project that has `dask`: a part that some have and others do without.
  const mayBePlugIn = !each.isTopLevel && [...python.declared].some(name => sharesWord(name, top))
  const isCertain =
    !mayBePlugIn && (python.isComplete || python.hasEnvironment) && !(await isUsedElsewhere(top, path, project))
  const message = `there is no module \`${top}\`: not in the project, its dependencies or the standard library`
  return problem('unknown-package', isCertain ? 'certain' : 'likely', message, suggestion)
}

function judgeStdVersion(
  module: string,
  oldestPython: number | undefined,
  problem: (kind: string, certainty: Problem['certainty'], message: string, suggestion?: string) => Problem,
): Problem | undefined {
  const range = stdModule(module)
  if (!range || oldestPython === undefined || oldestPython > NEWEST_KNOWN_PYTHON) return undefined
  if (range.since > Math.max(oldestPython, OLDEST_KNOWN_PYTHON))
    return problem(
      'too-new',
      'likely',
      `\`${module}\` came with Python 3.${range.since}; the project supports 3.${oldestPython}`,
    )
  if (range.until < oldestPython)
    return problem(
      'removed',
      'certain',
      `\`${module}\` is gone since Python 3.${range.until + 1}, and the project needs 3.${oldestPython}`,
    )
  return undefined
}

async function judgeNames(each: PythonImport, target: PythonTarget, resolver: PythonResolver): Promise<Problem[]> {
  const wanted = each.names?.filter(name => name.name !== '*' && !name.name.startsWith('__'))
  if (!wanted || wanted.length === 0) return []
  const names = await resolver.namesIn(target)
  if (!names) return []
  return wanted.filter(name => !names.has(name.name)).flatMap(name => judgeName(name, each, target, names, resolver))
}

function judgeName(
  name: PythonImportedName,
  each: PythonImport,
  target: PythonTarget,
  names: NonNullable<PythonNames>,
  resolver: PythonResolver,
): Problem[] {
  const isPrivateStd = target.kind === 'std' && name.name.startsWith('_')
  const isBeyondTable = target.kind === 'std' && (resolver.python.oldestPython ?? 0) > NEWEST_KNOWN_PYTHON
  // Files of a package may be made by a build; names in a file are not.
  const mayBeMade =
    !(target.kind === 'file' && !/(?:^|\/)__init__\.pyi?$/.test(target.path)) && GENERATED.test(name.name)
  if (isPrivateStd || isBeyondTable || mayBeMade) return []
  // The rest of a namespace package may be installed somewhere else.
  if (target.kind === 'namespace' && each.level === 0) return []
  const written = '.'.repeat(each.level) + each.module
  const suggestion = didYouMean(name.name, names)
  return [
    {
      kind: 'unknown-name',
      certainty: each.isTypeOnly ? 'likely' : 'certain',
      key: `unknown-name ${written} ${name.name}`,
      start: name.start,
      end: name.end,
      message: `\`${name.name}\` does not exist in \`${written}\``,
      ...(suggestion ? { suggestion } : {}),
    },
  ]
}

/** Made by a build, so that it may be missing in a fresh checkout. */
const GENERATED =
  /_pb2(?:_grpc)?$|^_?_?version_?_?$|^_?build|generated|^_cffi|^moc_|^ui_|_ui$|_rc$|^_C$|^_ext|^__config__$|antlr|parser(?:tab)?$|lextab$/i

/**
 * Whether a distribution may be the one that brings a module: by list, or because nothing in the module's name is foreign to the
 * distribution's (`dotenv` of `python-dotenv`, `googleapiclient` of `google-api-python-client`; not `flask_extras` of `flask`).
 */
function provides(distribution: string, top: string): boolean {
  if (modulesOf(distribution).includes(top)) return true
  const words = top.toLowerCase().split('_').filter(Boolean)
  const joined = distribution.replaceAll('-', '')
  if (top.length >= 3 && words.every(word => joined.includes(word))) return true
  const parts = distribution.split('-').filter(part => part.length >= 3)
  const rest = parts
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, part) => left.replace(part, ''), words.join(''))
  return rest.length < words.join('').length && /^\d*$/.test(rest)
}

function sharesWord(distribution: string, top: string): boolean {
  const words = top.toLowerCase().split('_')
  return distribution.split('-').some(word => word.length >= 4 && words.includes(word))
}

/** Another file of the project imports it too, so somebody has it. */
async function isUsedElsewhere(top: string, path: string, project: ProjectView): Promise<boolean> {
  const uses = new RegExp(`^[ \\t]*(?:import|from)[ \\t]+${top}\\b|import\\w*\\(\\s*["']${top}\\b`, 'm')
  const waiting = ['']
  for (let folder = waiting.shift(), files = 0, folders = 0; folder !== undefined; folder = waiting.shift()) {
    if (++folders > MAX_FOLDERS_LOOKED_AT) return false
    for (const name of await project.list(folder)) {
      const inside = folder === '' ? name : `${folder}/${name}`
      if (/\.pyi?$/.test(name)) {
        if (++files > MAX_FILES_LOOKED_AT) return false
        if (inside !== path && uses.test((await project.read(inside)) ?? '')) return true
      } else if (!/\.|^(?:node_modules|venv|env|build|dist|target|vendor|__pycache__)$/.test(name)) waiting.push(inside)
    }
  }
  return false
}

/** Only a package that looks invented costs this search. */
const MAX_FILES_LOOKED_AT = 400
/** Links may lead in circles. */
const MAX_FOLDERS_LOOKED_AT = 2_000
