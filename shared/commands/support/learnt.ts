import { resolve } from 'node:path'
import { type LoggedEntry, readLatestEntries } from '#shared/audit/read-log'
import { recurringFailures } from '#shared/audit/recurring'
import { winningStrategy } from '#shared/audit/winning-strategy'
import { EXIT } from '#shared/protocol/exit-codes'
import { type CommandArgs, type CommandContext, CommandFailure, textFlag } from '../command'
import { STRATEGIES } from './strategies'

/** What a model is told with every task of a project, beside what planning finds for it. */
export interface Learnt {
  /** The user's own context, which stands for all of it. */
  packet?: string
  /** What went wrong here before. */
  failures: readonly string[]
  /** Which way of making a patch is wanted. */
  strategy: readonly string[]
}

/** Reads the user's packet, or what the audit log of the project teaches. */
export async function readLearnt({ root, files, now }: CommandContext, args: CommandArgs): Promise<Learnt> {
  const file = textFlag(args, 'context-file')
  if (file !== undefined) {
    const bytes = await files.read(resolve(root, file))
    if (!bytes.ok) throw new CommandFailure(`--context-file ${file}: ${bytes.error.message}`, EXIT.usage)
    return { packet: new TextDecoder().decode(bytes.value), failures: [], strategy: [] }
  }
  const logged = await readLatestEntries(resolve(root, textFlag(args, 'log-dir') ?? 'logs'), files, now())
  return { failures: failuresText(logged), strategy: strategyText(logged) }
}

function failuresText(logged: readonly LoggedEntry[]): string[] {
  const failures = recurringFailures(logged)
  if (failures.length === 0) return []
  return [['Refused in this project again and again; avoid it:', ...failures.map(each => `- ${each}`)].join('\n')]
}

/** The way that won here. */
function strategyText(logged: readonly LoggedEntry[]): string[] {
  const best = winningStrategy(logged)
  const known = STRATEGIES.find(({ strategy }) => strategy === best?.strategy)
  if (!best || !known) return []
  const wins = `the ${best.strategy} ones won ${best.wins} of ${best.runs} times`
  return [`Where patches of several kinds were compared in this project, ${wins}. ${known.framing}`]
}
