import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { type GoCall, type GoDeclaration, type GoFile, type GoParameters, readGoFile } from './go-file'
import { resolveGoImport } from './go-imports'
import { type GoMemberSet, type GoNamedType, GoTypes } from './go-members'
import { type GoOutline, type GoPackage, goPackageIn, isIgnored, outlineOf, parentFolder } from './go-project'
import { stdPackageNames } from './go-std'
import { didYouMean, isSlipOf } from './nearest-name'
import { unknown } from './syntax-verdict'
import { treeOf } from './tree-sitter'

/** What the language itself declares. */
const PREDECLARED = new Set(
  (
    'append cap clear close complex copy delete imag len make max min new panic print println real recover ' +
    'any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 ' +
    'uint64 uintptr true false iota nil'
  ).split(' '),
)

/** Calls of what the package does not declare, of methods a type does not have, and with too few or too many arguments. */
export async function checkGoCalls(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const tree = await treeOf('go', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const file = readGoFile(tree.value)
  if (file.isBroken) return unknown('parts of the file are newer than its grammar')
  const judge = new CallJudge(file, source, project, loadAsset)
  return { kind: 'judged', problems: await judge.problems() }
}

type Declared = Omit<GoDeclaration, 'node'>

class CallJudge {
  readonly #file: GoFile
  readonly #source: SourceFile
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader
  readonly #types: GoTypes
  readonly #own: GoOutline
  #package: GoPackage = { files: [], isOpen: true }

  constructor(file: GoFile, source: SourceFile, project: ProjectView, loadAsset: AssetLoader) {
    this.#file = file
    this.#source = source
    this.#project = project
    this.#loadAsset = loadAsset
    this.#types = new GoTypes(project, loadAsset)
    this.#own = outlineOf(source.path, file)
  }

  async problems(): Promise<Problem[]> {
    const folder = parentFolder(this.#source.path)
    const whole = await goPackageIn(folder, this.#project, this.#loadAsset)
    const others = whole.files.filter(
      file => file.path !== this.#source.path && file.packageName === this.#file.packageName,
    )
    this.#package = { ...whole, files: isIgnored(this.#source.text) ? [this.#own] : [this.#own, ...others] }
    const problems: Problem[] = []
    const dotted = await this.#dotImported()
    for (const call of this.#file.calls) {
      const problem = call.path.length === 0 ? this.#judgeBare(call, dotted) : await this.#judgeMember(call)
      if (problem) problems.push(problem)
    }
    return problems
  }

  #judgeBare(call: GoCall, dotted: ReadonlySet<string> | undefined): Problem | undefined {
    if (this.#file.locals.has(call.name)) return undefined
    const declared = this.#declared(call.name)
    if (declared.length > 0) return this.#judgeArguments(call, declared)
    if (!dotted || dotted.has(call.name) || PREDECLARED.has(call.name) || this.#package.isOpen) return undefined
    const names = [
      ...this.#package.files.flatMap(file => [...file.declarations.keys()]),
      ...this.#file.locals,
      ...PREDECLARED,
    ]
    return problemAt(
      call,
      'unknown-function',
      `\`${call.name}\` is declared nowhere in this package`,
      didYouMean(call.name, names),
    )
  }

  #judgeArguments(call: GoCall, declared: readonly Declared[]): Problem | undefined {
    // Of functions for several platforms, one that takes the arguments is enough.
    const objections = declared.map(({ kind, parameters, head }) =>
      kind === 'function' && parameters ? objection(call, parameters, head) : undefined,
    )
    return objections.every(each => each !== undefined) ? objections[0] : undefined
  }

  #declared(name: string): readonly Declared[] {
    return this.#package.files.flatMap(file => file.declarations.get(name) ?? [])
  }

  async #judgeMember(call: GoCall): Promise<Problem | undefined> {
    const [first = '', ...fields] = call.path
    if (!call.bindings.has(first) && this.#declared(first).length === 0)
      return call.receiver === undefined ? undefined : this.#judgeImported(call, call.receiver)
    // Elsewhere in the function the name may mean a package.
    if (this.#file.imports.some(each => (each.alias ?? each.path.split('/').at(-1)) === first)) return undefined
    let type = await this.#typeOfName(call, first)
    for (const field of fields) {
      const members: GoMemberSet | undefined = type && (await this.#types.membersOf(type))
      const found = members?.names.get(field)
      type = found?.hint && (await this.#types.find(found.hint, found.file, found.package))
    }
    const members = type && (await this.#types.membersOf(type))
    if (!type || !members) return undefined
    const methods = members.methods.filter(method => method.name === call.name)
    const [method] = methods
    if (method && methods.length === 1 && !members.names.has(call.name))
      return objection(call, method.parameters, method.head)
    if (method || members.names.has(call.name)) return undefined
    const names = [...members.methods.map(each => each.name), ...members.names.keys()]
    // Of a type with parts from elsewhere only a slip of what it has is certain.
    if (!members.isWhole && !names.some(each => isSlipOf(each, call.name))) return undefined
    const suggestion = didYouMean(call.name, names)
    return problemAt(call, 'unknown-method', `\`${type.name}\` has no method \`${call.name}\``, suggestion)
  }

  /** One type, wherever in the function the name is bound; or that of a variable of the package. */
  async #typeOfName(call: GoCall, name: string): Promise<GoNamedType | undefined> {
    const hints = call.bindings.get(name)
    if (hints) {
      const [hint] = hints
      const isOne = hints.every(each => JSON.stringify(each) === JSON.stringify(hint))
      if (!hint || !isOne || (hint.package === undefined && this.#file.locals.has(hint.name))) return undefined
      return this.#types.find(hint, this.#own, this.#package)
    }
    for (const file of this.#package.files) {
      const [variable, ...others] = file.declarations.get(name) ?? []
      if (variable && others.length === 0 && this.#declared(name).length === 1)
        return variable.type && this.#types.find(variable.type, file, this.#package)
    }
    return undefined
  }

  /** Arguments of `pkg.F()`, for packages of the project; that F exists is the business of the imports. */
  async #judgeImported(call: GoCall, receiver: string): Promise<Problem | undefined> {
    if (call.argumentCount === undefined) return undefined
    for (const each of this.#file.imports) {
      if (each.alias !== undefined && each.alias !== receiver) continue
      const target = await resolveGoImport(each.path, this.#source.path, this.#project)
      if (target.kind !== 'folder') continue
      const { files } = await goPackageIn(target.folder, this.#project, this.#loadAsset)
      const own = files.filter(file => !file.path.endsWith('_test.go'))
      if (each.alias === undefined && own[0]?.packageName !== receiver) continue
      const declared = own.flatMap(file => file.declarations.get(call.name) ?? [])
      return this.#judgeArguments(call, declared)
    }
    return undefined
  }

  /** Names that `import . "x"` brings; undefined when they are unknown. */
  async #dotImported(): Promise<ReadonlySet<string> | undefined> {
    const names = new Set<string>()
    for (const each of this.#file.imports.filter(other => other.alias === '.')) {
      const target = await resolveGoImport(each.path, this.#source.path, this.#project)
      const brought =
        target.kind === 'std'
          ? stdPackageNames(target.path)?.keys()
          : target.kind === 'folder'
            ? await this.#exportedBy(target.folder)
            : undefined
      if (!brought) return undefined
      for (const name of brought) names.add(name)
    }
    return names
  }

  async #exportedBy(folder: string): Promise<readonly string[] | undefined> {
    const { files, isOpen } = await goPackageIn(folder, this.#project, this.#loadAsset)
    if (isOpen || files.length === 0) return undefined
    return files.flatMap(file => [...file.declarations.keys()])
  }
}

function objection(call: GoCall, parameters: GoParameters, signature: string): Problem | undefined {
  const { argumentCount } = call
  if (argumentCount === undefined) return undefined
  if (argumentCount >= parameters.count && (parameters.isVariadic || argumentCount === parameters.count))
    return undefined
  const wanted = `${parameters.isVariadic ? 'at least ' : ''}${parameters.count}`
  return problemAt(
    call,
    'wrong-arguments',
    `\`${call.name}\` takes ${wanted} argument${parameters.count === 1 ? '' : 's'}, not ${argumentCount}`,
    `it is \`${signature}\``,
  )
}

function problemAt(call: GoCall, kind: string, message: string, suggestion: string | undefined): Problem {
  return {
    kind,
    certainty: 'certain',
    key: `${kind} ${message}`,
    start: call.nameNode.start,
    end: call.nameNode.end,
    message,
    ...(suggestion ? { suggestion } : {}),
  }
}
