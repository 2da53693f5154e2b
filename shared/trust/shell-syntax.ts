/** A command line as the shell sees it. Plain data; `text` is always the source, as written. */
export interface Script {
  steps: Step[]
}

/** One statement and what joins it to the next. */
export interface Step {
  statement: Statement
  /** `&` runs it in the background; `&&` and `||` make the next one conditional. */
  joint: ';' | '&' | '&&' | '||'
}

export type Statement =
  | SimpleCommand
  | { kind: 'pipeline'; parts: Statement[]; text: string }
  | { kind: 'group'; isSubshell: boolean; body: Script; redirects: Redirect[]; text: string }
  /** `if` and `case`: `first` always runs, then one of the branches may. */
  | { kind: 'branches'; words: Word[]; first: Script; branches: Script[]; redirects: Redirect[]; text: string }
  | { kind: 'loop'; variable?: string; values: Word[]; body: Script; redirects: Redirect[]; text: string }
  | { kind: 'function'; name: string; body: Statement; text: string }
  /** `[[ … ]]` and `(( … ))`; `asPosix` is what a shell without them would run instead. */
  | { kind: 'test'; words: Word[]; asPosix?: Script; redirects: Redirect[]; text: string }

export interface SimpleCommand {
  kind: 'command'
  assignments: Assignment[]
  words: Word[]
  redirects: Redirect[]
  text: string
}

export interface Assignment {
  name: string
  /** `+=` */
  appends: boolean
  /** More than one for an array, none for an empty value. */
  values: Word[]
  isArray: boolean
}

export interface Redirect {
  operator: '<' | '>' | '>>' | '>|' | '<>' | '&>' | '&>>' | '<&' | '>&' | '<<' | '<<<'
  /** What stands after the operator; the body of a here-document. */
  target: Word
}

export interface Word {
  pieces: Piece[]
  text: string
}

export type Piece =
  | { kind: 'text'; text: string; isQuoted: boolean }
  /** `$x`, `${x}`, `${x:-y}`; `operator` is what follows the name, `${#x}` and `${!x}` carry `#` and `!`. */
  | { kind: 'variable'; name: string; operator: string; operand: Piece[]; isQuoted: boolean }
  | { kind: 'command'; script: Script; isQuoted: boolean }
  /** `<(…)` and `>(…)` */
  | { kind: 'process'; script: Script; direction: '<' | '>' }
  | { kind: 'arithmetic'; pieces: Piece[] }

/** The commands of a script by their text, substitutions and bodies included, each once. */
export function* simpleCommandsOf(script: Script): Generator<SimpleCommand> {
  for (const step of script.steps) yield* commandsOfStatement(step.statement)
}

function* commandsOfStatement(statement: Statement): Generator<SimpleCommand> {
  switch (statement.kind) {
    case 'command':
      yield statement
      for (const assignment of statement.assignments) yield* commandsOfWords(assignment.values)
      yield* commandsOfWords(statement.words)
      break
    case 'pipeline':
      for (const part of statement.parts) yield* commandsOfStatement(part)
      return
    case 'group':
      yield* simpleCommandsOf(statement.body)
      break
    case 'branches':
      yield* commandsOfWords(statement.words)
      for (const script of [statement.first, ...statement.branches]) yield* simpleCommandsOf(script)
      break
    case 'loop':
      yield* commandsOfWords(statement.values)
      yield* simpleCommandsOf(statement.body)
      break
    case 'function':
      yield* commandsOfStatement(statement.body)
      return
    case 'test':
      yield* commandsOfWords(statement.words)
      if (statement.asPosix) yield* simpleCommandsOf(statement.asPosix)
      break
  }
  yield* commandsOfWords(statement.redirects.map(redirect => redirect.target))
}

function* commandsOfWords(words: readonly Word[]): Generator<SimpleCommand> {
  for (const word of words) yield* commandsOfPieces(word.pieces)
}

function* commandsOfPieces(pieces: readonly Piece[]): Generator<SimpleCommand> {
  for (const piece of pieces) {
    if (piece.kind === 'command' || piece.kind === 'process') yield* simpleCommandsOf(piece.script)
    if (piece.kind === 'variable') yield* commandsOfPieces(piece.operand)
    if (piece.kind === 'arithmetic') yield* commandsOfPieces(piece.pieces)
  }
}
