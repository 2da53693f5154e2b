import { fail, ok, type Result } from '#shared/base/result'
import { decodeAnsiC } from './ansi-c'
import type { Assignment, Piece, Redirect, Script, SimpleCommand, Statement, Step, Word } from './shell-syntax'

/** Why a command line could not be read, fit for the user. */
export interface Unreadable {
  message: string
}

/**
 * Reads a command line as `sh` and `bash` would split it. What the two read differently, or what only zsh, fish or
 * Windows know, is refused: a reading that may be wrong is worse than none.
 */
export function readShell(text: string): Result<Script, Unreadable> {
  return readAt(text, { depth: 0, left: 10_000 + 10 * text.length })
}

/** Nesting so far, and how many more pieces may be read: nested retries would otherwise take exponential time. */
interface Budget {
  depth: number
  left: number
}

function readAt(text: string, budget: Budget): Result<Script, Unreadable> {
  const reader = new ShellReader(text, budget)
  try {
    return ok(reader.readAll())
  } catch (error) {
    if (error instanceof ReadError) return fail({ message: error.message })
    throw error
  }
}

/** Thrown and caught in this file only: the way out of deep recursion. */
class ReadError extends Error {}

const MAX_DEPTH = 40
const TOO_DEEP = 'it is nested too deeply'
const NOT_ARITHMETIC = 'an arithmetic expression is none'
const TOO_TANGLED = 'it is too tangled to be read'
const BLANK = /[ \t]/
const ENDS_WORD = /[ \t\n;&|()<>]/
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const ASSIGNMENT = /([A-Za-z_][A-Za-z0-9_]*)(\[[A-Za-z0-9_@*$"' -]*\])?(\+?=)/y
const REDIRECT = /([0-9]*)(<<<|<<-|<<|<>|<&|>>|>&|>\||&>>|&>|<|>)/y
const RESERVED =
  /(if|then|elif|else|fi|for|while|until|do|done|case|esac|select|function|in|\{|\}|!|\[\[)(?=[ \t\n;&|()<>]|$)/y
const BEFORE_BLOCK =
  /(?:time(?:[ \t]+-p)?(?:[ \t]+--)?|coproc(?:[ \t]+[A-Za-z_]\w*)?)[ \t]+(?=\(|(?:time|coproc|if|for|while|until|case|select|\{|!|\[\[)[ \t\n])/y
/** Words that would open or close a block in fish, csh, zsh or Windows shells; here they would run as programs. */
const OTHER_SHELLS = /^(end|begin|foreach|endif|endsw|elsif|repeat|noglob|nocorrect|setenv|autoload|zmodload|rem)$/i

class ShellReader {
  readonly #text: string
  readonly #budget: Budget
  #at = 0
  /** Here-documents announced on this line, whose bodies follow it. */
  #pending: { redirect: Redirect; delimiter: string; isQuoted: boolean; stripsTabs: boolean }[] = []

  constructor(text: string, budget: Budget) {
    this.#text = text
    this.#budget = budget
  }

  readAll(): Script {
    const script = this.#script()
    if (this.#at < this.#text.length) this.#refuse(`unexpected ${JSON.stringify(this.#text[this.#at])}`)
    this.#bodies()
    return script
  }

  /** The whole text as the body of a here-document. */
  readAsBody(): Piece[] {
    const pieces: Piece[] = []
    while (this.#at < this.#text.length) pieces.push(...this.#quotedPiece(this.#text[this.#at] ?? ''))
    return pieces
  }

  // ── Lists, pipelines and compound commands ──────────────────────────────────────────────────────────────

  /** Statements until a closing word or parenthesis, which stays unread. */
  #script(): Script {
    if (++this.#budget.depth > MAX_DEPTH) this.#refuse(TOO_DEEP)
    const steps: Step[] = []
    for (;;) {
      this.#skipLines()
      if (this.#atEnd()) break
      const statement = this.#pipeline()
      const joint = this.#joint()
      steps.push({ statement, joint: joint ?? ';' })
      if (!joint) break
      if (joint === '&&' || joint === '||') {
        this.#skipLines()
        if (this.#atEnd()) this.#refuse(`nothing follows ${joint}`)
      }
    }
    this.#budget.depth--
    return { steps }
  }

  #atEnd(): boolean {
    const char = this.#text[this.#at]
    if (char === undefined || char === ')') return true
    if (char === ';' && /^;[;&]/.test(this.#text.slice(this.#at, this.#at + 2))) return true
    return ['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}'].includes(this.#peekReserved() ?? '')
  }

  #joint(): Step['joint'] | undefined {
    this.#skipBlanks()
    const two = this.#text.slice(this.#at, this.#at + 2)
    if (two === '&&' || two === '||') {
      this.#at += 2
      return two
    }
    if (two === ';;' || two === ';&') return undefined
    const char = this.#text[this.#at]
    if (char === ';' || char === '&') {
      this.#at++
      return char
    }
    if (char === '\n') {
      this.#newline()
      return ';'
    }
    return undefined
  }

  #pipeline(): Statement {
    const start = this.#at
    while (this.#takeReserved('!') || this.#takePrefix()) this.#skipBlanks()
    const parts = [this.#command()]
    for (;;) {
      this.#skipBlanks()
      if (this.#text[this.#at] !== '|' || this.#text[this.#at + 1] === '|') break
      this.#at += this.#text[this.#at + 1] === '&' ? 2 : 1
      this.#skipLines()
      if (this.#atEnd()) this.#refuse('nothing follows |')
      parts.push(this.#command())
    }
    const [only] = parts
    return parts.length === 1 && only ? only : { kind: 'pipeline', parts, text: this.#since(start) }
  }

  /** In bash, `time` and `coproc` are keywords before a block, and programs before other words. */
  #takePrefix(): boolean {
    return this.#match(BEFORE_BLOCK) !== undefined
  }

  #command(): Statement {
    this.#skipBlanks()
    const start = this.#at
    if (this.#text.startsWith('((', start)) return this.#arithmeticCommand(start)
    if (this.#text[start] === '(') {
      this.#at++
      const body = this.#body(')')
      return { kind: 'group', isSubshell: true, body, ...this.#tail(start) }
    }
    switch (this.#peekReserved()) {
      case '{': {
        this.#at++
        const body = this.#body('}')
        return { kind: 'group', isSubshell: false, body, ...this.#tail(start) }
      }
      case 'if':
        return this.#if(start)
      case 'while':
      case 'until':
        return this.#while(start)
      case 'for':
      case 'select':
        return this.#for(start)
      case 'case':
        return this.#case(start)
      case 'function':
        return this.#function(start)
      case '[[':
        return this.#test(start)
      case undefined:
        return this.#simple(start)
      default:
        return this.#refuse(`unexpected ${this.#peekReserved()}`)
    }
  }

  /** A non-empty script and the word that closes it. */
  #body(closing: string): Script {
    const script = this.#script()
    if (script.steps.length === 0) this.#refuse(`nothing stands before ${closing}`)
    if (closing === ')') this.#expect(')')
    else this.#expectReserved(closing)
    return script
  }

  #tail(start: number): { redirects: Redirect[]; text: string } {
    const redirects: Redirect[] = []
    for (;;) {
      this.#skipBlanks()
      const redirect = this.#redirect()
      if (!redirect) break
      redirects.push(redirect)
    }
    const next = this.#text[this.#at]
    if (next !== undefined && !/[\n;&|)]/.test(next)) {
      if (!this.#atEnd()) this.#refuse('a word follows the end of a block')
    }
    return { redirects, text: this.#since(start) }
  }

  #if(start: number): Statement {
    this.#expectReserved('if')
    const first = this.#body('then')
    const branches: Script[] = []
    for (;;) {
      branches.push(this.#script())
      if (this.#takeReserved('fi')) break
      if (this.#takeReserved('else')) branches.push(this.#body('fi'))
      else {
        this.#expectReserved('elif')
        branches.push(this.#body('then'))
        continue
      }
      break
    }
    return { kind: 'branches', words: [], first, branches, ...this.#tail(start) }
  }

  #while(start: number): Statement {
    this.#at += 5
    const first = this.#body('do')
    const branches = [this.#body('done')]
    return { kind: 'branches', words: [], first, branches, ...this.#tail(start) }
  }

  #for(start: number): Statement {
    this.#at += this.#text.startsWith('for', start) ? 3 : 6
    this.#skipBlanks()
    const values: Word[] = []
    let variable: string | undefined
    if (this.#text.startsWith('((', this.#at)) {
      this.#at += 2
      values.push({ pieces: this.#numbers(3), text: this.#since(start) })
      this.#skipBlanks()
      if (this.#text[this.#at] === ';') this.#at++
    } else {
      variable = this.#match(NAME)?.[0] ?? this.#refuse('a loop needs a variable')
      this.#skipLines()
      if (this.#takeReserved('in')) {
        for (this.#skipBlanks(); !/[\n;]/.test(this.#text[this.#at] ?? ';'); this.#skipBlanks()) {
          values.push(this.#word())
        }
      }
      this.#skipBlanks()
      if (this.#text[this.#at] === ';') this.#at++
    }
    this.#skipLines()
    this.#expectReserved('do')
    const body = this.#body('done')
    return { kind: 'loop', ...(variable ? { variable } : {}), values, body, ...this.#tail(start) }
  }

  #case(start: number): Statement {
    this.#expectReserved('case')
    this.#skipBlanks()
    const words = [this.#word()]
    this.#skipLines()
    this.#expectReserved('in')
    const branches: Script[] = []
    for (;;) {
      this.#skipLines()
      if (this.#takeReserved('esac')) break
      if (this.#text[this.#at] === '(') this.#at++
      for (;;) {
        this.#skipBlanks()
        words.push(this.#word())
        this.#skipBlanks()
        if (this.#text[this.#at] !== '|') break
        this.#at++
      }
      this.#expect(')')
      branches.push(this.#script())
      this.#skipBlanks()
      if (!this.#match(/;;&|;;|;&/y)) {
        this.#skipLines()
        this.#expectReserved('esac')
        break
      }
    }
    return { kind: 'branches', words, first: { steps: [] }, branches, ...this.#tail(start) }
  }

  #function(start: number): Statement {
    this.#expectReserved('function')
    this.#skipBlanks()
    const name = this.#match(/[A-Za-z0-9_.:+-]+/y)?.[0] ?? this.#refuse('a function needs a name')
    this.#skipBlanks()
    this.#match(/\([ \t]*\)/y)
    return this.#functionBody(name, start)
  }

  #functionBody(name: string, start: number): Statement {
    this.#skipLines()
    const body = this.#command()
    if (body.kind === 'command') this.#refuse('a function needs a block')
    return { kind: 'function', name, body, text: this.#since(start) }
  }

  #arithmeticCommand(start: number): Statement {
    this.#at += 2
    const pieces = this.#numbers(1)
    const inner = this.#text.slice(start + 2, this.#at - 2)
    // A shell without (( )) starts two subshells here.
    const asPosix = this.#apart(inner)
    return { kind: 'test', words: [{ pieces, text: inner }], ...(asPosix ? { asPosix } : {}), ...this.#tail(start) }
  }

  /** `[[ … ]]`: operators are skipped, words are read. */
  #test(start: number): Statement {
    this.#at += 2
    const words: Word[] = []
    let afterMatch = false
    for (;;) {
      this.#skipLines()
      if (this.#at >= this.#text.length) this.#refuse('[[ is not closed')
      if (this.#match(/\]\](?=[ \t\n;&|()<>]|$)/y)) break
      if (!afterMatch && this.#match(/&&|\|\||[()<>]/y)) continue
      const word = this.#word(afterMatch ? /[ \t\n]/ : ENDS_WORD)
      afterMatch = word.text === '=~'
      words.push(word)
    }
    const inner = this.#text.slice(start + 2, this.#at - 2)
    // A shell without [[ would run what follows ||, since [[ itself fails there.
    const alternative = inner.split('||').slice(1).join('||').trim()
    const asPosix = /^[A-Za-z./"'\\]/.test(alternative) ? this.#apart(alternative) : undefined
    return { kind: 'test', words, ...(asPosix ? { asPosix } : {}), ...this.#tail(start) }
  }

  // ── Simple commands ─────────────────────────────────────────────────────────────────────────────────────

  #simple(start: number): Statement {
    const command: SimpleCommand = { kind: 'command', assignments: [], words: [], redirects: [], text: '' }
    for (;;) {
      this.#skipBlanks()
      const redirect = this.#redirect()
      if (redirect) {
        command.redirects.push(redirect)
        continue
      }
      const char = this.#text[this.#at]
      if (char === ')' && endsLikeCase(command.words)) this.#refuse('this may be the middle of a case')
      if (char === undefined || /[\n;&|)]/.test(char)) break
      if (char === '(') {
        if (command.words.length === 1 && command.assignments.length === 0) return this.#posixFunction(command, start)
        this.#refuse('a parenthesis stands where sh expects a word')
      }
      const assignment = command.words.length === 0 ? this.#assignment() : undefined
      if (assignment) command.assignments.push(assignment)
      else command.words.push(this.#argument(command))
    }
    if (command.words.length + command.assignments.length + command.redirects.length === 0) {
      this.#refuse(`a command is missing before ${JSON.stringify(this.#text[this.#at] ?? 'the end')}`)
    }
    command.text = this.#since(start)
    const name = command.words[0]?.text
    if (name && OTHER_SHELLS.test(name)) this.#refuse(`"${name}" belongs to another shell`)
    return command
  }

  /** `export a=(x y)` and its kin take arrays as arguments. */
  #argument(command: SimpleCommand): Word {
    const declares = /^(export|declare|typeset|local|readonly)$/.test(command.words[0]?.text ?? '')
    const start = this.#at
    if (declares && this.#match(/[A-Za-z_][A-Za-z0-9_]*\+?=(?=\()/y)) {
      const values = this.#array()
      return { pieces: values.flatMap(value => value.pieces), text: this.#since(start) }
    }
    return this.#word()
  }

  #posixFunction(command: SimpleCommand, start: number): Statement {
    const name = command.words[0]?.text ?? ''
    if (command.redirects.length > 0 || !/^[A-Za-z0-9_.:+-]+$/.test(name)) this.#refuse('unexpected parenthesis')
    this.#at++
    this.#skipBlanks()
    this.#expect(')')
    return this.#functionBody(name, start)
  }

  #assignment(): Assignment | undefined {
    const match = this.#match(ASSIGNMENT)
    if (!match) return undefined
    const [, name = '', subscript, operator] = match
    const appends = operator === '+='
    if (this.#text[this.#at] === '(') return { name, appends, values: this.#array(), isArray: true }
    const ends =
      ENDS_WORD.test(this.#text[this.#at] ?? ' ') && !/^[<>]\(/.test(this.#text.slice(this.#at, this.#at + 2))
    return { name, appends, values: ends ? [] : [this.#word()], isArray: subscript !== undefined }
  }

  #array(): Word[] {
    this.#expect('(')
    const values: Word[] = []
    for (;;) {
      this.#skipLines()
      if (this.#text[this.#at] === ')') break
      if (this.#at >= this.#text.length) this.#refuse('an array is not closed')
      values.push(this.#word())
    }
    this.#at++
    return values
  }

  #redirect(): Redirect | undefined {
    const start = this.#at
    const match = this.#match(REDIRECT)
    if (!match) return undefined
    const operator = match[2] ?? ''
    if ((operator === '<' || operator === '>') && this.#text[this.#at] === '(') {
      if (match[1]) this.#refuse('a number stands before a process substitution')
      this.#at = start
      return undefined
    }
    this.#skipBlanks()
    if (ENDS_WORD.test(this.#text[this.#at] ?? '\n') && !/^[<>]\(/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#refuse(`${operator} has no target`)
    }
    const target = this.#word()
    if (operator === '<<' || operator === '<<-') return this.#heredoc(target, operator === '<<-')
    return { operator: asOperator(operator), target }
  }

  #heredoc(word: Word, stripsTabs: boolean): Redirect {
    if (word.pieces.some(piece => piece.kind !== 'text')) this.#refuse('a here-document ends at something unknown')
    const texts = word.pieces.filter(piece => piece.kind === 'text')
    const delimiter = texts.map(piece => piece.text).join('')
    const isQuoted = texts.some(piece => piece.isQuoted)
    const redirect: Redirect = { operator: '<<', target: { pieces: [], text: '' } }
    this.#pending.push({ redirect, delimiter, isQuoted, stripsTabs })
    return redirect
  }

  /** Steps over a line end and the here-document bodies that begin after it. */
  #newline(): void {
    this.#at++
    this.#bodies()
  }

  #bodies(): void {
    const pending = this.#pending
    this.#pending = []
    for (const { redirect, delimiter, isQuoted, stripsTabs } of pending) {
      const start = this.#at
      let previous = ''
      for (;;) {
        if (this.#at >= this.#text.length) this.#refuse(`the here-document ${delimiter} does not end`)
        const lineStart = this.#at
        const end = this.#text.indexOf('\n', lineStart)
        const line = this.#text.slice(lineStart, end < 0 ? undefined : end)
        this.#at = end < 0 ? this.#text.length : end + 1
        if ((stripsTabs ? line.replace(/^\t+/, '') : line) === delimiter) {
          // A joined line would swallow the end.
          if (!isQuoted && /(^|[^\\])(\\\\)*\\$/.test(previous)) this.#refuse('a here-document ends in a backslash')
          const body = this.#text.slice(start, lineStart)
          redirect.target = {
            pieces: isQuoted ? [quoted(body)] : new ShellReader(body, this.#budget).readAsBody(),
            text: body,
          }
          break
        }
        previous = line
      }
    }
  }

  // ── Words ───────────────────────────────────────────────────────────────────────────────────────────────

  #word(ends: RegExp = ENDS_WORD): Word {
    const start = this.#at
    const pieces: Piece[] = []
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? ''
      if ((char === '<' || char === '>') && this.#text[this.#at + 1] === '(' && ends === ENDS_WORD) {
        this.#at += 2
        pieces.push({ kind: 'process', direction: char, script: this.#substituted() })
        continue
      }
      if (ends.test(char)) {
        if (char === '(' && /[@?*+!=]/.test(this.#text[this.#at - 1] ?? '') && this.#at > start) {
          this.#refuse('a pattern in parentheses means different things in different shells')
        }
        break
      }
      pieces.push(...this.#piece(char))
    }
    if (this.#at === start) this.#refuse(`unexpected ${JSON.stringify(this.#text[this.#at] ?? 'end')}`)
    return { pieces, text: this.#text.slice(start, this.#at) }
  }

  #piece(char: string): Piece[] {
    if (--this.#budget.left < 0) this.#refuse(TOO_TANGLED)
    switch (char) {
      case "'": {
        const end = this.#text.indexOf("'", this.#at + 1)
        if (end < 0) this.#refuse('a single quote is not closed')
        const text = this.#text.slice(this.#at + 1, end)
        this.#at = end + 1
        return [quoted(text)]
      }
      case '"':
        this.#at++
        return this.#doubleQuoted()
      case '\\': {
        const next = this.#text[this.#at + 1]
        if (next === undefined) this.#refuse('it ends in a backslash')
        if (next === '\n') return this.#continuation()
        this.#at += 2
        return [quoted(next ?? '')]
      }
      case '$':
        return [this.#dollar(false)]
      case '`':
        return [this.#backtick(false)]
      default: {
        const plain = this.#match(/[^ \t\n;&|()<>'"\\$`]+/y)?.[0]
        if (plain === undefined) this.#at++
        return [{ kind: 'text', text: plain ?? char, isQuoted: false }]
      }
    }
  }

  /** A joined line inside a word is a trick: it may complete an operator or a name that we would not see. */
  #continuation(): Piece[] {
    const isHarmless = /[ \t\n]/.test(this.#text[this.#at + 2] ?? '\n')
    if (!isHarmless) this.#refuse('a line is joined in the middle of a word')
    this.#at += 2
    return []
  }

  #doubleQuoted(): Piece[] {
    const pieces: Piece[] = [quoted('')]
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) this.#refuse('a double quote is not closed')
      if (char === '"') break
      pieces.push(...this.#quotedPiece(char ?? ''))
    }
    this.#at++
    return pieces
  }

  /** One piece inside double quotes or a here-document. */
  #quotedPiece(char: string): Piece[] {
    if (--this.#budget.left < 0) this.#refuse(TOO_TANGLED)
    if (char === '$') return [this.#dollar(true)]
    if (char === '`') return [this.#backtick(true)]
    if (char === '\\') {
      const next = this.#text[this.#at + 1] ?? ''
      this.#at += 2
      if (next === '\n') return []
      return [quoted(/[$`"\\]/.test(next) ? next : `\\${next}`)]
    }
    const plain = this.#match(/[^$`"\\]+/y)?.[0]
    if (plain === undefined) this.#at++
    return [quoted(plain ?? char)]
  }

  #dollar(isQuoted: boolean): Piece {
    if (++this.#budget.depth > MAX_DEPTH) this.#refuse(TOO_DEEP)
    const piece = this.#expansion(isQuoted)
    this.#budget.depth--
    return piece
  }

  #expansion(isQuoted: boolean): Piece {
    const rest = this.#text.slice(this.#at, this.#at + 3)
    if (rest.startsWith('$\\\n')) this.#refuse('a line is joined in the middle of an expansion')
    if (rest === '$((') {
      const saved = this.#at
      this.#at += 3
      const pieces = this.#arithmetic('))')
      if (pieces) return { kind: 'arithmetic', pieces }
      // `$((a; b) | c)`: a substitution that begins with a subshell.
      this.#at = saved
    }
    if (rest.startsWith('$(')) {
      this.#at += 2
      return { kind: 'command', script: this.#substituted(), isQuoted }
    }
    if (rest.startsWith('${')) return this.#braces(isQuoted)
    if (rest.startsWith('$[')) {
      const start = this.#at
      this.#at += 2
      const pieces = this.#arithmetic(']') ?? this.#refuse(NOT_ARITHMETIC)
      // Plain text in sh, where an operator would end the command.
      if (/[;&|<>()\n]/.test(this.#text.slice(start, this.#at))) this.#refuse('$[…] means nothing in sh')
      return { kind: 'arithmetic', pieces }
    }
    this.#at++
    if (!isQuoted && rest.startsWith("$'")) return this.#ansiC()
    if (!isQuoted && rest.startsWith('$"')) return { kind: 'text', text: '', isQuoted: true }
    const name = this.#match(NAME)?.[0] ?? this.#match(/[0-9@*#?$!-]/y)?.[0]
    if (name === undefined) return quoted('$')
    return { kind: 'variable', name, operator: '', operand: [], isQuoted }
  }

  #substituted(): Script {
    const outer = this.#pending
    this.#pending = []
    const script = this.#script()
    this.#expect(')')
    if (this.#pending.length > 0) this.#refuse('a here-document does not end before its substitution')
    this.#pending = outer
    return script
  }

  #backtick(isQuoted: boolean): Piece {
    let inner = ''
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const char = this.#text[at] ?? ''
      if (char === '`') {
        this.#at = at + 1
        const script = new ShellReader(inner, this.#budget).readAll()
        return { kind: 'command', script, isQuoted }
      }
      const next = this.#text[at + 1] ?? ''
      if (char === '\\' && (/[$`\\]/.test(next) || (isQuoted && next === '"'))) {
        inner += next
        at++
      } else inner += char
    }
    return this.#refuse('a backtick is not closed')
  }

  #braces(isQuoted: boolean): Piece {
    const start = this.#at
    this.#at += 2
    const prefix = this.#match(/[#!](?=[A-Za-z_0-9@*])/y)?.[0] ?? ''
    const name = this.#match(NAME)?.[0] ?? this.#match(/[0-9]+|[@*#?$!-]/y)?.[0]
    if (name === undefined) this.#refuse(`${this.#text.slice(start, start + 6)}… means nothing in sh`)
    const subscript = this.#match(/\[([A-Za-z0-9_@*-]|\$[A-Za-z_]+)*\]/y)?.[0] ?? ''
    const operator = this.#match(/:[-=?+]|##|%%|\/\/|\/#|\/%|\^\^|,,|[-=?+#%/:^,@*]/y)?.[0] ?? ''
    const operand: Piece[] = []
    while (this.#text[this.#at] !== '}') {
      const char = this.#text[this.#at]
      if (char === undefined) this.#refuse('${ is not closed')
      if (operator === '') this.#refuse(`${this.#text.slice(start, this.#at + 1)}… means nothing in sh`)
      // sh and bash disagree about single quotes in "${x#'…'}".
      if (isQuoted && char === "'") this.#refuse('a quote stands inside a quoted expansion')
      if (char === '$' || char === '`' || char === '\\') {
        operand.push(...(isQuoted ? this.#quotedPiece(char) : this.#piece(char)))
      } else if (char === '"' || char === "'") {
        operand.push(...this.#piece(char))
      } else {
        operand.push({ kind: 'text', text: char ?? '', isQuoted: isQuoted || ENDS_WORD.test(char ?? '') })
        this.#at++
      }
    }
    this.#at++
    return {
      kind: 'variable',
      name: name ?? '',
      operator: `${prefix}${subscript ? '[' : ''}${operator}`,
      operand,
      isQuoted,
    }
  }

  #ansiC(): Piece {
    const match = this.#match(/'((?:[^'\\]|\\[^'])*)'/y)
    // In sh without $'…' the text ends at the first quote, in bash an escaped one goes on: two different lines.
    if (!match) return this.#refuse("$'…' holds an escaped quote, which sh reads differently")
    return quoted(decodeAnsiC(match[1] ?? ''))
  }

  /**
   * Expansions inside an arithmetic expression, up to its end; nothing when a parenthesis closes that was not opened.
   * Quotes do not quote here: `$((echo '$(x)'))` runs x before it fails. What is no expression, zsh runs as commands.
   */
  #arithmetic(closing: '))' | ']', count = 1): Piece[] | undefined {
    const pieces: Piece[] = []
    let skeleton = ''
    let open = 0
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) this.#refuse('an arithmetic expression is not closed')
      if (open === 0 && this.#text.startsWith(closing, this.#at)) break
      if (char === '$' || char === '`') {
        pieces.push(...this.#quotedPiece(char))
        skeleton += ' 0 '
        continue
      }
      if (char === '(' || char === '[') open++
      if (char === ')' || char === ']') open--
      if (char === "'" || char === '\\') this.#refuse(NOT_ARITHMETIC)
      if (open < 0) return skeleton.includes('"') ? this.#refuse(NOT_ARITHMETIC) : undefined
      pieces.push(quoted(char ?? ''))
      skeleton += char
      this.#at++
    }
    const expressions = skeleton.split(';')
    if (expressions.length > count || !expressions.every(isArithmetic)) this.#refuse(NOT_ARITHMETIC)
    this.#at += closing.length
    return pieces
  }

  /** What stands between `((` and `))`: expressions with semicolons between them. */
  #numbers(count: number): Piece[] {
    return this.#arithmetic('))', count) ?? this.#refuse(NOT_ARITHMETIC)
  }

  /** Another reading of a part of this text; nothing when it cannot be read so. */
  #apart(text: string): Script | undefined {
    const { depth } = this.#budget
    this.#budget.depth++
    if (depth >= MAX_DEPTH) this.#refuse(TOO_DEEP)
    const script = readAt(text, this.#budget)
    this.#budget.depth = depth
    if (!script.ok && [TOO_DEEP, TOO_TANGLED].includes(script.error.message)) this.#refuse(script.error.message)
    return script.ok ? script.value : undefined
  }

  // ── Characters ──────────────────────────────────────────────────────────────────────────────────────────

  #skipBlanks(): void {
    for (;;) {
      const char = this.#text[this.#at] ?? ''
      if (BLANK.test(char)) this.#at++
      else if (char === '\\' && this.#text[this.#at + 1] === '\n') this.#joinLine()
      else if (char === '#' && this.#startsWord()) {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end < 0 ? this.#text.length : end
      } else return
    }
  }

  /** Between words, where the join cannot complete an operator. */
  #joinLine(): void {
    const before = this.#text[this.#at - 1] ?? '\n'
    const after = this.#text[this.#at + 2] ?? '\n'
    if (!/[ \t\n]/.test(before) && !/[ \t\n]/.test(after)) this.#refuse('a line is joined in the middle of a word')
    this.#at += 2
  }

  #startsWord(): boolean {
    const before = this.#text[this.#at - 1]
    if (before === undefined || !ENDS_WORD.test(before)) return before === undefined || before === '`'
    return true
  }

  #skipLines(): void {
    this.#skipBlanks()
    while (this.#text[this.#at] === '\n') {
      this.#newline()
      this.#skipBlanks()
    }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at += match[0].length
    return match ?? undefined
  }

  #peekReserved(): string | undefined {
    RESERVED.lastIndex = this.#at
    return RESERVED.exec(this.#text)?.[1]
  }

  #takeReserved(word: string): boolean {
    if (this.#peekReserved() !== word) return false
    this.#at += word.length
    return true
  }

  #expectReserved(word: string): void {
    this.#skipLines()
    if (!this.#takeReserved(word)) this.#refuse(`"${word}" is missing`)
  }

  #expect(char: string): void {
    this.#skipBlanks()
    if (this.#text[this.#at] !== char) this.#refuse(`"${char}" is missing`)
    this.#at++
  }

  #since(start: number): string {
    return this.#text.slice(start, this.#at).trim()
  }

  #refuse(message: string): never {
    throw new ReadError(message)
  }
}

/** `… case x in y`, before a parenthesis: whatever stands before `case`, it may make a keyword of it. */
function endsLikeCase(words: readonly Word[]): boolean {
  return words.some((word, index) => word.text === 'case' && words[index + 2]?.text === 'in')
}

/** Whether operands and operators alternate, as far as that can be seen with 0 for each expansion. */
function isArithmetic(skeleton: string): boolean {
  const text = skeleton.replaceAll('"', '')
  if (/[^\w\s+\-*/%<>=!&|^~?:,()[\]#]/.test(text)) return false
  return !/[\w)\]]\s+[\w(]/.test(text) && !/^\s*[/*%<>=&|^?:,]/.test(text)
}

function quoted(text: string): Piece {
  return { kind: 'text', text, isQuoted: true }
}

function asOperator(operator: string): Redirect['operator'] {
  switch (operator) {
    case '<':
    case '>>':
    case '>|':
    case '<>':
    case '&>':
    case '&>>':
    case '<&':
    case '>&':
    case '<<<':
      return operator
    default:
      return '>'
  }
}
