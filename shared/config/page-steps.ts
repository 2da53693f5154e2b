import { fail, ok, type Result } from '#shared/base/result'

/** What is done with a page, and how it was written. */
export type PageStep = { source: string } & (
  | { kind: 'click'; selector: string }
  | { kind: 'fill'; selector: string; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'element'; selector: string }
  | { kind: 'pause'; ms: number }
  /** A click on what is called so, else the text has to be there. */
  | { kind: 'name'; text: string }
  | { kind: 'code'; code: string }
)

const CODE = /^javascript:/i

/**
 * Reads instructions for a page: `javascript:` and code, or steps with `;` between them (`\;` stands for itself): `click: SELECTOR`,
 * `fill: SELECTOR | TEXT`, `verifytext: TEXT`, `assert: SELECTOR`, `wait: MS` or `wait: SELECTOR`, or the bare name of something.
 * Source: spec/kode.md §7.12.
 *
 * @returns on failure which step cannot be read, and how it should look
 */
export function readPageSteps(instructions: readonly string[]): Result<PageStep[], string> {
  const steps: PageStep[] = []
  for (const instruction of instructions) {
    for (const source of partsOf(instruction)) {
      const step = readStep(source)
      if (!step.ok) return step
      steps.push(step.value)
    }
  }
  return ok(steps)
}

function partsOf(instruction: string): string[] {
  const trimmed = instruction.trim()
  if (CODE.test(trimmed)) return [trimmed]
  return trimmed
    .split(/(?<!\\);/)
    .map(part => part.replaceAll('\\;', ';').trim())
    .filter(part => part !== '')
}

function readStep(source: string): Result<PageStep, string> {
  if (CODE.test(source)) {
    const code = source.replace(CODE, '').trim()
    return code === '' ? unreadable(source, 'javascript:CODE') : ok({ source, kind: 'code', code })
  }
  const [, verb = '', rest = ''] = /^([a-z]+)\s*:\s*(.*)$/is.exec(source) ?? []
  switch (verb.toLowerCase()) {
    case 'click':
      return rest === '' ? unreadable(source, 'click: SELECTOR') : ok({ source, kind: 'click', selector: rest })
    case 'fill':
    case 'type':
      return readFill(source, verb, rest)
    case 'verifytext':
    case 'asserttext':
      return rest === '' ? unreadable(source, `${verb}: TEXT`) : ok({ source, kind: 'text', text: rest })
    case 'assert':
    case 'assertexists':
      return rest === '' ? unreadable(source, `${verb}: SELECTOR`) : ok({ source, kind: 'element', selector: rest })
    case 'wait':
      if (rest === '') return unreadable(source, 'wait: MILLISECONDS, or wait: SELECTOR')
      return ok(
        /^\d+$/.test(rest) ? { source, kind: 'pause', ms: Number(rest) } : { source, kind: 'element', selector: rest },
      )
    default:
      return ok({ source, kind: 'name', text: source })
  }
}

/** The first bar divides, but for that of a selector such as `[lang|=en]`. */
function readFill(source: string, verb: string, rest: string): Result<PageStep, string> {
  const [, selector, text = ''] = /^(.+?)\s*\|(?!=)\s*(.*)$/s.exec(rest) ?? []
  return selector === undefined
    ? unreadable(source, `${verb}: SELECTOR | TEXT`)
    : ok({ source, kind: 'fill', selector, text })
}

function unreadable(source: string, form: string): Result<PageStep, string> {
  return fail(`"${source}" is no step; write ${form}`)
}
