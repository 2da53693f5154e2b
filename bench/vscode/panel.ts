/**
 * `npm run bench:vscode`: the chat page in Chromium and kode in a real VS Code, each number beside what a bare view or a
 * plain diff of the editor takes on the same machine in the same run. Medians.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createVSIX } from '@vscode/vsce'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '#shared/store/sessions'
import { ChatPage, closeBrowser } from '../../test/vscode/support/chat-page'
import { Editor, edit } from '../../test/vscode/support/editor'
import { session } from '../../test/vscode/support/sample-events'
import { longSession, soak } from '../../test/vscode/support/soak'

const DIST = join(import.meta.dirname, '../../dist')
const RUNS = 7
const IDLE_MS = 5_000
/** Each opens a window of its own. */
const FIRST_RUNS = 3
/** No model answers sooner. */
const THINKING_MS = 800

function tell(what: string, value: string, target: string): void {
  console.log(`| ${what.padEnd(58)} | ${value.padEnd(34)} | ${target} |`)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Milliseconds of each run, as `median (all)`. */
function ms(values: readonly number[]): string {
  return `${median(values).toFixed(0)} ms (${values.map(value => value.toFixed(0)).join(' ')})`
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function times(count: number, run: () => Promise<number>): Promise<number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index++) found.push(await run())
  return found
}

describe('what is shipped', () => {
  test('sizes', () => {
    console.log(
      `load ${loadavg()
        .map(each => each.toFixed(1))
        .join(' ')}`,
    )
    tell('VSIX', `${(statSync(join(DIST, 'kode.vsix')).size / 1e6).toFixed(2)} MB`, '< 5 MB')
    const script = gzipSync(readFileSync(join(DIST, 'webview/chat.js'))).length
    tell('script of the chat page, gzip', `${(script / 1000).toFixed(0)} kB`, '< 250 kB')
  })
})

describe('the chat page', () => {
  afterAll(() => closeBrowser())

  test('opens 5,000 messages', async () => {
    const events = [session(), ...longSession(5000)]
    const rows: number[] = []
    const durations = await times(RUNS, async () => {
      const chat = await ChatPage.open('dark')
      await chat.page.evaluate(`
        window.addEventListener('message', ({ data }) => {
          if (data.kind !== 'start') return
          const at = performance.now()
          const shown = () => document.querySelector('[role=log]')?.textContent.includes('Answer 2499')
          const look = () => requestAnimationFrame(() => { shown() ? requestAnimationFrame(() => { window.openedMs = performance.now() - at }) : look() })
          look()
        }, true)`)
      await chat.start(events)
      await chat.page.waitForFunction('window.openedMs')
      rows.push(await chat.page.locator('.row').count())
      const openedMs = (await chat.page.evaluate('window.openedMs')) as number
      await chat.close()
      return openedMs
    })
    tell('5,000 messages, from the push to the frame that shows the end', ms(durations), '< 500 ms')
    tell('rows in the page then', `${Math.max(...rows)}`, '< 300')
  })

  test('soak', async () => {
    const soaks = []
    for (let run = 0; run < 3; run++) {
      const chat = await ChatPage.open('dark')
      soaks.push(await soak(chat))
      await chat.close()
    }
    const growth = soaks.map(({ heapBytes: [before, after] }) => 100 * (after / before - 1))
    tell('heap over 3,000 streamed events', growth.map(each => `${each.toFixed(1)} %`).join(' '), '± 10 %')
    tell('key to frame while streaming, p95', ms(soaks.map(each => each.keyToFrameP95Ms)), '< 16 ms')
  })

  test('idle', async () => {
    const chat = await ChatPage.open('dark')
    await chat.start([session(), ...longSession(5000)])
    await chat.page.waitForTimeout(2_000)
    const devtools = await chat.page.context().newCDPSession(chat.page)
    await devtools.send('Performance.enable')
    const busySeconds = async () => {
      const { metrics } = await devtools.send('Performance.getMetrics')
      return metrics.find(metric => metric.name === 'TaskDuration')?.value ?? 0
    }
    const before = await busySeconds()
    await chat.page.waitForTimeout(IDLE_MS)
    const share = ((await busySeconds()) - before) / (IDLE_MS / 1000)
    tell('idle page with 5,000 messages', `${(100 * share).toFixed(2)} % of a core`, '0')
    await chat.close()
  })
})

