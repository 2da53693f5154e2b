import { sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import type { PageStep } from '#shared/config/page-steps'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { PageProblem } from '../page-check'
import { DevTools } from './devtools'
import { doStep } from './do-step'
import { Page, type PageAnswer } from './page'
import { pageText } from './page-text'

/** What is done and how it went, as it happens. Source of the words: spec/kode.md §7.12. */
export interface PageProgress {
  status: 'START' | 'RUNNING' | 'PASS' | 'ERROR' | 'FAIL'
  step: string
  message: string
}

export interface VisitPlan {
  /** Absolute. */
  browser: string
  /** Of the page on the server, from `/`. */
  path: string
  steps: readonly PageStep[]
  onProgress(progress: PageProgress): void
}

/** What one look at a page found. */
export interface Visit {
  url: string
  problems: readonly PageProblem[]
  screenshot?: Uint8Array
}

/** A server may listen before it has made what it serves. */
const MAKING_MS = 8_000
const RETRY_MS = 300

/** Opens a page that a server in the sandbox serves, in a browser beside it, and does the steps. On failure why there is no browser. */
export async function visitPage(
  port: number,
  plan: VisitPlan,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<Result<Visit, string>> {
  const command = `exec ${[plan.browser, ...FLAGS].map(shellWord).join(' ')} 3<&0 4>&1 >/dev/null`
  const started = await sandbox.converse({ command, cwd: '/', env: { HOME: '/tmp' }, isBrowser: true })
  if (!started.ok) return fail(started.error.message)
  const browser = started.value
  browser.stderr.resume()
  const devTools = new DevTools(browser)
  const stop = () => devTools.end('it took too long')
  signal.addEventListener('abort', stop, { once: true })
  try {
    const page = await Page.open(devTools)
    if (!page.ok) return page
    const url = `http://localhost:${port}${plan.path}`
    const problems = await look(url, plan, page.value, signal)
    const screenshot = await page.value.screenshot()
    if (devTools.ended !== undefined) return fail(devTools.ended)
    return ok({ url, problems, ...(screenshot.ok && { screenshot: screenshot.value }) })
  } finally {
    signal.removeEventListener('abort', stop)
    void devTools.send('Browser.close')
    await browser.stop()
  }
}

/** No window, nothing of its own on the network, and the wall around it instead of its own, which cannot be built inside. */
const FLAGS = [
  ...['--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--user-data-dir=/tmp/kode-browser'],
  ...['--no-first-run', '--no-default-browser-check', '--disable-gpu', '--disable-extensions', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-breakpad', '--no-proxy-server'],
  ...['--mute-audio', '--hide-scrollbars', '--window-size=1280,720', '--password-store=basic', 'about:blank'],
]

async function look(url: string, plan: VisitPlan, page: Page, signal: AbortSignal): Promise<PageProblem[]> {
  const { onProgress, path, steps } = plan
  onProgress({ status: 'RUNNING', step: 'open', message: url })
  const opened = await openPage(url, page, signal)
  const refusal = opened.ok ? (opened.value.status >= 400 ? `answers ${opened.value.status}` : undefined) : opened.error
  if (refusal !== undefined) {
    const message = `${path} ${refusal}`
    onProgress({ status: 'FAIL', step: 'open', message })
    return [{ kind: 'failed-request', message, path }]
  }
  const probe = await page.evaluate('1')
  if (!probe.ok) {
    onProgress({ status: 'FAIL', step: 'open', message: 'the page does not respond' })
    return [{ kind: 'page-error', message: `the page does not respond: ${probe.error}`, path }]
  }
  onProgress({ status: 'PASS', step: 'open', message: url })
  let failed: PageProblem | undefined
  for (const step of steps) {
    onProgress({ status: 'RUNNING', step: step.source, message: 'started' })
    const done = await doStep(step, page, signal)
    onProgress({ status: done.ok ? 'PASS' : 'FAIL', step: step.source, message: done.ok ? done.value : done.error })
    if (done.ok) continue
    failed = { kind: 'step-failed', message: `${pageText(step.source)}: ${done.error}` }
    break
  }
  if (steps.length > 0) await page.settle(signal)
  for (const { message } of page.errors.found) onProgress({ status: 'ERROR', step: 'page', message })
  return [...page.errors.found, ...(failed ? [failed] : [])]
}

/** Looks again where something is wrong: what a server answers while it still makes things ready is nobody's fault. */
async function openPage(url: string, page: Page, signal: AbortSignal): Promise<Result<PageAnswer, string>> {
  const until = performance.now() + MAKING_MS
  for (let isReload = false; ; ) {
    const opened = await page.goto(url, signal)
    const isServed = opened.ok && opened.value.status < 500
    const isFinal = isServed ? isReload || page.errors.found.length === 0 : performance.now() > until
    if (isFinal || signal.aborted) return opened
    isReload = isServed
    await sleep(RETRY_MS, signal)
  }
}
