import type { EffectClass, TrustMode } from '#shared/protocol/approvals'
import type { Actor, DecisionKind } from './matrix'
import { decideTrust } from './policy'
import type { TrustRule } from './rules'
import { classifyShell, type ShellPart, type ShellPlace } from './shell-classifier'
import type { ShellParser } from './shell-parser'

/** What `kode trust check` prints. Scripts rely on it; its schema is versioned. */
export interface TrustCheck {
  schema_version: 1
  command: string
  parsed: boolean
  class: EffectClass
  outside_project: string[]
  decisions: {
    plan: DecisionKind
    safe: DecisionKind
    auto: DecisionKind
    /** `auto` with nobody to ask. */
    headless: DecisionKind
    sub_agent: { plan: DecisionKind; safe: DecisionKind; auto: DecisionKind }
  }
  parts: ShellPart[]
}

/** What a command line can do at worst, and what each mode decides. Runs nothing. */
export async function checkCommand(
  commandLine: string,
  place: ShellPlace,
  parser: ShellParser,
  rules: readonly TrustRule[] = [],
): Promise<TrustCheck> {
  const { parsed, parts, effect } = await classifyShell(commandLine, place, parser)
  const decide = (mode: TrustMode, actor: Actor) =>
    decideTrust(effect, mode, actor, { rules, command: commandLine }).kind
  return {
    schema_version: 1,
    command: commandLine,
    parsed,
    class: effect.class,
    outside_project: effect.outside_project,
    decisions: {
      plan: decide('plan', 'interactive'),
      safe: decide('safe', 'interactive'),
      auto: decide('auto', 'interactive'),
      headless: decide('auto', 'headless'),
      sub_agent: {
        plan: decide('plan', 'sub_agent'),
        safe: decide('safe', 'sub_agent'),
        auto: decide('auto', 'sub_agent'),
      },
    },
    parts,
  }
}

/**
 * One line of `kode trust check --stdin`: a JSON string in, the JSON of its check out, whatever the line is.
 * What is no JSON string counts as a command that cannot be understood.
 */
export async function checkJsonLine(
  line: string,
  place: ShellPlace,
  parser: ShellParser,
  rules: readonly TrustRule[] = [],
): Promise<string> {
  const command = stringIn(line)
  if (command !== undefined) return JSON.stringify(await checkCommand(command, place, parser, rules))
  const unreadable = await checkCommand('\0', place, parser)
  const reason = 'cannot be understood: the line is not a JSON string'
  const parts = [{ text: line.slice(0, 200), class: unreadable.class, reason }]
  return JSON.stringify({ ...unreadable, command: line, parts })
}

function stringIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'string' ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A check as lines for people: the decision, then each part with its reason. */
export function describeTrustCheck(check: TrustCheck, mode?: TrustMode): string[] {
  const { decisions } = check
  const verdict = mode
    ? `${mode}: ${decisions[mode]}`
    : `plan: ${decisions.plan}, safe: ${decisions.safe}, auto: ${decisions.auto}, headless: ${decisions.headless}`
  return [
    `${check.class}${check.parsed ? '' : ' (cannot be understood)'}  ${verdict}`,
    ...check.parts.map(part => `  ${part.class}: ${part.text.split('\n')[0]} (${part.reason})`),
    ...check.outside_project.map(path => `  outside the project: ${path}`),
  ]
}