describe('in VS Code', () => {
  const packed = mkdtempSync(join(tmpdir(), 'kode-bench-vscode-'))
  let editor: Editor

  beforeAll(async () => {
    const bare = join(packed, 'bare.vsix')
    const quietly = { dependencies: false, allowMissingRepository: true, skipLicense: true }
    await createVSIX({ cwd: join(import.meta.dirname, 'bare'), packagePath: bare, ...quietly })
    editor = await Editor.open({ 'a.ts': 'export const a = 1\n', 'fresh/b.ts': '' }, { extensions: [bare] })
    await storeLongSession(editor.server.workspace)
  })

  afterAll(async () => {
    await editor?.close()
    rmSync(packed, { recursive: true, force: true })
  })

  /** Of a core, once what was started has come to rest. */
  const idleShare = async () => {
    await editor.workbench.page.waitForTimeout(IDLE_MS)
    const before = editor.server.extensionHostCpuMs()
    await editor.workbench.page.waitForTimeout(IDLE_MS)
    return `${((100 * (editor.server.extensionHostCpuMs() - before)) / IDLE_MS).toFixed(1)} % of a core`
  }
  const tab = (name: string) => editor.workbench.page.getByRole('tab', { name, exact: true })
  const show = (name: string, shown: Locator) =>
    timed(async () => {
      await tab(name).click()
      await shown.waitFor()
    })

  test('activate()', async () => {
    // A folder that was never open shows the explorer, so that nothing activates kode before it is measured.
    await editor.workbench.open(editor.server.url, join(editor.server.workspace, 'fresh'))
    await tab('Bare').waitFor()
    tell('  floor: idle extension host without kode', await idleShare(), '')
    await editor.workbench.page.keyboard.press('Control+Alt+9')
    await expect.poll(() => readActivation(editor)?.activatedMs, { timeout: 20_000 }).toBeDefined()
    const activation = readActivation(editor)
    tell('activate(), with reading its code', `${activation?.activatedMs.toFixed(0)} ms`, '< 100 ms')
    tell('memory it adds (resident)', `${activation?.grownMb.rss?.toFixed(1)} MB`, '< 30 MB')
    await editor.reload()
  })

  const bareBox = () =>
    editor.workbench.page
      .frameLocator('iframe.webview.ready[src*="extensionId=sample.bare&"]')
      .frameLocator('iframe#active-frame')
      .getByRole('textbox', { name: 'Bare' })

  test('the panel', async () => {
    await show('Bare', bareBox())
    const panel: number[] = []
    const floor: number[] = []
    for (let run = 0; run < RUNS; run++) {
      panel.push(await show('kode', editor.composer))
      floor.push(await show('Bare', bareBox()))
    }
    tell('panel shown, warm', ms(panel), '< 400 ms')
    tell('  floor: a view with one text box', ms(floor), '')
    await show('kode', editor.composer)
    await editor.setKey('sk-test-0123456789')
  })

  test('the pending diff', async () => {
    const { page } = editor.workbench
    const right = page.locator('.editor.modified .view-line')
    const pending = await times(RUNS, async () => {
      await editor.newConversation()
      editor.script(
        { toolCalls: [{ name: 'Read', arguments: { file_path: 'a.ts' } }] },
        { toolCalls: [edit('a.ts', 'a = 1', 'a = 2')] },
        { text: 'Well.' },
      )
      await editor.prompt('Two')
      await right.filter({ hasText: 'a = 2' }).waitFor()
      const shownMs = performance.now() - editor.lastAskedAt
      await editor.chat.getByRole('region', { name: 'Approval: a.ts' }).press('n')
      await editor.chat.getByText('Well.').waitFor()
      return shownMs
    })
    const floor = await times(RUNS, async () => {
      const openedMs = await timed(async () => {
        await page.keyboard.press('Control+Alt+0')
        await right.filter({ hasText: 'bare = 2' }).waitFor()
      })
      await page.keyboard.press('Control+F4')
      await page.getByRole('tab', { name: 'bare.ts' }).getByRole('button', { name: /Close/ }).click()
      await right.first().waitFor({ state: 'detached' })
      return openedMs
    })
    tell('pending diff shown after the request with the call', ms(pending), '< 400 ms')
    tell("  floor: the editor's own diff of two short texts", ms(floor), '')
  })

  test('the first pending diff of a window', async () => {
    const { page } = editor.workbench
    const card = editor.chat.getByRole('region', { name: 'Approval: a.ts' })
    const judged: number[] = []
    const tabs: number[] = []
    const floorTabs: number[] = []
    const drawn = (text: string) => firstFrame(page, '.editor.modified .view-line', text)
    const pending = await times(FIRST_RUNS, async () => {
      await editor.reload()
      const [tab, diff] = [firstFrame(page, '.tab', 'proposed by kode'), drawn('a = 2')]
      editor.script(
        { toolCalls: [{ name: 'Read', arguments: { file_path: 'a.ts' } }], delayMs: THINKING_MS },
        { toolCalls: [edit('a.ts', 'a = 1', 'a = 2')], delayMs: THINKING_MS },
        { text: 'Well.' },
      )
      await editor.prompt('Two')
      const cardAt = card.waitFor().then(Date.now)
      const [tabAt, diffAt] = await Promise.all([tab, diff])
      const calledAt = performance.timeOrigin + editor.lastAskedAt + THINKING_MS
      tabs.push(tabAt - calledAt)
      judged.push((await cardAt) - calledAt)
      await card.press('n')
      await editor.chat.getByText('Well.').waitFor()
      return diffAt - calledAt
    })
    const floor = await times(FIRST_RUNS, async () => {
      await editor.reload()
      const [tab, diff] = [firstFrame(page, '.tab', '(bare)'), drawn('bare = 2')]
      // As long as a conversation lasts that comes to a change.
      await page.waitForTimeout(2 * THINKING_MS)
      const pressedAt = Date.now()
      await page.keyboard.press('Control+Alt+0')
      floorTabs.push((await tab) - pressedAt)
      return (await diff) - pressedAt
    })
    tell('the first pending diff of a window', ms(pending), '< 400 ms')
    tell("  floor: the editor's own first diff of a window", ms(floor), '')
    tell('  until its tab is there: the call, the gates, the editor', ms(tabs), '')
    tell('  floor: until the tab is there', ms(floorTabs), '')
    tell('  until the card is seen', ms(judged), '')
  })

  test('a stored conversation of 5,000 messages', async () => {
    const { page } = editor.workbench
    const lastAnswer = editor.chat.getByText('Answer 2499', { exact: true })
    const row = page.locator('.quick-input-list .monaco-list-row', { hasText: 'Question 0' }).first()
    const opened = await times(RUNS, async () => {
      await editor.newConversation()
      await editor.workbench.runCommand('kode: Open Earlier Conversation')
      // Only rows in view are drawn, and it is the oldest.
      await page.locator('.quick-input-widget input[type="text"]').fill('Question 0')
      await row.waitFor()
      return sincePressed(row, lastAnswer)
    })
    tell('5,000 stored messages, from the click to the end shown', ms(opened), '< 500 ms')
    tell('rows in the page then', `${await editor.chat.locator('.row').count()}`, '< 300')
    // A conversation that was prompted is the one to go on with.
    editor.script({ text: 'Too late.', delayMs: 60_000 })
    await editor.prompt('More')
    await editor.chat.getByRole('button', { name: 'Stop', exact: true }).click()
    const first = await times(FIRST_RUNS, async () => {
      await editor.reload()
      return sincePressed(editor.chat.getByRole('button', { name: /^Go on with/ }), lastAnswer)
    })
    tell('  as the first thing in a window, with loading the core', ms(first), '< 500 ms')
  })

  test('idle', async () => {
    tell('idle extension host, with the editor’s own extensions', await idleShare(), '0 over the floor')
  })
})

