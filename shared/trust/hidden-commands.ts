import { type Arg, namesOf, UNKNOWN } from './commands/command'
import type { Word } from './shell-syntax'

/** Whether an unknown value in front may make an option of a word: `$x-delete`. */
export function hidesOption({ text }: Arg): boolean {
  return text.includes(UNKNOWN) && /^-./.test(text.replaceAll(UNKNOWN, ''))
}

/** The word when that value is empty. */
export function unhidden(arg: Arg): Arg {
  return hidesOption(arg) ? { ...arg, text: arg.text.replaceAll(UNKNOWN, '') } : arg
}

export const HIDDEN_COMMAND = 'a command may hide in what it computes with'

/** Builtins that evaluate the subscript of a name they are given: `a[$(rm x)]` runs a command, however it is quoted. */
export const COMPUTES = new Set(
  namesOf('test [ let printf read mapfile readarray unset declare typeset local export readonly getopts set wait'),
)

/** As a number, or as the name of a variable, such a text would run a command. */
export function hidesCommand(arg: Arg): boolean {
  return /[A-Za-z_]\w*\[[^\]]*(\$\(|`)/.test(arg.text)
}

/** `${x@P}` runs the substitutions that the value of a variable holds. */
export function expandsPrompt(word: Word): boolean {
  return word.pieces.some(
    piece =>
      piece.kind === 'variable' &&
      piece.operator.endsWith('@') &&
      piece.operand[0]?.kind === 'text' &&
      piece.operand[0].text.startsWith('P'),
  )
}
