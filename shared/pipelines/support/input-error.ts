import { EXIT } from '#shared/protocol/exit-codes'

/** Input that cannot be used, in one line for people. */
export class CommandInputError extends Error {
  readonly exitCode = EXIT.failed
}
