import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean, isSlipOf, nearestName } from './nearest-name'
import { type Callable, callableIn, isAbstract, objectionTo, signatureOf, withoutSelf } from './python-arguments'
import { classCalled, membersOf, type PythonMembers } from './python-members'
import {
  type PythonBinding,
  type PythonCall,
  type PythonClass,
  type PythonFunction,
  type PythonImport,
  type PythonModule,
  readPythonModule,
} from './python-module'
import { PythonResolver, type PythonTarget } from './python-resolver'
import { builtinMembers, NEWEST_KNOWN_PYTHON, pythonBuiltins } from './python-std'
import { unknown } from './syntax-verdict'
import { type SyntaxNode, treeOf } from './tree-sitter'

/** Names that programs which run such files put into them. */
const INJECTED = new Set(
  [
    '_ N_ ngettext gettext get_config get_ipython display Import Export Environment SConscript Return DefaultEnvironment',
    'unicode xrange basestring raw_input long unichr reduce execfile file cmp reload buffer intern apply coerce profile',
  ].flatMap(line => line.split(' ')),
)

/** Calls of what is declared nowhere, of members that a visible receiver does not have, and with arguments that do not fit. */
export async function checkPythonCalls(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const tree = await treeOf('python', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const module = readPythonModule(tree.value)
  if (module.isBroken) return unknown('parts of the file are newer than its grammar')
  const judge = new CallJudge(module, await PythonResolver.for(source.path, project, loadAsset), source.path)
  return { kind: 'judged', problems: await judge.problems() }
}

class CallJudge {
  readonly #module: PythonModule
  readonly #resolver: PythonResolver
  readonly #isStub: boolean

  constructor(module: PythonModule, resolver: PythonResolver, path: string) {
    this.#module = module
    this.#resolver = resolver
    this.#isStub = path.endsWith('.pyi')
  }

  async problems(): Promise<Problem[]> {
    if (this.#isStub) return []
    const problems: Problem[] = []
    const starNames = await this.#starNames()
    for (const call of this.#module.calls) {
      const problem = call.receiver
        ? await this.#judgeMember(call, call.receiver)
        : await this.#judgeBare(call, starNames)
      if (problem && !this.#isProbed(call, problem.kind)) problems.push(problem)
    }
    return problems
  }

  async #judgeBare(call: PythonCall, starNames: ReadonlySet<string> | undefined): Promise<Problem | undefined> {
    const bindings = this.#module.bindings.get(call.name)
    if (bindings) return this.#judgeArguments(call)
    if (!starNames || this.#module.bindsUnseen || starNames.has(call.name)) return undefined
    if (pythonBuiltins().has(call.name) || INJECTED.has(call.name)) return undefined
    const suggestion = didYouMean(call.name, [...this.#module.bindings.keys(), ...pythonBuiltins(), ...starNames])
    return problemAt(
      call,
      'unknown-function',
      `\`${call.name}\` is defined nowhere: not in this file, not imported, not built in`,
      suggestion,
    )
  }

  /** `try: unknown() except NameError: …`, `with raises(TypeError): …`, `if hasattr(ssl, 'one'): ssl.other()`: it may fail. */
  #isProbed(call: PythonCall, kind: string): boolean {
    // A handler of every `Exception` is there for the call's own errors, not for its misspelling.
    const expected =
      kind === 'unknown-function' ? /^except\s*$|\bNameError\b/ : /^except\s*$|\b(?:Type|Attribute)Error\b/
    for (let at = call.node.parent; at; at = at.parent) {
      if (at.type === 'with_statement' && /suppress|raises/i.test(this.#headOf(at))) return true
      if (at.type === 'if_statement' && /\bhasattr\(/.test(this.#headOf(at))) return true
      if (at.type === 'argument_list' && /raises$/i.test(this.#text(at.start - 12, at.start))) return true
      if (at.type !== 'try_statement') continue
      const handlers = at.children.filter(each => /^except/.test(each.type))
      if (handlers.some(each => expected.test(this.#headOf(each)))) return true
    }
    return false
  }

  /** A compound statement up to its colon. */
  #headOf(node: SyntaxNode): string {
    const block = node.children.find(each => each.type === 'block')
    return this.#text(node.start, block?.start ?? node.end)
      .trimEnd()
      .replace(/\s*:$/, '')
  }

  /** What star imports bring; undefined when that is unknown. */
  async #starNames(): Promise<ReadonlySet<string> | undefined> {
    const all = new Set<string>()
    for (const each of this.#module.imports) {
      if (!each.names?.some(name => name.name === '*')) continue
      const target = await this.#resolver.find(each.level, each.module)
      const names = target && (await this.#resolver.namesIn(target))
      if (!names) return undefined
      for (const name of names) all.add(name)
    }
    return all
  }

  /** Arguments of a call by name, where one plain function or class is all the name can mean. */
  async #judgeArguments(call: PythonCall): Promise<Problem | undefined> {
    if (call.hasSplat) return undefined
    const target = await this.#calleeOf(call)
    if (!target) return undefined
    const objection = objectionTo(call, target.parameters)
    if (!objection) return undefined
    return problemAt(
      call,
      'wrong-arguments',
      `\`${call.name}\` ${objection}`,
      signatureOf(call.name, target.parameters),
    )
  }

  async #calleeOf(call: PythonCall): Promise<Callable | undefined> {
    const bindings = this.#module.bindings.get(call.name) ?? []
    const [only] = bindings
    if (bindings.length !== 1 || !only) return undefined
    if (only.kind === 'function' || only.kind === 'class') return callableIn(this.#module, call.name)
    if (only.kind !== 'import') return undefined
    const imported = this.#importOf(call.name)
    const name = imported?.names?.find(each => each.local === call.name)?.name
    if (!imported || !name || imported.isGuarded || imported.isTypeOnly) return undefined
    const target = await this.#resolver.find(imported.level, imported.module)
    return target && this.#callableOf(target, name)
  }

  async #callableOf(target: PythonTarget, name: string): Promise<Callable | undefined> {
    if (target.kind !== 'file' || target.path.endsWith('.pyi')) return undefined
    const module = await this.#resolver.module(target.path)
    return module && !module.isBroken && !module.exposesUnseen ? callableIn(module, name) : undefined
  }

  #importOf(local: string): PythonImport | undefined {
    return this.#module.imports.find(each => each.local === local || each.names?.some(name => name.local === local))
  }

  async #judgeMember(call: PythonCall, receiver: SyntaxNode): Promise<Problem | undefined> {
    if (receiver.type === 'string' || receiver.type === 'concatenated_string') {
      const kind = /^\w*b/i.test(this.#textOf(receiver)) ? 'bytes' : 'str'
      return this.#judgeBuiltin(call, kind)
    }
    if (!/^[\w.]+$/.test(this.#textOf(receiver))) return undefined
    const written = this.#textOf(receiver)
    if (written === 'self' || written === 'cls') return this.#judgeSelf(call)
    const first = written.split('.')[0]!
    const bindings = this.#module.bindings.get(first) ?? []
    if (bindings.length === 0) return undefined
    if (bindings.every(binding => binding.kind === 'import'))
      return this.#judgeModuleMember(call, written, bindings.length)
    if (first !== written) return undefined
    return this.#judgeVariable(call, bindings)
  }

  /** What is bound in the function counts there, else what the module binds; all of it must be of one type. */
  #judgeVariable(
    call: PythonCall,
    bindings: readonly PythonBinding[],
  ): Promise<Problem | undefined> | Problem | undefined {
    const inside = bindings.filter(each => each.within === call.within && each.scope !== 'class')
    const bound = inside.length > 0 ? inside : bindings
    const kinds = new Set(bound.map(binding => typeOf(binding, this.#module.text)))
    const [kind] = kinds
    if (kinds.size !== 1 || !kind) return undefined
    if (builtinMembers(kind)) return this.#judgeBuiltin(call, kind)
    // An object of a class that extends the one written down may have more.
    return this.#judgeInstance(
      call,
      kind,
      bound.some(each => each.kind === 'parameter'),
    )
  }

  #judgeBuiltin(call: PythonCall, kind: string): Problem | undefined {
    const members = builtinMembers(kind)
    if (!members || members.has(call.name) || call.name.startsWith('_')) return undefined
    return problemAt(
      call,
      'unknown-method',
      `\`${kind}\` has no method \`${call.name}\``,
      didYouMean(call.name, members),
    )
  }

  /** `module.member()`, where the name means one import and the module can be looked into. */
  async #judgeModuleMember(call: PythonCall, written: string, bindings: number): Promise<Problem | undefined> {
    const parts = written.split('.')
    const first = parts[0]!
    const imports = this.#module.imports.filter(
      each => each.local === first || each.names?.some(name => name.local === first),
    )
    const [only] = imports
    if (!only || imports.length !== bindings || imports.some(each => each.isGuarded || each.isTypeOnly))
      return undefined
    if (call.name.startsWith('_')) return undefined
    const target = await this.#moduleBehind(only, imports, parts)
    if (!target || (target.kind !== 'std' && target.kind !== 'file')) return undefined
    if (target.kind === 'std' && (this.#resolver.python.oldestPython ?? 0) > NEWEST_KNOWN_PYTHON) return undefined
    const names = await this.#resolver.namesIn(target)
    if (names?.has(call.name)) {
      const callable = call.hasSplat ? undefined : await this.#callableOf(target, call.name)
      const objection = callable && objectionTo(call, callable.parameters)
      if (!callable || !objection) return undefined
      return problemAt(
        call,
        'wrong-arguments',
        `\`${call.name}\` ${objection}`,
        signatureOf(call.name, callable.parameters),
      )
    }
    // Somebody may have hung it on from outside.
    if (!names || this.#isAssignedTo(written, call.name)) return undefined
    return problemAt(
      call,
      'unknown-member',
      `\`${call.name}\` does not exist in \`${written}\``,
      didYouMean(call.name, names),
    )
  }

  /** The module that `a.b` means, if it is one. */
  async #moduleBehind(
    only: PythonImport,
    imports: readonly PythonImport[],
    parts: readonly string[],
  ): Promise<PythonTarget | undefined> {
    if (only.names) {
      // `from package import module`: the package must not have something else of that name.
      const name = only.names.find(each => each.local === parts[0])?.name
      if (imports.length !== 1 || parts.length !== 1 || !name || name === '*') return undefined
      const holder = await this.#resolver.find(only.level, only.module)
      if (holder?.kind === 'file') {
        const module = await this.#resolver.module(holder.path)
        if (!module || module.exposesUnseen || module.bindings.has(name)) return undefined
      }
      const target = await this.#resolver.find(only.level, only.module ? `${only.module}.${name}` : name)
      return target?.kind === 'std' || target?.kind === 'file' ? target : undefined
    }
    if (only.hasAlias)
      return imports.length === 1 && parts.length === 1 ? this.#resolver.find(0, only.module) : undefined
    return this.#resolver.find(0, parts.join('.'))
  }

  #isAssignedTo(written: string, name: string): boolean {
    const module = written.replaceAll('.', '\\.')
    const assigned = `\\b${module}\\.${name}\\b\\s*(?:=[^=]|:)`
    return new RegExp(`${assigned}|\\b(?:has|set)attr\\(\\s*${module}\\s*,\\s*(?:["']${name}["']|[^"'\\s])`).test(
      this.#module.text,
    )
  }

  /** `self.method()`: certain only when something very like it is there, since subclasses may bring the method. */
  async #judgeSelf(call: PythonCall): Promise<Problem | undefined> {
    const owner = this.#classAround(call.node)
    const members = owner && (await membersOf({ owner, module: this.#module, resolver: this.#resolver }))
    if (!owner || !members) return undefined
    const method = members.functions.get(call.name)
    if (method) return call.hasSplat || !members.isWhole ? undefined : this.#judgeMethodArguments(call, method)
    if (this.#mayHave(call, members)) return undefined
    const slip = [...members.names].find(name => isSlipOf(name, call.name))
    const near = slip ?? (this.#hasAll(owner, members) ? nearestName(call.name, members.names) : undefined)
    if (near === undefined || !isSameWord(call.name, near)) return undefined
    return problemAt(
      call,
      'unknown-method',
      `\`${owner.name}\` has no method \`${call.name}\``,
      `did you mean \`${near}\`?`,
    )
  }

  #mayHave(call: PythonCall, members: PythonMembers): boolean {
    return members.names.has(call.name) || call.name.startsWith('__') || this.#isMentionedElsewhere(call)
  }

  /** Who calls several methods it has not got expects others to bring them. */
  #hasAll(owner: PythonClass, members: PythonMembers): boolean {
    return members.isWhole && this.#unknownSelfCalls(owner, members) <= 1 && !/mixin|base|abstract/i.test(owner.name)
  }

  #unknownSelfCalls(owner: PythonClass, members: PythonMembers): number {
    const calls = this.#module.calls.filter(
      each => each.receiver && this.#textOf(each.receiver) === 'self' && this.#classAround(each.node) === owner,
    )
    return new Set(calls.filter(each => !members.names.has(each.name)).map(each => each.name)).size
  }

  #judgeMethodArguments(call: PythonCall, method: PythonFunction): Problem | undefined {
    const isStatic = method.decorators.includes('staticmethod')
    if (method.decorators.some(each => each !== 'staticmethod' && each !== 'classmethod')) return undefined
    if (isAbstract(method, this.#module.text)) return undefined
    const isClassCall = call.receiver !== undefined && this.#textOf(call.receiver) === 'cls'
    if (isClassCall && method.decorators.length === 0) return undefined
    const parameters = isStatic ? method.parameters : withoutSelf(method.parameters)
    const objection = parameters && objectionTo(call, parameters)
    if (!objection) return undefined
    return problemAt(call, 'wrong-arguments', `\`${call.name}\` ${objection}`, signatureOf(call.name, parameters))
  }

  /** `x = Class()` and nothing else is bound to `x` there, or `x: Class`. */
  async #judgeInstance(call: PythonCall, className: string, mayBeMore: boolean): Promise<Problem | undefined> {
    const found = await classCalled(className, { module: this.#module, resolver: this.#resolver })
    const members = found && (await membersOf(found))
    if (!members) return undefined
    const method = members.functions.get(call.name)
    if (method) {
      const isKnown = members.isWhole && !mayBeMore && found.module === this.#module && !call.hasSplat
      return isKnown ? this.#judgeMethodArguments(call, method) : undefined
    }
    if (this.#mayHave(call, members)) return undefined
    if ((!members.isWhole || mayBeMore) && ![...members.names].some(name => isSlipOf(name, call.name))) return undefined
    return problemAt(
      call,
      'unknown-method',
      `\`${className}\` has no method \`${call.name}\``,
      didYouMean(call.name, members.names),
    )
  }

  /** The name is bound or assigned as an attribute somewhere in this file, so it may well be there. */
  #isMentionedElsewhere(call: PythonCall): boolean {
    const pattern = new RegExp(
      `(?:\\.${call.name}\\s*(?::[^=\\n]+)?=[^=]|["']${call.name}["']|\\bdef ${call.name}\\b|^\\s*${call.name}\\s*[=:])`,
      'm',
    )
    return pattern.test(this.#module.text)
  }

  #classAround(node: SyntaxNode): PythonClass | undefined {
    for (let at = node.parent; at; at = at.parent)
      if (at.type === 'class_definition') {
        const found = at
        return this.#module.classes.find(each => each.node === found)
      }
    return undefined
  }

  #textOf(node: SyntaxNode): string {
    return this.#text(node.start, node.end)
  }

  #text(start: number, end: number): string {
    return this.#module.text.slice(start, end)
  }
}

/** A prefix more or less makes another word. */
function isSameWord(wrong: string, near: string): boolean {
  return isSlipOf(near, wrong) || isMisspelt(wrong, near)
}

/** The same word but for a letter or two. */
function isMisspelt(wrong: string, near: string): boolean {
  return (
    wrong.length > 3 && !wrong.includes(near) && !near.includes(wrong) && wrong.startsWith('_') === near.startsWith('_')
  )
}

/** The built-in type or class that what is bound certainly is. */
function typeOf({ kind, value }: PythonBinding, text: string): string | undefined {
  if (kind === 'parameter') {
    const written = value ? text.slice(value.start, value.end) : ''
    return /^[A-Z]\w*[a-z]\w*$/.test(written) ? written : undefined
  }
  if (kind !== 'assignment') return undefined
  switch (value?.type) {
    case 'string':
    case 'concatenated_string':
      return /^\w*b/i.test(text.slice(value.start, value.end)) ? 'bytes' : 'str'
    case 'list':
    case 'list_comprehension':
      return 'list'
    case 'dictionary':
    case 'dictionary_comprehension':
      return 'dict'
    case 'set':
    case 'set_comprehension':
      return 'set'
    case 'call': {
      const callee = value.child('function')
      const name = callee?.type === 'identifier' ? text.slice(callee.start, callee.end) : ''
      return /^[A-Z]\w*[a-z]/.test(name) ? name : undefined
    }
    default:
      return undefined
  }
}

function problemAt(call: PythonCall, kind: string, message: string, suggestion: string | undefined): Problem {
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
