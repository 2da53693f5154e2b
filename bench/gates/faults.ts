import type { GateName } from '#shared/protocol/gate-report'

/** One place in a text where one fault can be put. Offsets are UTF-16 units, half-open. */
export interface Place {
  start: number
  end: number
  text: string
}

export interface Fault {
  /** The row of the table it counts in. */
  row: FaultRow
  /** What is done, for the list of misses. */
  kind: string
  gate: GateName
  place: Place
}

export const FAULT_ROWS = [
  'syntax',
  'invented package',
  'invented path',
  'invented named import',
  'invented function',
  'wrong arity',
  'misspelt method',
] as const
export type FaultRow = (typeof FAULT_ROWS)[number]

export function injected(text: string, { start, end, text: instead }: Place): string {
  return text.slice(0, start) + instead + text.slice(end)
}

/** A slip of the fingers: two letters swapped, one left out, or one doubled. */
export function misspelt(name: string, random: () => number): string {
  const at = 1 + Math.floor(random() * (name.length - 1))
  const swapped = `${name.slice(0, at - 1)}${name[at]}${name[at - 1]}${name.slice(at + 1)}`
  const variants = [swapped, name.slice(0, at) + name.slice(at + 1), name.slice(0, at) + name[at] + name.slice(at)]
  return variants[Math.floor(random() * variants.length)]!
}

/** A plausible name that nobody declares: what a model that does not look makes up. */
export function inventedFrom(name: string, random: () => number): string {
  const endings = ['Safely', 'Internal', 'OrDefault', 'Impl', 'WithRetry', 'Legacy', 'Helper']
  const snake = ['_safely', '_internal', '_or_default', '_impl', '_with_retry', '_legacy', '_helper']
  const isSnake = name.includes('_') || (name === name.toLowerCase() && random() < 0.3)
  return name + (isSnake ? snake : endings)[Math.floor(random() * endings.length)]!
}

/** Packages that no registry has. */
export function inventedPackage(near: string | undefined, random: () => number): string {
  const made = [
    'zephyrflow',
    'quantaform',
    'nimbuskit',
    'fluxgrid',
    'larkspurdb',
    'cobaltrpc',
    'vantacache',
    'mistralog',
  ]
  const plain = made[Math.floor(random() * made.length)]!
  // No distribution begins with an underscore: those are extension modules of the project itself.
  const stem = near?.replace(/^@[^/]+\//, '').replaceAll(/\W|^_+/g, '')
  if (!stem || stem.length < 3) return plain
  const styles = [plain, plain, `${stem}_extras_kit`, `${stem}_toolbelt`]
  return styles[Math.floor(random() * styles.length)]!
}
