import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { EMPTY_CHAT } from '#shared/protocol/chat-state'
import type { ChatEvent } from '#shared/protocol/events'
import { foldChat } from '#shared/protocol/fold-chat'
import { PANEL_VERSION, type PanelFacts, type PanelPush, type PanelRequest } from '#shared/protocol/requests'
import { endOf, pieceBefore } from '../../../extension/handover'
import { STATES } from './sample-events'

/** For the list to find its place. */
const SETTLE_MS = 200

const ROOT = join(import.meta.dirname, '../../..')

export const THEMES = ['dark', 'light', 'hc-dark', 'hc-light'] as const
export type Theme = (typeof THEMES)[number]

const FACTS: PanelFacts = {
  project: 'orders',
  hasFolders: false,
  model: '',
  missing: '',
  commands: [
    { name: 'new', description: 'Begin a new conversation', needsIdle: true },
    { name: 'model', description: 'Choose the model', needsIdle: true },
    { name: 'transcript', description: 'Open the conversation as text', needsIdle: false },
  ],
  hasVim: false,
  isVerbose: false,
  agent: '',
  words: {},
}

/** One for all pages: each has a context of its own. */
let browser: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

/** The built chat page in Chromium with the policy and colours it has in VS Code, and the test in place of the host. */
export class ChatPage {
  readonly page: Page
  readonly #close: () => void
  #seq = 0
  #epoch = 0
  /** What the page asked its host, in order. */
  readonly requests: PanelRequest[] = []
  /** Violations of the content security policy and uncaught errors. */
  readonly complaints: string[] = []
  /** Answers of the host by request name; without one the reply is empty. */
  readonly answers: Partial<Record<PanelRequest['name'], (input: never) => unknown>> = { history: () => [] }

  /** @param zoom as the editor's: at 2, half as many lines and letters fit */
  static async open(theme: Theme, { width = 420, height = 760, zoom = 1 } = {}): Promise<ChatPage> {
    const { url, close } = await servePage(theme)
    browser ??= chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
      args: ['--no-sandbox', '--disable-gpu'],
    })
    const page = await (await browser).newPage({
      viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
      deviceScaleFactor: zoom,
    })
    const chat = new ChatPage(page, close)
    await page.exposeFunction('toHost', (request: PanelRequest) => chat.#receive(request))
    await page.addInitScript({
      content: `
        let state
        window.acquireVsCodeApi = () => ({
          postMessage: message => window.toHost(message),
          getState: () => state,
          setState: next => { state = next },
        })`,
    })
    page.on('pageerror', error => chat.complaints.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') chat.complaints.push(message.text())
    })
    await page.goto(url)
    return chat
  }

  private constructor(page: Page, close: () => void) {
    this.page = page
    this.#close = close
  }

  /** Begins the conversation anew with these events. */
  async start(events: readonly ChatEvent[] = [], facts: Partial<PanelFacts> = {}): Promise<void> {
    const whole = foldChat(EMPTY_CHAT, events)
    const { state, before } = endOf(whole)
    await this.#push({
      kind: 'start',
      version: PANEL_VERSION,
      epoch: `test-${++this.#epoch}`,
      seq: this.#seq,
      state,
      facts: { ...FACTS, ...facts },
    })
    await this.page.getByRole('textbox', { name: 'Message to kode' }).waitFor()
    for (let left = before; left > 0; ) {
      const piece = pieceBefore(whole, left)
      await this.#push({ kind: 'earlier', epoch: `test-${this.#epoch}`, items: piece.items })
      left = piece.before
    }
  }

  /** Begins anew in one of the states that the samples name. */
  async show(state: string): Promise<void> {
    const { events = [], facts = {}, press, dropped } = STATES[state] ?? {}
    await this.start(events, facts)
    if (dropped) await this.offer(dropped)
    if (press) await this.page.getByRole('button', { name: press }).last().click()
    // Rows are measured after they are drawn, and the end is scrolled to.
    await this.page.waitForTimeout(SETTLE_MS)
  }

  async send(...events: ChatEvent[]): Promise<void> {
    await this.#push({ kind: 'events', epoch: `test-${this.#epoch}`, seq: ++this.#seq, events })
  }

  /** What the host tells of messages that were dropped. */
  async offer(texts: string[]): Promise<void> {
    await this.#push({ kind: 'dropped', texts })
  }

  /** A push that the host lost. */
  loseOne(): void {
    this.#seq++
  }

  async close(): Promise<void> {
    await this.page.context().close()
    this.#close()
  }

  async #receive(request: PanelRequest): Promise<void> {
    this.requests.push(request)
    const answer = this.answers[request.name] as ((input: unknown) => unknown) | undefined
    await this.#push({ kind: 'reply', id: request.id, output: answer?.(request.input) })
  }

  async #push(push: PanelPush): Promise<void> {
    await this.page.evaluate(`window.postMessage(${JSON.stringify(push)}, '*')`)
  }
}

async function servePage(theme: Theme): Promise<{ url: string; close: () => void }> {
  const { body, variables } = JSON.parse(readFileSync(join(ROOT, `test/vscode/data/theme-${theme}.json`), 'utf8')) as {
    body: string
    variables: Record<string, string>
  }
  const style = Object.entries(variables)
    .map(([name, value]) => `${name}: ${value};`)
    .join(' ')
  const policy = "default-src 'none'; script-src 'nonce-test'; style-src 'self' 'nonce-test'; img-src data:"
  const html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta property="csp-nonce" content="test"><title>kode</title>
    <link rel="stylesheet" href="/theme.css"><link rel="stylesheet" href="/chat.css"></head>
    <body class="${body}"><script type="module" nonce="test" src="/chat.js"></script></body></html>`
  const files: Record<string, [string, string]> = {
    '/': ['text/html', html],
    '/theme.css': ['text/css', `:root { ${style} } body { background: var(--vscode-sideBar-background); }`],
    '/chat.css': ['text/css', readFileSync(join(ROOT, 'dist/webview/chat.css'), 'utf8')],
    '/chat.js': ['text/javascript', readFileSync(join(ROOT, 'dist/webview/chat.js'), 'utf8')],
  }
  const server = createServer((request, response) => {
    const [type, text] = files[request.url ?? ''] ?? ['text/plain', '']
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy })
    response.end(text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() }
}
