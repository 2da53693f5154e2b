import { fail, ok, type Result } from '#shared/base/result'
import { EFFECT_CLASSES, type EffectClass } from '#shared/protocol/approvals'
import type { Effect } from './effects'
import { type DecisionKind, rowOf } from './matrix'

/** Who made a rule. Only the user may loosen; the machine's administrator and the workspace may only tighten. */
export type RuleSource = 'user' | 'machine' | 'workspace'

/**
 * A rule on effects and programs, written `DECISION CLASS [PROGRAM…] [to HOST…]`, `DECISION line COMMAND` or
 * `allow|deny net HOST…`: `allow remote_action git to github.com`, `ask local_mutation npm`, `deny destructive`,
 * `allow line make deploy`, `allow net *.example.com`.
 */
export interface TrustRule {
  text: string
  source: RuleSource
  decision: DecisionKind
  /** Allowing, up to this class; otherwise from this class on. Absent for a rule on one exact line. */
  class?: EffectClass
  programs: readonly string[]
  hosts: readonly string[]
  line?: string
  /** On what commands may reach from inside the sandbox: `hosts` and nothing else. */
  isNetwork?: boolean
}

/** A rule that tightened a decision, in words. */
export interface Tightening {
  decision: 'ask' | 'deny'
  reason: string
}

/** Reads a rule. @returns what is wrong with it, with the way to write it */
export function parseRule(text: string, source: RuleSource): Result<TrustRule, { message: string }> {
  const words = text.trim().split(/\s+/)
  const [decision, what, ...rest] = words
  if (decision !== 'allow' && decision !== 'ask' && decision !== 'deny') {
    return fail({ message: `a rule begins with allow, ask or deny: "${text}"` })
  }
  if (decision === 'allow' && source !== 'user') {
    return fail({
      message: `the ${source === 'machine' ? "machine's policy" : 'workspace'} may only tighten: "${text}"`,
    })
  }
  const plain = words.join(' ')
  if (what === 'line') {
    const line = text.trim().replace(/^\S+\s+line\s+/, '')
    if (rest.length === 0) return fail({ message: `the command line is missing: "${text}"` })
    return ok({ text: text.trim(), source, decision, programs: [], hosts: [], line })
  }
  if (what === 'net') {
    if (decision === 'ask') return fail({ message: `other hosts are asked about anyway: "${text}"` })
    if (rest.length === 0) return fail({ message: `the host is missing: "${text}"` })
    return ok({ text: plain, source, decision, programs: [], hosts: rest, isNetwork: true })
  }
  const effectClass = EFFECT_CLASSES.find(each => each === what)
  if (!effectClass) return fail({ message: `"${what ?? ''}" is none of ${EFFECT_CLASSES.join(', ')}, line, net` })
  const to = rest.indexOf('to')
  const programs = to < 0 ? rest : rest.slice(0, to)
  const hosts = to < 0 ? [] : rest.slice(to + 1)
  if (decision === 'allow' && programs.length === 0) {
    return fail({ message: `a rule that allows names its programs: "${text} git"` })
  }
  return ok({ text: plain, source, decision, class: effectClass, programs, hosts })
}

/** Reads a list of rules; what is wrong is left out and told. */
export function parseRules(texts: readonly string[], source: RuleSource): { rules: TrustRule[]; problems: string[] } {
  const rules: TrustRule[] = []
  const problems: string[] = []
  for (const text of texts) {
    const rule = parseRule(text, source)
    if (rule.ok) rules.push(rule.value)
    else problems.push(rule.error.message)
  }
  return { rules, problems }
}

/** The strictest rule that bears on an effect. */
export function ruleTightening(rules: readonly TrustRule[], effect: Effect, command: string): Tightening | undefined {
  const matching = rules.filter(rule => rule.decision !== 'allow' && bears(rule, effect, command))
  const strictest = matching.find(rule => rule.decision === 'deny') ?? matching[0]
  if (!strictest) return undefined
  const whose = { user: 'your rule', machine: "this machine's policy", workspace: "this workspace's rule" }[
    strictest.source
  ]
  const decision = strictest.decision === 'deny' ? 'deny' : 'ask'
  return { decision, reason: `${whose} "${strictest.text}"` }
}

/** The user's rule that allows an effect, if one does. No rule covers what floors protect or nobody can know. */
export function ruleAllowing(rules: readonly TrustRule[], effect: Effect, command: string): TrustRule | undefined {
  const row = rowOf(effect)
  if (row !== 'local_mutation' && row !== 'remote_action' && row !== 'destructive') return undefined
  return rules.find(rule => rule.source === 'user' && rule.decision === 'allow' && covers(rule, effect, command))
}

/** What a rule would also have allowed among the calls that were asked about, by their titles. Shown before it is granted. */
export function wouldHaveAllowed(rule: TrustRule, asked: readonly { title: string; effect: Effect }[]): string[] {
  return asked.filter(call => ruleAllowing([rule], call.effect, call.title)).map(call => call.title)
}

/** Hosts that rules open or close for every command in the sandbox. */
export function networkHosts(rules: readonly TrustRule[]): { allow: string[]; deny: string[] } {
  const of = (decision: DecisionKind) =>
    rules.filter(rule => rule.isNetwork && rule.decision === decision).flatMap(rule => rule.hosts)
  return { allow: of('allow'), deny: of('deny') }
}

/** Rules that would have made a question needless, the narrowest first. None for what no rule may cover. */
export function suggestRules(effect: Effect, command: string): TrustRule[] {
  const row = rowOf(effect)
  if (effect.programs.length === 0) return []
  if (row !== 'local_mutation' && row !== 'remote_action' && row !== 'destructive') return []
  const programs = effect.programs.filter(program => !effect.readers.includes(program))
  const texts = /[\n]/.test(command) ? [] : [`allow line ${command}`]
  if (programs.length > 0) {
    // What destroys is remembered line by line, unless somebody writes the wider rule by hand.
    if (row !== 'destructive') {
      const hosts = effect.network.length > 0 ? ` to ${effect.network.join(' ')}` : ''
      texts.push(`allow ${effect.class} ${programs.join(' ')}${hosts}`)
    }
  }
  return parseRules(texts, 'user').rules
}

function bears(rule: TrustRule, effect: Effect, command: string): boolean {
  if (rule.isNetwork) return false
  if (rule.line !== undefined) return rule.line === command
  if (rule.class && EFFECT_CLASSES.indexOf(effect.class) < EFFECT_CLASSES.indexOf(rule.class)) return false
  if (rule.programs.length > 0 && !effect.programs.some(program => rule.programs.includes(baseName(program))))
    return false
  return rule.hosts.length === 0 || effect.network.some(host => rule.hosts.includes(host))
}

function covers(rule: TrustRule, effect: Effect, command: string): boolean {
  if (rule.line !== undefined) return rule.line === command
  if (!rule.class || EFFECT_CLASSES.indexOf(effect.class) > EFFECT_CLASSES.indexOf(rule.class)) return false
  const others = effect.programs.filter(
    program => !rule.programs.includes(program) && !effect.readers.includes(program),
  )
  if (others.length > 0 || !effect.programs.some(program => rule.programs.includes(program))) return false
  return effect.network.every(host => rule.hosts.length === 0 || rule.hosts.includes(host))
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1)
}