/** When the page has drawn a first frame with a text in such an element, as `Date.now()`. The driver itself looks less often. */
function firstFrame(page: Page, selector: string, text: string): Promise<number> {
  return page.evaluate(`new Promise(told => {
    const isThere = () => [...document.querySelectorAll(${JSON.stringify(selector)})]
      .some(each => each.textContent.replaceAll('\u00a0', ' ').includes(${JSON.stringify(text)}))
    const look = new MutationObserver(() => {
      if (!isThere()) return
      look.disconnect()
      requestAnimationFrame(() => setTimeout(() => told(Date.now())))
    })
    look.observe(document.body, { childList: true, subtree: true, characterData: true })
  })`)
}

/** From the press of the mouse: what the driver waits for before it, such as two quiet frames, is nobody's time. */
async function sincePressed(target: Locator, shown: Locator): Promise<number> {
  const frame = await (await target.elementHandle())?.ownerFrame()
  const pressed = frame?.evaluate(
    'new Promise(told => addEventListener("mousedown", () => told(Date.now()), { capture: true, once: true }))',
  )
  await target.click()
  await shown.waitFor()
  return Date.now() - Number(await pressed)
}

async function storeLongSession(project: string): Promise<void> {
  const store = openStore({ folder: join(project, '../config/kode/db'), now: Date.now })
  if (!store.ok) throw new Error(store.error.message)
  const place = { project: realpathSync(project), agent: 'default', provider: 'openai', model: 'scripted' }
  const log = store.value.createSession({ ...place, mode: 'safe' })
  if (!log.ok) throw new Error(log.error.message)
  for (const event of longSession(5000)) if ('message' in event) await log.value.append(event.message)
  await log.value.close()
  await store.value.close()
}

function readActivation(editor: Editor): { activatedMs: number; grownMb: Record<string, number> } | undefined {
  try {
    return JSON.parse(editor.read('fresh/activation.json'))
  } catch {
    // Not written yet.
    return undefined
  }
}
