import { shellWord } from '#shared/base/shell-word'
import type { EffectClass } from '#shared/protocol/approvals'
import { asCommand, type CompiledCommand, compile, isUnknown, longName, parseArgs } from './command-call'
import {
  type Arg,
  argOf,
  type Call,
  type Command,
  namesOf,
  type Option,
  type Role,
  type Stdin,
  UNKNOWN,
} from './commands/command'
import { judgeVariable } from './commands/environment'
import { commandNamed } from './commands/registry'
import { type Effect, effectOf, worseClass } from './effects'
import { COMPUTES, expandsPrompt, HIDDEN_COMMAND, hidesCommand, hidesOption, unhidden } from './hidden-commands'
import { Judgement } from './judgement'
import { knownOutput } from './known-output'
import { isSecret, isSystemPath, normalizePath, type PathScope, placeOf } from './path-scope'
import { expandValue, expandWord } from './shell-expansion'
import type { ShellParser } from './shell-parser'
import { readShell } from './shell-reader'
import { DEFAULT_IFS, ShellScope } from './shell-scope'
import type { Redirect, Script, SimpleCommand, Statement, Step, Word } from './shell-syntax'
import { TouchedPlaces } from './touched-places'

/** Where a line would run. All paths absolute. */
export interface ShellPlace extends PathScope {
  /** Starting folder; the root unless given. */
  cwd?: string
  /** Variables the command will see and whose values may be relied on. */
  env?: Readonly<Record<string, string>>
}

/** One simple command of a line. */
export interface ShellPart {
  text: string
  class: EffectClass
  reason: string
}

/** What a command line can do at worst. */
export interface ShellVerdict {
  /** False: no reading of it can be relied on. */
  parsed: boolean
  parts: ShellPart[]
  effect: Effect
}

/** Judges a command line; the worst of its parts counts. Never runs or reads anything. */
export async function classifyShell(
  commandLine: string,
  place: ShellPlace,
  parser: ShellParser,
): Promise<ShellVerdict> {
  const script = await parser.parse(commandLine)
  if (!script.ok) return unparsed(commandLine, `cannot be understood: ${script.error.message}`)
  const evaluation = new Evaluation(place)
  evaluation.run(script.value)
  return evaluation.verdict(commandLine)
}

/** Programs that do not matter beside others: `git push | tail`. */
function onlyReads(program: string): boolean {
  const entry = commandNamed(program)
  return (typeof entry === 'string' ? entry : entry?.class) === 'read_only' && !program.includes('/')
}

function unparsed(command: string, reason: string): ShellVerdict {
  const text = command.length > 200 ? `${command.slice(0, 200)}…` : command
  const effect = effectOf('destructive', reason, { isKnown: false })
  return { parsed: false, parts: [{ text, class: 'destructive', reason }], effect }
}

/** More commands than this, counted after loops and functions are followed, are not judged one by one. */
const MAX_COMMANDS = 4_000
const MAX_LINE_DEPTH = 8

const STANDARD_FOLDERS =
  /^(\/usr(\/local)?\/s?bin|\/s?bin|\/opt\/homebrew\/bin|\/opt\/local\/bin|\/snap\/bin|.*\/node_modules\/\.bin|(.*\/)?\.?venv\/bin|(.*\/)?env\/bin)$/

/** Follows a script as the shell would, and notes what each command can do. */
class Evaluation {
  readonly #place: ShellPlace
  readonly #parts: ShellPart[] = []
  readonly #programs = new Set<string>()
  readonly #touched: TouchedPlaces
  readonly #outside = new Set<string>()
  readonly #running = new Set<Statement>()
  #scope: ShellScope
  #isKnown = true
  #commands = 0
  #lineDepth = 0

