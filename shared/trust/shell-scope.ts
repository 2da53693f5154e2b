import { UNKNOWN } from './commands/command'
import type { Statement } from './shell-syntax'

/** What the shell knows at one point of a line: folders it may be in, variables, functions, aliases. */
export class ShellScope {
  /** Where it may be; empty when that cannot be known. */
  cwds: readonly string[]
  previousCwds: readonly string[] = []
  readonly functions: Map<string, Statement>
  readonly aliases: Map<string, string>
  /** Programs may not be the ones of their name: `PATH` was changed. */
  hasOwnPath = false
  /** Commands read what comes through a pipe into their block. */
  stdinIsPiped = false
  readonly #variables: Map<string, string>
  /** False after something set variables that we cannot see. */
  #isTrusted = true

  constructor(cwds: readonly string[], variables: Map<string, string>) {
    this.cwds = cwds
    this.#variables = variables
    this.functions = new Map()
    this.aliases = new Map()
  }

  /** What a subshell starts with. */
  copy(): ShellScope {
    const copy = new ShellScope(this.cwds, new Map(this.#variables))
    for (const [name, body] of this.functions) copy.functions.set(name, body)
    for (const [name, text] of this.aliases) copy.aliases.set(name, text)
    copy.previousCwds = this.previousCwds
    copy.hasOwnPath = this.hasOwnPath
    copy.stdinIsPiped = this.stdinIsPiped
    copy.#isTrusted = this.#isTrusted
    return copy
  }

  /** Text with {@link UNKNOWN} in it; nothing for a variable that this line never set. */
  variable(name: string): string | undefined {
    if (!this.#isTrusted && name !== 'HOME') return UNKNOWN
    if (name === 'PWD') return this.cwds.length === 1 ? this.cwds[0] : UNKNOWN
    return this.#variables.get(name)
  }

  /** Whether unquoted values are split as usual. */
  get splitsAsUsual(): boolean {
    return this.variable('IFS') === DEFAULT_IFS
  }

  set(name: string, value: string): void {
    this.#variables.set(name, value)
    if (name === 'PATH') this.hasOwnPath = true
  }

  /** Something set variables out of our sight. */
  distrust(): void {
    this.#isTrusted = false
  }

  moveTo(cwds: readonly string[]): void {
    this.previousCwds = this.cwds
    this.cwds = cwds
  }

  /** What holds after a branch that may or may not have run. */
  mergeMaybe(branch: ShellScope): void {
    for (const [name, value] of branch.#variables) {
      const before = this.#variables.get(name)
      this.#variables.set(name, before === undefined || before === value ? value : UNKNOWN)
    }
    this.cwds =
      this.cwds.length === 0 || branch.cwds.length === 0 ? [] : unique([...this.cwds, ...branch.cwds]).slice(0, 8)
    this.#isTrusted &&= branch.#isTrusted
    this.hasOwnPath ||= branch.hasOwnPath
    for (const [name, body] of branch.functions) this.functions.set(name, body)
    for (const [name, text] of branch.aliases) this.aliases.set(name, text)
  }
}

export const DEFAULT_IFS = ' \t\n'

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
