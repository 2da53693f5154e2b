import { createInterface } from 'node:readline/promises'

let asked: Promise<unknown> = Promise.resolve()

/** Whether somebody sits at the terminal. */
export function canConfirm(env: NodeJS.ProcessEnv): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !env.CI
}

/** Asks on the terminal, one question at a time; whatever is not yes is no. */
export function confirmOnTerminal(question: string, signal: AbortSignal): Promise<boolean> {
  const answer = asked.then(() => askOnce(question, signal))
  asked = answer
  return answer
}

async function askOnce(question: string, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // While a question waits, readline gets the keys that would otherwise be signals.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const reply = await lines.question(`${question} [y/N] `, { signal })
    return /^y(es)?$/i.test(reply.trim())
  } catch (error) {
    // Cancelled while it waited.
    if (signal.aborted) return false
    throw error
  } finally {
    lines.close()
  }
}