  constructor(place: ShellPlace) {
    this.#place = place
    this.#touched = new TouchedPlaces(place)
    const variables = new Map(Object.entries(place.env ?? {}))
    variables.set('HOME', place.home)
    variables.set('IFS', DEFAULT_IFS)
    if (place.tmp) variables.set('TMPDIR', place.tmp)
    this.#scope = new ShellScope([place.cwd ?? place.root], variables)
  }

  verdict(command: string): ShellVerdict {
    this.#addLeak(command)
    const { reads, writes, hosts, agentFiles, controlFiles } = this.#touched
    const worst = this.#parts.reduce<ShellPart | undefined>(
      (a, b) => (a === undefined || (a.class !== b.class && worseClass(a.class, b.class) === b.class) ? b : a),
      undefined,
    )
    const programs = [...this.#programs]
    const effect = effectOf(worst?.class ?? 'read_only', worst?.reason ?? 'does nothing', {
      isKnown: this.#isKnown,
      programs,
      readers: programs.filter(onlyReads),
      reads: [...reads],
      writes: [...writes],
      network: [...hosts],
      outside_project: worst === undefined || worst.class === 'read_only' ? [] : [...this.#outside].sort(),
      agent_files: [...agentFiles].sort(),
      control_files: [...controlFiles].sort(),
    })
    return { parsed: true, parts: this.#parts, effect }
  }

  /** Reading a secret is fine, and so is the network; both in one line may carry the secret away. */
  #addLeak(command: string): void {
    const { reads, hosts } = this.#touched
    const secrets = [...reads].filter(isSecret)
    if (secrets.length === 0 || hosts.size === 0) return
    const reason = `${secrets.join(', ')} may be sent to ${[...hosts].join(', ')}`
    this.#parts.push({ text: command, class: 'destructive', reason })
  }

  // ── Structure ───────────────────────────────────────────────────────────────────────────────────────────

  run(script: Script): void {
    let before: Step['joint'] = ';'
    for (const { statement, joint } of script.steps) {
      if (joint === '&') this.#inSubshell(() => this.#statement(statement))
      else if (before === '||') this.#maybe(() => this.#statement(statement))
      else if (before === '&&') this.#likely(() => this.#statement(statement))
      else this.#statement(statement)
      before = joint
    }
  }

  #inSubshell(work: () => void): void {
    const outer = this.#scope
    this.#scope = outer.copy()
    work()
    this.#scope = outer
  }

  #maybe(work: () => void): void {
    const before = this.#scope
    this.#scope = before.copy()
    work()
    before.mergeMaybe(this.#scope)
    this.#scope = before
  }

  /** After `&&`: its folder counts as reached, its variables only perhaps as set. */
  #likely(work: () => void): void {
    const before = this.#scope
    this.#scope = before.copy()
    work()
    const { cwds, previousCwds } = this.#scope
    before.mergeMaybe(this.#scope)
    before.cwds = cwds
    before.previousCwds = previousCwds
    this.#scope = before
  }

