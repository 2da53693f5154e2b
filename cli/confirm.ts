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
  const { askLine } = await import('./ask-line')
  return /^y(es)?$/i.test(await askLine(`${question} [y/N] `, signal))
}
