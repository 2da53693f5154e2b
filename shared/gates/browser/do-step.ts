import * as v from 'valibot'
import { sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import type { PageStep } from '#shared/config/page-steps'
import type { Page } from './page'
import { pageCall, pageCode } from './page-script'
import { pageText } from './page-text'

/** For what is to appear. Source: spec/kode.md §7.12. */
const PATIENCE_MS = 5_000
/** What is there at once needs no other look, and what is not may be called otherwise. */
const NAME_PATIENCE_MS = 1_500
const POLL_MS = 50
const MAX_PAUSE_MS = 30_000
const CODE_MS = 30_000

/** A problem, or where something is in the window, or nothing. */
const answer = v.object({ problem: v.optional(v.string()), x: v.optional(v.number()), y: v.optional(v.number()) })

/** Does one step. @returns what was done; on failure what is in the way */
export async function doStep(step: PageStep, page: Page, signal: AbortSignal): Promise<Result<string, string>> {
  switch (step.kind) {
    case 'click':
      return click(await ask(pageCall('clickPoint', step.selector), PATIENCE_MS, page, signal), page, signal)
    case 'fill':
      return said('filled', await ask(pageCall('fill', step.selector, step.text), PATIENCE_MS, page, signal))
    case 'text':
      return said('shown', await ask(pageCall('hasText', step.text), PATIENCE_MS, page, signal))
    case 'element':
      return said('there', await ask(pageCall('hasElement', step.selector), PATIENCE_MS, page, signal))
    case 'pause':
      await sleep(Math.min(step.ms, MAX_PAUSE_MS), signal)
      return ok('waited')
    case 'name': {
      const named = await ask(pageCall('namedPoint', step.text), NAME_PATIENCE_MS, page, signal)
      if (named.ok) return click(named, page, signal)
      return said('shown', await ask(pageCall('hasText', step.text), PATIENCE_MS, page, signal))
    }
    case 'code': {
      const ran = await page.evaluate(pageCode(step.code), CODE_MS)
      if (!ran.ok) return ran
      return ran.value === false ? fail('it returned false') : ok('done')
    }
  }
}

type Answer = v.InferOutput<typeof answer>

/** Asks the page until there is no problem any more; the last one counts. */
async function ask(
  expression: string,
  patienceMs: number,
  page: Page,
  signal: AbortSignal,
): Promise<Result<Answer, string>> {
  const until = performance.now() + patienceMs
  for (;;) {
    const read = readAnswer(await page.evaluate(expression))
    if (read.ok || performance.now() > until || signal.aborted) return read
    await sleep(POLL_MS, signal)
  }
}

/** A page may have replaced whatever its steps are looked for with. */
function readAnswer(evaluated: Result<unknown, string>): Result<Answer, string> {
  if (!evaluated.ok) return evaluated
  const read = v.safeParse(answer, evaluated.value)
  if (!read.success) return fail('the page answers what nobody understands')
  const { problem } = read.output
  return problem === undefined ? ok(read.output) : fail(pageText(problem))
}

async function click(place: Result<Answer, string>, page: Page, signal: AbortSignal): Promise<Result<string, string>> {
  if (!place.ok) return place
  const { x = 0, y = 0 } = place.value
  const taken = await page.click(x, y)
  if (!taken.ok) return taken
  await page.settle(signal)
  return ok('clicked')
}

function said(what: string, done: Result<Answer, string>): Result<string, string> {
  return done.ok ? ok(what) : done
}
