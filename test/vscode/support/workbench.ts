import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const WORKBENCH_TIMEOUT_MS = 90_000
const PALETTE_ATTEMPTS = 15
const PALETTE_ROW_TIMEOUT_MS = 3_000
/** For anything on the page; two busy cores make single steps slow. */
const STEP_TIMEOUT_MS = 45_000

/** A VS Code window in headless Chromium. */
export class Workbench {
  readonly #profile: string
  readonly #context: BrowserContext
  readonly page: Page

  static async launch(): Promise<Workbench> {
    const profile = mkdtempSync(join(tmpdir(), 'kode-chromium-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
      args: CHROMIUM_FLAGS,
      headless: true,
      viewport: { width: 1400, height: 900 },
    })
    context.setDefaultTimeout(STEP_TIMEOUT_MS)
    return new Workbench(profile, context, context.pages()[0] ?? (await context.newPage()))
  }

  private constructor(profile: string, context: BrowserContext, page: Page) {
    this.#profile = profile
    this.#context = context
    this.page = page
  }

  /** @param place a folder, or a `.code-workspace` file */
  async open(serverUrl: string, place: string): Promise<void> {
    const kind = place.endsWith('.code-workspace') ? 'workspace' : 'folder'
    await this.page.goto(`${serverUrl}/?${new URLSearchParams({ [kind]: place })}`)
    await this.page.locator('.monaco-workbench').waitFor({ timeout: WORKBENCH_TIMEOUT_MS })
  }

  /** The palette lists what was contributed when it opened, so it is opened again until the command is there. */
  async runCommand(title: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first()
    for (let attempt = 0; attempt < PALETTE_ATTEMPTS; attempt++) {
      await this.page.keyboard.press('F1')
      await this.page.locator('.quick-input-widget input').fill(`>${title}`)
      try {
        await row.click({ timeout: PALETTE_ROW_TIMEOUT_MS })
        return
      } catch (error) {
        if (attempt === PALETTE_ATTEMPTS - 1) throw error
        await this.page.keyboard.press('Escape')
      }
    }
  }

  /** Types into the list that is open, and takes the row that is called so. */
  async choose(text: string): Promise<void> {
    const box = this.page.locator('.quick-input-widget input[type="text"]')
    await box.fill(text)
    const name = this.page.getByText(text, { exact: true })
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ has: name }).first().click()
    await box.waitFor({ state: 'hidden' })
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+p')
    await this.page.locator('.quick-input-widget input').fill(name)
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).first().click()
    await this.page.getByRole('tab', { name }).first().waitFor()
  }

  /** What is seen of kode's chat: an outer frame holds VS Code's loader, an inner one its HTML. */
  get chat(): Locator {
    return this.page
      .frameLocator('iframe.webview.ready[src*="extensionId=kode.kode&"]')
      .frameLocator('iframe#active-frame')
      .getByRole('main')
  }

  editorAction(title: string): Locator {
    return this.page.locator('.editor-actions').getByRole('button', { name: title })
  }

  async close(): Promise<void> {
    await this.#context.close()
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 })
  }
}
