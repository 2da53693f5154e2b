import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { readPageSteps } from '#shared/config/page-steps'
import { DevTools, type DevToolsValues } from '#shared/gates/browser/devtools'
import { doStep } from '#shared/gates/browser/do-step'
import { Page } from '#shared/gates/browser/page'

const POINT = { result: { value: { x: 1, y: 1 } } }
/** What is shown is asked again and again for 5 s. */
const PATIENT = 6_000

test('a page that hangs on a click was not clicked', async () => {
  const page = await pageThat(method => (method === 'Runtime.evaluate' ? POINT : { error: 'no answer within 10 s' }))
  expect(await doneOn(page, 'click: #go')).toEqual({ ok: false, error: 'no answer within 10 s' })
})

test.each([
  ['what no step returns', { result: { value: 'broke' } }],
  ['nothing', { result: {} }],
  ['a place that is none', { result: { value: { x: 'left' } } }],
])('a page that answers %s fails the step', async (_, answer) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  try {
    const done = doneOn(await pageThat(() => answer), 'click: #go')
    await vi.advanceTimersByTimeAsync(PATIENT)
    expect(await done).toMatchObject({ ok: false, error: expect.stringContaining('the page') })
  } finally {
    vi.useRealTimers()
  }
})

test('a first answer may take as long as a page may load', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const sent: string[] = []
    const page = await pageThat(method => {
      sent.push(method)
      return method === 'Page.navigate' ? undefined : {}
    })
    let opened: unknown
    void page.goto('http://localhost:5080/', new AbortController().signal).then(value => {
      opened = value
    })
    await vi.advanceTimersByTimeAsync(14_000)
    expect([sent.at(-1), opened]).toEqual(['Page.navigate', undefined])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(opened).toMatchObject({ ok: false })
  } finally {
    vi.useRealTimers()
  }
})

test('what a page says of itself holds no control sequence', async () => {
  const exceptionDetails = { text: '', exception: { description: 'Error: \u001b[2Jgone' } }
  const page = await pageThat(() => ({ result: {}, exceptionDetails }))
  expect(await doneOn(page, 'javascript: fail()')).toEqual({ ok: false, error: 'Error: gone' })
})

type Answer = DevToolsValues & { error?: string }

/** @param answers of the browser, by method; undefined: none ever */
async function pageThat(answers: (method: string) => Answer | undefined): Promise<Page> {
  const browser = { stdin: new PassThrough({ encoding: 'utf8' }), stdout: new PassThrough() }
  const opening: Record<string, Answer> = {
    'Target.createTarget': { targetId: 't' },
    'Target.attachToTarget': { sessionId: 's' },
  }
  browser.stdin.on('data', (text: string) => {
    for (const message of text.split('\0').filter(Boolean)) {
      const { id, method } = JSON.parse(message)
      const given = opening[method] ?? (/\.(enable|setSkipAllPauses)$/.test(method) ? {} : answers(method))
      if (!given) continue
      const { error, ...result } = given
      browser.stdout.write(`${JSON.stringify({ id, ...(error ? { error: { message: error } } : { result }) })}\0`)
    }
  })
  const page = await Page.open(new DevTools(browser))
  if (!page.ok) throw new Error(page.error)
  return page.value
}

async function doneOn(page: Page, source: string) {
  const steps = readPageSteps([source])
  if (!steps.ok || !steps.value[0]) throw new Error(source)
  return doStep(steps.value[0], page, new AbortController().signal)
}
