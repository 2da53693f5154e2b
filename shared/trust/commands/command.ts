import type { EffectClass } from '#shared/protocol/approvals'

/** Stands in an argument for text that cannot be known beforehand. NUL never reaches a command line. */
export const UNKNOWN = '\0'

/** A word after the shell expanded it. */
export interface Arg {
  /** What the program gets; {@link UNKNOWN} where that depends on the moment. */
  text: string
  /** As written. */
  source: string
  /** Unquoted and unknown, or a pattern: may become none or several words. */
  mayBeSeveral: boolean
  /** Holds what a command prints. */
  isSubstituted: boolean
}

/** What a word of a command is to it. `line` is a whole shell line. */
export type Role = 'read' | 'write' | 'text' | 'host' | 'url' | 'folder' | 'line'

/**
 * What is known of a program or of one of its sub-commands. Names stand in one text, separated by blanks.
 * An option without an entry changes nothing.
 */
export interface Command {
  /** What it does at worst when nothing below says otherwise. */
  class: EffectClass
  /** As the user reads it: "deletes files". */
  why?: string
  /** Options that take a value, by what the value is. `write` and `line` count as what they do. */
  values?: Partial<Record<Role, string>>
  /** Options that make it worse. */
  raises?: Partial<Record<EffectClass, string>>
  /** Options with which it only looks. */
  looksWith?: string
  /** What its operands are; without it, paths among them may be read or written. */
  operands?: Role | 'program' | 'copies' | 'text then read' | 'text then write'
  /** Options are words after one dash, as in `find -name`. */
  singleDash?: boolean
  /** Sub-commands by their first word. */
  sub?: Record<string, EffectClass | Command>
  /** Without a sub-command. */
  bare?: EffectClass
  /** Everything after the first operand belongs to that operand: `env`, `timeout`, `docker run`. */
  stopsAtOperand?: boolean
  /** A value that cannot be known may be an option that changes everything. */
  fearsUnknown?: boolean
  /** What data cannot say. Runs after the rest. */
  judge?(call: Call): void
}

/** Programs by name; several names share an entry when separated by blanks. */
export type CommandTable = Record<string, EffectClass | Command>

export interface Option {
  /** With its dashes. */
  name: string
  value?: Arg
}

/** Where a command's input comes from. */
export type Stdin = { kind: 'none' } | { kind: 'pipe' } | { kind: 'file' } | { kind: 'text'; text: string }

/** One call of a program, read by its table, and the pen for what it does. */
export interface Call {
  /** Base name. */
  name: string
  /** All words after the name, and after the sub-commands. */
  args: readonly Arg[]
  options: readonly Option[]
  operands: readonly Arg[]
  stdin: Stdin
  /** Whether one of these options (blank-separated) is there. */
  has(names: string): boolean
  /** The value of the last of these options. */
  value(names: string): Arg | undefined
  /** It is at least of this class. */
  raise(effectClass: EffectClass, reason: string): void
  /** It is exactly of this class after all, whatever the table said; what options raised stays. */
  settle(effectClass: EffectClass, reason: string): void
  /** What it would do cannot be known. */
  unknown(reason: string): void
  reads(arg: Arg): void
  writes(arg: Arg): void
  reaches(host: string): void
  /** Runs another program with these words. */
  runs(args: readonly Arg[], stdin?: Stdin): void
  /** What is run in `work` runs on another machine or in a container: paths are not ours. */
  elsewhere(work: () => void): void
  /** Hands this text to a shell. */
  runsLine(line: Arg, where?: string): void
  /** Variables of the shell or of the programs it starts. */
  assigns(name: string, value: Arg): void
  shell: {
    /** The shell's folder from here on; nothing: home. */
    moveTo(folder: Arg | undefined): void
    /** Variables may have been set by something that cannot be seen. */
    distrust(): void
    alias(name: string, text: string): void
  }
}

/** An argument made by us. */
export function argOf(text: string): Arg {
  return { text, source: text, mayBeSeveral: false, isSubstituted: false }
}

/** The names in a blank-separated text. */
export function namesOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean)
}
