/** What a script can rely on, one table for every command; the list in `kode --help` is made from it. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  limit: 3,
  refused: 4,
  provider: 5,
  interrupted: 130,
  terminated: 143,
} as const

/** Why something cannot be done, in one line for people, and what a program ends with that did nothing else. */
export interface Failure {
  message: string
  exitCode: number
}

export const INTERRUPTED: Failure = { message: 'interrupted', exitCode: EXIT.interrupted }

/** One line each, for help. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'done, and every check that was asked for passed',
  1: 'failed: verdict FAIL, --verify failed, or no change where one was required',
  2: 'wrong usage or configuration',
  3: 'stopped by a limit (turns, cost, tokens, time, loop guard)',
  4: 'refused: a call was denied, or auto mode without a sandbox',
  5: 'the provider failed for good',
  130: 'interrupted (143: terminated)',
}
