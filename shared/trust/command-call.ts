import type { EffectClass } from '#shared/protocol/approvals'
import { type Arg, type Command, namesOf, type Option, type Role, UNKNOWN } from './commands/command'

/** A command's entry with its names looked up quickly. */
export interface CompiledCommand {
  command: Command
  roles: Map<string, Role>
  raises: Map<string, EffectClass>
  looks: Set<string>
  subs: Map<string, Command>
}

const compiled = new WeakMap<Command, CompiledCommand>()

/** Reads an entry of a table once. */
export function compile(command: Command): CompiledCommand {
  const known = compiled.get(command)
  if (known) return known
  const roles = new Map<string, Role>()
  for (const [role, names] of roleEntries(command)) for (const name of namesOf(names)) roles.set(name, role)
  const raises = new Map<string, EffectClass>()
  for (const [effectClass, names] of raiseEntries(command))
    for (const name of namesOf(names)) raises.set(name, effectClass)
  const subs = new Map<string, Command>()
  for (const [names, entry] of Object.entries(command.sub ?? {})) {
    for (const name of namesOf(names)) subs.set(name, asCommand(entry))
  }
  const result = { command, roles, raises, looks: new Set(namesOf(command.looksWith ?? '')), subs }
  compiled.set(command, result)
  return result
}

/** A class alone is a command with nothing more to tell. */
export function asCommand(entry: EffectClass | Command): Command {
  return typeof entry === 'string' ? { class: entry } : entry
}

function roleEntries(command: Command): [Role, string][] {
  const { values = {} } = command
  const roles: Role[] = ['read', 'write', 'text', 'host', 'url', 'folder', 'line']
  return roles.map(role => [role, values[role] ?? ''])
}

function raiseEntries(command: Command): [EffectClass, string][] {
  const { raises = {} } = command
  const classes: EffectClass[] = ['read_only', 'local_mutation', 'remote_action', 'destructive']
  return classes.map(effectClass => [effectClass, raises[effectClass] ?? ''])
}

/** The words of a call, told apart. `subArgs` is what follows the sub-command's name. */
export interface ParsedArgs {
  options: Option[]
  operands: Arg[]
  sub?: { name: Arg; rest: Arg[] }
}

/**
 * Tells options from operands as getopt would: bundles (`-fd`), glued values (`-ofile`, `--out=file`), `--`.
 *
 * @param outer entries of the commands this one is a sub-command of: their options may stand here too
 */
export function parseArgs(args: readonly Arg[], entry: CompiledCommand, outer: readonly CompiledCommand[]): ParsedArgs {
  const levels = [entry, ...outer]
  const takesValue = (name: string) => levels.some(level => level.roles.has(name))
  const isNamed = (name: string) =>
    takesValue(name) || levels.some(level => level.raises.has(name) || level.looks.has(name))
  const options: Option[] = []
  const operands: Arg[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (!arg) break
    const { text } = arg
    if (text === '--') {
      operands.push(...args.slice(index + 1))
      break
    }
    if (!text.startsWith('-') || text === '-') {
      if (entry.subs.size > 0) return { options, operands, sub: { name: arg, rest: args.slice(index + 1) } }
      operands.push(arg)
      if (entry.command.stopsAtOperand) {
        operands.push(...args.slice(index + 1))
        break
      }
      continue
    }
    const equals = text.indexOf('=')
    const name = equals > 0 ? text.slice(0, equals) : text
    if (text.startsWith('--') || entry.command.singleDash || (text.length > 2 && isNamed(name))) {
      if (equals > 0) options.push({ name, value: { ...arg, text: text.slice(equals + 1) } })
      else if (takesValue(longName(name, levels))) options.push({ name, ...withValue(args[++index]) })
      else options.push({ name })
      continue
    }
    for (let at = 1; at < text.length; at++) {
      const letter = `-${text[at]}`
      if (!takesValue(letter)) {
        options.push({ name: letter })
        continue
      }
      const glued = text.slice(at + 1)
      if (glued) options.push({ name: letter, value: { ...arg, text: glued } })
      else options.push({ name: letter, ...withValue(args[++index]) })
      break
    }
  }
  return { options, operands }
}

function withValue(value: Arg | undefined): { value?: Arg } {
  return value ? { value } : {}
}

/** getopt_long takes any unambiguous beginning: `--in-pl` is `--in-place`. */
export function longName(name: string, levels: readonly CompiledCommand[]): string {
  if (!name.startsWith('--') || name.length < 4) return name
  const known = levels.flatMap(level => [...level.roles.keys(), ...level.raises.keys()])
  return known.includes(name) ? name : (known.find(each => each.startsWith(name)) ?? name)
}

/** What an argument is when nothing is known about it. */
export function isUnknown(arg: Arg): boolean {
  return arg.text.includes(UNKNOWN)
}
