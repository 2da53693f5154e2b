import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { type GoCall, type GoDeclaration, type GoFile, type GoParameters, readGoFile } from './go-file'
import { resolveGoImport } from './go-imports'
import { type GoOutline, goPackageIn, isIgnored, outlineOf, parentFolder } from './go-project'
import { stdPackageNames } from './go-std'
import { didYouMean } from './nearest-name'
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
type Method = GoOutline['methods'][number]

class CallJudge {
  readonly #file: GoFile
  readonly #source: SourceFile
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader
  #package: readonly GoOutline[] = []
  #isOpen = false
  #isOutlined = false

  constructor(file: GoFile, source: SourceFile, project: ProjectView, loadAsset: AssetLoader) {
    this.#file = file
    this.#source = source
    this.#project = project
    this.#loadAsset = loadAsset
  }

  async problems(): Promise<Problem[]> {
    const folder = parentFolder(this.#source.path)
    const whole = await goPackageIn(folder, this.#project, this.#loadAsset)
    const others = whole.files.filter(
      file => file.path !== this.#source.path && file.packageName === this.#file.packageName,
    )
    const own = outlineOf(this.#source.path, this.#file)
    this.#package = isIgnored(this.#source.text) ? [own] : [own, ...others]
    this.#isOutlined = whole.isOutlined
    this.#isOpen = whole.isOpen
    const problems: Problem[] = []
    const dotted = await this.#dotImported()
    for (const call of this.#file.calls) {
      const problem =
        call.receiver === undefined ? this.#judgeBare(call, dotted) : await this.#judgeMember(call, call.receiver)
      if (problem) problems.push(problem)
    }
    return problems
  }

  #judgeBare(call: GoCall, dotted: ReadonlySet<string> | undefined): Problem | undefined {
    if (this.#file.locals.has(call.name)) return undefined
    const declared = this.#declared(call.name)
    if (declared.length > 0) return this.#judgeArguments(call, declared)
    if (!dotted || dotted.has(call.name) || PREDECLARED.has(call.name) || this.#isOpen) return undefined
    const names = [
      ...this.#package.flatMap(file => [...file.declarations.keys()]),
      ...this.#file.locals.keys(),
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
    return this.#package.flatMap(file => file.declarations.get(name) ?? [])
  }

  async #judgeMember(call: GoCall, receiver: string): Promise<Problem | undefined> {
    const locals = this.#file.locals.get(receiver)
    if (!locals) return this.#declared(receiver).length > 0 ? undefined : this.#judgeImported(call, receiver)
    // Elsewhere in the file the name means a package.
    const isPackage = (each: { alias: string | undefined; path: string }) =>
      (each.alias ?? each.path.split('/').at(-1)) === receiver
    if (this.#file.imports.some(isPackage)) return undefined
    const [type] = locals
    // One name, one type, wherever in the file it is bound.
    if (type === undefined || locals.some(each => each !== type) || this.#declared(receiver).length > 0)
      return undefined
    const members = this.#membersOf(type)
    if (!members) return undefined
    const methods = members.methods.filter(method => method.name === call.name)
    const [method] = methods
    if (method && methods.length === 1 && !members.names.has(call.name)) {
      return objection(call, method.parameters, method.head)
    }
    if (method || members.names.has(call.name) || this.#isOpen) return undefined
    const names = [...members.methods.map(each => each.name), ...members.names]
    return problemAt(call, 'unknown-method', `\`${type}\` has no method \`${call.name}\``, didYouMean(call.name, names))
  }

  /** What a type of this package has; undefined when parts of it come from elsewhere. */
  #membersOf(type: string, seen: readonly string[] = []): { names: Set<string>; methods: Method[] } | undefined {
    const [only, ...others] = this.#declared(type)
    if (!only?.members || this.#isOutlined || others.length > 0 || seen.includes(type)) return undefined
    const names = new Set(only.members.names)
    const methods = this.#package.flatMap(file => file.methods.filter(method => method.receiver === type))
    for (const embedded of only.members.embedded) {
      const inner = embedded === undefined ? undefined : this.#membersOf(embedded, [...seen, type])
      if (!inner) return undefined
      for (const name of inner.names) names.add(name)
      // An outer method hides the inner one of its name.
      methods.push(...inner.methods.filter(each => !methods.some(own => own.name === each.name)))
    }
    return { names, methods }
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
