import { messageOf } from '#shared/base/message-of'
import type { CommandContext } from '#shared/commands/command'
import { type FirstChoice, firstChoices } from '#shared/commands/support/first-choices'
import type { Settings } from '#shared/config/settings'
import { askLine } from '../ask-line'
import type { Output } from '../output'

export interface FirstRun {
  context: CommandContext
  output: Output
  /** Tries a key and keeps it; rejects with one line for people. */
  keepKey(provider: string, key: string): Promise<string>
}

/**
 * Whom to ask, for a user who has chosen nobody and has no key: what runs on this machine already, or a provider
 * with a key, which is tried and kept.
 *
 * @returns what to open with; undefined when the user left it
 */
export async function chooseFirst({ context, output, keepKey }: FirstRun): Promise<Partial<Settings> | undefined> {
  const { env, signal } = context
  const choices = await firstChoices(env, signal)
  output.note('No model is chosen yet. These can answer:')
  choices.forEach((choice, index) => {
    output.note(`  ${String(index + 1).padStart(2)}  ${described(choice)}`)
  })
  for (;;) {
    const choice = choices[Number(await askLine('Number, or Enter to leave: ', signal)) - 1]
    if (!choice) return undefined
    const { provider, model, needsKey } = choice
    if (!needsKey) return { provider, model }
    const key = await askLine(`Key of ${provider} (not shown): `, signal, { isSecret: true })
    try {
      if (key === '') continue
      output.note(await keepKey(provider, key))
      return { provider }
    } catch (error) {
      output.note(`error: ${messageOf(error)}`)
    }
  }
}

function described({ provider, model, needsKey }: FirstChoice): string {
  return needsKey ? `${provider.padEnd(12)} with a key` : `${provider.padEnd(12)} on this machine, ${model}`
}