  #statement(statement: Statement): void {
    if (this.#commands > MAX_COMMANDS) return
    switch (statement.kind) {
      case 'command':
        this.#simple(statement)
        return
      case 'pipeline':
        statement.parts.forEach((part, index) => {
          this.#inSubshell(() => {
            if (index > 0) this.#scope.stdinIsPiped = true
            this.#statement(part)
          })
        })
        return
      case 'group':
        if (statement.isSubshell) this.#inSubshell(() => this.#block(statement.body, statement.redirects))
        else this.#block(statement.body, statement.redirects)
        return
      case 'branches':
        this.#words(statement.words)
        this.#redirects(statement.redirects, statement.text)
        this.run(statement.first)
        for (const branch of statement.branches) this.#maybe(() => this.run(branch))
        return
      case 'loop':
        this.#loop(statement)
        return
      case 'function':
        this.#define(statement.name, statement.body)
        return
      case 'test':
        this.#judgeTest(statement.words, statement.text)
        this.#redirects(statement.redirects, statement.text)
        this.#setNumbers(statement.words)
        if (statement.asPosix) this.#otherReading(statement.asPosix)
        return
    }
  }

  #judgeTest(words: readonly Word[], text: string): void {
    const args = this.#words(words)
    if (!args.some(hidesCommand) && !words.some(expandsPrompt)) return
    const judgement = new Judgement({ kind: 'none' })
    judgement.unknown(HIDDEN_COMMAND)
    this.#finish(judgement, text)
  }

  /** What a plainer shell would run instead of a test. Names that only look like programs, as `n` in `((n > 1))`, do not count. */
  #otherReading(script: Script): void {
    const [parts, outside, programs] = [this.#parts.length, this.#outside.size, new Set(this.#programs)]
    this.#inSubshell(() => this.run(script))
    const isHarmless = this.#parts.slice(parts).every(part => part.class !== 'destructive')
    if (!isHarmless || this.#outside.size > outside) return
    this.#parts.length = parts
    for (const name of this.#programs) if (!programs.has(name)) this.#programs.delete(name)
  }

  #block(body: Script, redirects: readonly Redirect[]): void {
    const stdin = this.#redirects(redirects, '')
    if (stdin) this.#withPipedStdin(() => this.run(body))
    else this.run(body)
  }

  #loop(statement: Extract<Statement, { kind: 'loop' }>): void {
    const values = this.#words(statement.values)
    this.#judgeTest(statement.values, statement.text)
    this.#redirects(statement.redirects, statement.text)
    const { variable } = statement
    const known = values.filter(value => !value.mayBeSeveral).map(value => value.text)
    // A short list is followed value by value; a pattern stands for names below its folder.
    const runs =
      known.length === values.length && known.length > 0 && known.length <= 8
        ? known
        : values.length > 0
          ? [patternOf(values)]
          : [UNKNOWN]
    for (const value of runs) {
      this.#maybe(() => {
        if (variable) this.#scope.set(variable, value)
        this.run(statement.body)
      })
    }
  }

  #define(name: string, body: Statement): void {
    this.#scope.functions.set(name, body)
    this.#running.add(body)
    // Its positional parameters are unknown, and so is whether it will run: it counts as if it did.
    this.#inSubshell(() => this.#statement(body))
    this.#running.delete(body)
  }

  /** `(( x = 1 ))` sets variables to numbers. */
  #setNumbers(words: readonly Word[]): void {
    for (const word of words) {
      for (const match of word.text.matchAll(/([A-Za-z_][A-Za-z0-9_]*)\s*(?:[-+*/%|&^]|<<|>>)?=(?!=)/g)) {
        this.#scope.set(match[1] ?? '', UNKNOWN)
      }
    }
  }

  // ── Words ───────────────────────────────────────────────────────────────────────────────────────────────

  readonly #substitute = (script: Script): string | undefined => {
    const output = this.#outputOf(script)
    this.#inSubshell(() => this.run(script))
    return output
  }

  #words(words: readonly Word[]): Arg[] {
    return words.flatMap(word => expandWord(word, this.#scope, this.#substitute))
  }

  /** What a substitution prints, where no program has to run to know it. */
  #outputOf(script: Script): string | undefined {
    const [step] = script.steps
    if (script.steps.length !== 1 || step?.statement.kind !== 'command') return undefined
    const { words, assignments, redirects } = step.statement
    if (assignments.length > 0 || redirects.length > 0) return undefined
    if (words.some(word => word.pieces.some(piece => piece.kind === 'command' || piece.kind === 'process')))
      return undefined
    const args = words.flatMap(word => expandWord(word, this.#scope, () => undefined))
    if (args.some(arg => arg.mayBeSeveral)) return undefined
    const [name, ...rest] = args.map(arg => arg.text)
    if (name === undefined || this.#scope.functions.has(name) || this.#scope.aliases.has(name)) return undefined
    return knownOutput(name, rest, this.#scope.cwds, this.#place.root)
  }

  // ── Commands ────────────────────────────────────────────────────────────────────────────────────────────

  #simple(command: SimpleCommand): void {
    if (++this.#commands > MAX_COMMANDS) {
      this.#isKnown = false
      if (this.#commands === MAX_COMMANDS + 1) {
        this.#parts.push({ text: command.text, class: 'destructive', reason: 'it does too much to be judged' })
      }
      return
    }
    const judgement = new Judgement(this.#scope.stdinIsPiped ? { kind: 'pipe' } : { kind: 'none' })
    const args = this.#words(command.words)
    const stdin = this.#judgeRedirects(command.redirects, judgement)
    if (stdin) judgement.stdin = stdin
    const values = command.assignments.map(assignment => ({
      ...assignment,
      value: expandValue(assignment.values, this.#scope, this.#substitute),
    }))
    const isAlone = command.words.length === 0
    const looksAtNumbers = COMPUTES.has(args[0]?.text ?? '') || this.#scope.functions.has(args[0]?.text ?? '')
    const seen = [...values.map(({ value }) => value), ...(looksAtNumbers ? args : [])]
    const expanded = [...command.words, ...command.assignments.flatMap(assignment => assignment.values)]
    if (seen.some(hidesCommand) || expanded.some(expandsPrompt)) judgement.unknown(HIDDEN_COMMAND)
    for (const { name, value } of values) judgeVariable(this.#call(judgement, name, []), name, value, !isAlone)
    if (isAlone) {
      for (const { name, value, appends, isArray } of values) {
        const before = appends ? (this.#scope.variable(name) ?? '') : ''
        this.#scope.set(name, isArray ? UNKNOWN : before + value.text)
      }
    }
    if (args.length > 0)
      this.#program(
        args,
        judgement,
        values.some(({ name }) => name === 'PATH'),
      )
    else if (!isAlone) judgement.unknown('what it runs cannot be known beforehand')
    this.#finish(judgement, command.text)
  }

  #finish(judgement: Judgement, text: string): void {
    const { effectClass, reason } = judgement
    if (!judgement.isKnown) this.#isKnown = false
    const cwdIsOutside = (cwd: string) => ['outside', 'device'].includes(placeOf(cwd, this.#place))
    if (effectClass !== 'read_only') {
      for (const path of judgement.outside) this.#outside.add(path)
      if (!this.#touched.isElsewhere) for (const cwd of this.#scope.cwds.filter(cwdIsOutside)) this.#outside.add(cwd)
    }
    this.#parts.push({ text, class: effectClass, reason: reason || 'only reads' })
  }

  #redirects(redirects: readonly Redirect[], text: string): Stdin | undefined {
    if (redirects.length === 0) return undefined
    const judgement = new Judgement({ kind: 'none' })
    const stdin = this.#judgeRedirects(redirects, judgement)
    if (judgement.effectClass !== 'read_only')
      this.#finish(judgement, text || redirects.map(each => each.target.text).join(' '))
    return stdin
  }

  #judgeRedirects(redirects: readonly Redirect[], judgement: Judgement): Stdin | undefined {
    let stdin: Stdin | undefined
    for (const { operator, target } of redirects) {
      if (operator === '<<' || operator === '<<<') {
        stdin = { kind: 'text', text: expandValue([target], this.#scope, this.#substitute).text }
        continue
      }
      const [arg = argOf(UNKNOWN)] = this.#words([target])
      if ((operator === '>&' || operator === '<&') && /^(\d+-?|-)$/.test(arg.text)) continue
      const socket = /^\/dev\/(?:tcp|udp)\/([^/]+)/.exec(arg.text)
      if (socket) {
        this.#touched.hosts.add(socket[1] ?? UNKNOWN)
        judgement.raise('destructive', 'opens a connection of its own')
      } else if (operator === '<' || operator === '<&') {
        stdin = { kind: 'file' }
        this.#touched.read(arg, this.#scope.cwds, judgement)
      } else this.#touched.write(arg, this.#scope.cwds, judgement, 'writes')
    }
    return stdin
  }

  #program(args: readonly Arg[], judgement: Judgement, hasOwnPath = false): void {
    const [first, ...rest] = args
    if (!first) return
    if (first.isSubstituted || isUnknown(first) || (first.mayBeSeveral && /[*?]|\[./.test(first.text))) {
      judgement.unknown('what it runs cannot be known beforehand')
      return
    }
    const text = first.text
    const alias = this.#scope.aliases.get(text)
    if (alias !== undefined && alias !== text) {
      this.#line([alias, ...rest.map(arg => quoteForShell(arg.text))].join(' '), judgement)
      return
    }
    const body = this.#scope.functions.get(text)
    if (body) {
      this.#callFunction(body, text, judgement)
      return
    }
    const slash = text.lastIndexOf('/')
    const folder = slash < 0 ? '' : text.slice(0, slash) || '/'
    const name = text.slice(slash + 1).replace(/\.(exe|cmd|bat)$/i, '')
    this.#programs.add(text)
    // A file of the project's own may well be called like a builtin of another shell.
    const isOwnFile = slash >= 0 && !STANDARD_FOLDERS.test(folder) && /^(del|erase|rd|format)$/.test(name)
    const entry = isOwnFile ? undefined : commandNamed(name)
    if (name !== name.toLowerCase()) judgement.raise('local_mutation', `${name} is not known to only read`)
    const call = this.#call(judgement, name, rest)
    if (slash >= 0 && !STANDARD_FOLDERS.test(folder)) {
      judgement.raise('local_mutation', `${text} is a program of its own`)
      if (!isSystemPath(text)) this.#touched.mention(first, this.#scope.cwds, judgement)
    } else if (this.#scope.hasOwnPath || hasOwnPath)
      judgement.raise('local_mutation', `${name} may be another program, since PATH is set`)
    if (entry) {
      this.#byTable(asCommand(entry), call, [])
      // An unknown value may be empty, so that `$x-delete` is an option after all.
      if (rest.some(hidesOption)) {
        const inner = new Judgement(judgement.stdin)
        this.#byTable(asCommand(entry), this.#call(inner, name, rest.map(unhidden)), [])
        judgement.take(inner)
      }
    } else {
      judgement.raise('local_mutation', `${name} is not known to only read`)
      for (const arg of rest) this.#touched.guess(arg, this.#scope.cwds, judgement)
    }
  }

  #callFunction(body: Statement, name: string, judgement: Judgement): void {
    if (this.#running.has(body)) {
      judgement.unknown(`${name} calls itself`)
      return
    }
    this.#running.add(body)
    this.#statement(body)
    this.#running.delete(body)
    judgement.settle('read_only', `${name} is defined in this line`)
  }

  #byTable(command: Command, call: Call & { judgement: Judgement }, outer: readonly CompiledCommand[]): void {
    const entry = compile(command)
    const levels = [entry, ...outer]
    const parsed = parseArgs(call.args, entry, outer)
    const { judgement } = call
    this.#judgeOptions(parsed.options, levels, call)
    if (parsed.sub) {
      const { name, rest } = parsed.sub
      if (isUnknown(name)) {
        judgement.unknown(`what ${call.name} is told to do cannot be known beforehand`)
        return
      }
      const sub = entry.subs.get(name.text)
      if (sub) {
        const inner = this.#call(judgement, `${call.name} ${name.text}`, rest, [...call.options, ...parsed.options])
        this.#byTable(sub, inner, levels)
        return
      }
      parsed.operands.push(name, ...rest)
    }
    const full: Call & { judgement: Judgement } = {
      ...this.#call(judgement, call.name, call.args, [...call.options, ...parsed.options]),
      operands: parsed.operands,
    }
    const isBare = entry.subs.size > 0 && !parsed.sub
    const base = isBare ? (command.bare ?? 'read_only') : command.class
    const looks = parsed.options.some(option => entry.looks.has(option.name)) || asksForHelp(full)
    const effectClass = looks ? 'read_only' : base
    judgement.start(effectClass, looks || isBare ? '' : `${call.name} ${command.why ?? DEFAULT_REASON[effectClass]}`)
    if (looks && asksForHelp(full)) return
    if (command.fearsUnknown && full.args.some(arg => arg.isSubstituted && arg.mayBeSeveral)) {
      judgement.raise(
        effectClass === 'read_only' ? 'local_mutation' : effectClass,
        `${call.name} may be given other options`,
      )
    }
    this.#judgeOperands(looks ? { ...command, operands: 'read' } : command, full, parsed.options, levels)
    if (!looks || command.judge) command.judge?.(full)
  }

  #judgeOptions(
    options: readonly Option[],
    levels: readonly CompiledCommand[],
    call: Call & { judgement: Judgement },
  ): void {
    for (const option of options) {
      const name = longName(option.name, levels)
      for (const level of levels) {
        const raised = level.raises.get(name)
        if (raised) call.raise(raised, `${call.name} ${name}: ${DEFAULT_REASON[raised]}`)
        const role = level.roles.get(name)
        if (role && option.value) this.#byRole(role, option.value, call, `${call.name} ${name}`)
        if (raised || role) break
      }
    }
  }

  #byRole(role: Role, value: Arg, call: Call & { judgement: Judgement }, where: string): void {
    switch (role) {
      case 'read':
        this.#touched.read(value, this.#scope.cwds, call.judgement)
        return
      case 'write':
        this.#touched.write(value, this.#scope.cwds, call.judgement, `${where} writes`)
        return
      case 'line':
        // What it reads comes from the program that starts it.
        this.#withPipedStdin(() => call.runsLine(value, where))
        return
      case 'host':
      case 'url':
        call.reaches(value.text)
        return
      case 'folder':
        this.#touched.mention(value, this.#scope.cwds, call.judgement)
        return
      case 'text':
        return
    }
  }

  #withPipedStdin(work: () => void): void {
    const before = this.#scope.stdinIsPiped
    this.#scope.stdinIsPiped = true
    work()
    this.#scope.stdinIsPiped = before
  }

  #judgeOperands(
    command: Command,
    call: Call & { judgement: Judgement },
    options: readonly Option[],
    levels: readonly CompiledCommand[],
  ): void {
    const { operands } = call
    const each = (role: Role, list: readonly Arg[]) => {
      for (const arg of list) this.#byRole(role, arg, call, call.name)
    }
    switch (command.operands) {
      case undefined:
        if (command.stopsAtOperand) break
        for (const arg of operands) this.#touched.guess(arg, this.#scope.cwds, call.judgement)
        break
      case 'copies':
        each('read', operands.slice(0, -1))
        each('write', operands.slice(-1))
        break
      case 'text then read':
        each('read', operands.slice(1))
        break
      case 'text then write':
        each('write', operands.slice(1))
        break
      case 'program':
        if (operands.length > 0) call.runs(operands)
        break
      default:
        each(command.operands, operands)
    }
    // Options without an entry may still carry a path: --prefix=/usr, -I/usr/include.
    for (const { name, value } of options) {
      if (!value || levels.some(level => level.roles.has(longName(name, levels)))) continue
      this.#touched.guess(value, this.#scope.cwds, call.judgement)
    }
  }

  // ── What tables may say ─────────────────────────────────────────────────────────────────────────────────

  #call(
    judgement: Judgement,
    name: string,
    args: readonly Arg[],
    options: readonly Option[] = [],
  ): Call & { judgement: Judgement } {
    return {
      judgement,
      name,
      args,
      options,
      operands: [],
      stdin: judgement.stdin,
      has(names) {
        const wanted = namesOf(names)
        return options.some(option => wanted.includes(option.name))
      },
      value(names) {
        const wanted = namesOf(names)
        return options.findLast(option => wanted.includes(option.name))?.value
      },
      raise: (effectClass, reason) => judgement.raise(effectClass, reason),
      settle: (effectClass, reason) => judgement.settle(effectClass, reason),
      unknown: reason => judgement.unknown(reason),
      reads: arg => this.#touched.read(arg, this.#scope.cwds, judgement),
      writes: arg => this.#touched.write(arg, this.#scope.cwds, judgement, `${name} writes`),
      reaches: host => this.#touched.reach(host),
      runs: (inner, stdin) => this.#runs(inner, judgement, stdin),
      elsewhere: work => this.#touched.elsewhere(work),
      runsLine: (line, where) => this.#runsLine(line, judgement, where ?? name),
      assigns: (variable, value) => {
        judgeVariable(this.#call(judgement, variable, []), variable, value, false)
        this.#scope.set(variable, value.text)
      },
      shell: {
        moveTo: target => this.#moveTo(target),
        distrust: () => this.#scope.distrust(),
        alias: (alias, text) => this.#scope.aliases.set(alias, text),
      },
    }
  }

  #moveTo(target: Arg | undefined): void {
    if (target === undefined) this.#scope.moveTo([this.#place.home])
    else if (target.text === '-') this.#scope.moveTo(this.#scope.previousCwds)
    else if (isUnknown(target)) {
      // A folder below a known one keeps the place of that one.
      const known = target.text.slice(0, target.text.indexOf(UNKNOWN))
      this.#scope.moveTo(known.includes('/') ? this.#scope.cwds.map(cwd => normalizePath(known, cwd)) : [])
    } else this.#scope.moveTo(this.#scope.cwds.map(cwd => normalizePath(target.text, cwd)))
  }

  #runs(args: readonly Arg[], judgement: Judgement, stdin?: Stdin): void {
    if (++this.#commands > MAX_COMMANDS) {
      judgement.unknown('it does too much to be judged')
      return
    }
    const inner = new Judgement(stdin ?? judgement.stdin)
    this.#program(args, inner)
    judgement.take(inner)
  }

  #runsLine(line: Arg, judgement: Judgement, where: string): void {
    if (isUnknown(line)) {
      judgement.unknown(`${where} runs text that cannot be known beforehand`)
      return
    }
    this.#line(line.text, judgement)
  }

  #line(text: string, judgement: Judgement): void {
    const script = readShell(text)
    if (!script.ok || this.#lineDepth >= MAX_LINE_DEPTH) {
      judgement.unknown(
        `it runs text that cannot be understood: ${script.ok ? 'nested too deeply' : script.error.message}`,
      )
      return
    }
    const from = this.#parts.length
    this.#lineDepth++
    this.#inSubshell(() => this.run(script.value))
    this.#lineDepth--
    for (const part of this.#parts.slice(from)) judgement.raise(part.class, part.reason)
  }
}

const DEFAULT_REASON: Record<EffectClass, string> = {
  read_only: 'only reads',
  local_mutation: 'may change files',
  remote_action: 'acts on another machine',
  destructive: 'can destroy what cannot be brought back',
}

function asksForHelp(call: Call): boolean {
  if (call.operands.length > 0 || call.args.length === 0 || call.args.length > 2) return false
  const [first, second] = call.args.map(arg => arg.text)
  if (second !== undefined && second !== '--verbose' && second !== '-v') return false
  return /^(--help|--version|-version|-V|-v|-vV)$/.test(first ?? '')
}

/** The folder that all values of a pattern lie in, and an unknown name. */
function patternOf(values: readonly Arg[]): string {
  const [only] = values
  if (values.length !== 1 || !only) return UNKNOWN
  const glob = only.text.search(/[*?[\0]/)
  return glob < 0 ? only.text : `${only.text.slice(0, glob)}${UNKNOWN}`
}

function quoteForShell(text: string): string {
  return text.includes(UNKNOWN) ? '"$unknown"' : shellWord(text)
}
