import type { ApprovalAnswer, ApprovalRequest, RuleOffer, UserQuestion } from '#shared/protocol/approvals'
import type { Output } from '../output'
import type { LineEditor } from './line-editor'

/** Lines of a diff shown with the question; the rest is counted. */
const SHOWN_DIFF_LINES = 60

/** Approvals and questions at the line the user types in. One at a time; a line typed meanwhile is its answer. */
export class Questions {
  readonly #output: Output
  readonly #editor: () => LineEditor
  #onLine: ((text: string) => void) | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(output: Output, editor: () => LineEditor) {
    this.#output = output
    this.#editor = editor
  }

  /** Hands a typed line to the open question. @returns whether there was one */
  takeLine(text: string): boolean {
    const onLine = this.#onLine
    onLine?.(text)
    return onLine !== undefined
  }

  approve(request: ApprovalRequest, signal: AbortSignal): Promise<ApprovalAnswer> {
    return this.#inTurn(() => this.#approve(request, signal))
  }

  ask(question: UserQuestion, signal: AbortSignal): Promise<string> {
    return this.#inTurn(async () => {
      this.#output.note(this.#output.paint('yellow', `? ${question.question}`))
      question.options.forEach((option, index) => {
        this.#output.note(`  ${index + 1}. ${option}`)
      })
      const hint = hintFor(question)
      if (hint !== '') this.#output.note(this.#output.paint('dim', `  ${hint}`))
      return chosen((await this.#line(signal)) ?? '', question)
    })
  }

  async #approve(request: ApprovalRequest, signal: AbortSignal): Promise<ApprovalAnswer> {
    for (const line of this.#card(request)) this.#output.note(line)
    const rules = (request.rules ?? []).slice(0, 9)
    const numbers = rules.map((_, index) => String(index + 1))
    const key = await this.#editor().key(['y', 'n', 'a', 'f', 'escape', ...numbers], signal)
    const chosen = rules[Number(key) - 1]
    if (chosen) return { kind: 'remember', rule: chosen.rule }
    switch (key) {
      case 'y':
        return { kind: 'approve' }
      case 'a':
        return { kind: 'always' }
      case 'f': {
        this.#output.note('  Tell kode what to do instead, then Enter:')
        const feedback = await this.#line(signal)
        return { kind: 'reject', ...(feedback && { feedback }) }
      }
      default:
        return { kind: 'reject' }
    }
  }

  #card(request: ApprovalRequest): string[] {
    const { paint } = this.#output
    const { programs, writes, network, outside_project } = request.effect
    const effects = [
      ['runs', programs],
      ['writes', writes],
      ['network', network],
      ['outside the project', outside_project],
    ] as const
    // What a change writes is in its diff, and its gates were told before.
    const told = request.diff ? [] : effects.filter(([, values]) => values.length > 0)
    const diff = (request.diff?.trimEnd().split('\n') ?? []).filter(line => !line.startsWith('diff --git '))
    const hidden = diff.length - SHOWN_DIFF_LINES
    return [
      paint('yellow', `? ${request.tool}: ${request.title}`),
      `  ${request.reason}`,
      ...told.map(([name, values]) => `  ${name}: ${values.join(', ')}`),
      ...diff.slice(0, SHOWN_DIFF_LINES).map(line => `  ${paintDiff(line, this.#output)}`),
      ...(hidden > 0 ? [`  … ${hidden} more lines`] : []),
      ...(request.rules ?? [])
        .slice(0, 9)
        .map((offer, index) => `  ${index + 1} yes, and remember "${offer.rule}"${alsoAllowed(offer)}`),
      paint('bold', '  y yes · n no · a always (auto mode) · f no, and say what instead · Esc no'),
    ]
  }

  #line(signal: AbortSignal): Promise<string | undefined> {
    return new Promise(resolve => {
      const end = (text: string | undefined) => {
        this.#onLine = undefined
        signal.removeEventListener('abort', onAbort)
        resolve(text)
      }
      const onAbort = () => end(undefined)
      if (signal.aborted) return end(undefined)
      signal.addEventListener('abort', onAbort)
      this.#onLine = end
    })
  }

  #inTurn<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#last.then(ask)
    this.#last = answer.catch(() => undefined)
    return answer
  }
}

function hintFor({ options, multiple, default: fallback, timeout }: UserQuestion): string {
  return [
    multiple && options.length > 1 ? 'Several numbers may be given, such as 1 2.' : '',
    fallback === undefined ? '' : `Enter alone: ${fallback}.`,
    timeout === undefined ? '' : `Waits ${timeout} s.`,
  ]
    .filter(part => part !== '')
    .join(' ')
}

/** Numbers stand for options; whatever is not only numbers of options is an answer of its own. */
function chosen(text: string, { options, multiple }: UserQuestion): string {
  const numbers = multiple ? text.split(/[\s,]+/).filter(part => part !== '') : [text]
  const named = numbers.map(number => options[Number(number) - 1])
  return named.length > 0 && named.every(option => option !== undefined) ? named.join('\n') : text
}

/** Of a rule, before it is granted. */
function alsoAllowed({ also_allowed }: RuleOffer): string {
  const [first, ...more] = also_allowed
  if (first === undefined) return ''
  return `, which would also have allowed: ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`
}

function paintDiff(line: string, output: Output): string {
  if (line.startsWith('+')) return output.paint('green', line)
  if (line.startsWith('-')) return output.paint('red', line)
  return line
}
