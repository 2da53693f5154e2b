import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Locator } from 'playwright-core'
import { type ScriptedProvider, type ScriptedReply, startScriptedProvider } from '../../support/scripted-provider'
import { CodeServer } from './code-server'
import { Workbench } from './workbench'

const VSIX = join(import.meta.dirname, '../../../dist/kode.vsix')

/** A VS Code with kode installed, a project open, and a model that says what the test hands it. */
export class Editor {
  readonly server: CodeServer
  readonly workbench: Workbench
  readonly model: ScriptedProvider
  readonly #replies: ScriptedReply[]
  readonly #asked: readonly number[]

  static async open(
    files: Record<string, string | Uint8Array>,
    {
      settings = {},
      isTrusted = true,
      extensions = [],
    }: { settings?: Record<string, unknown>; isTrusted?: boolean; extensions?: string[] } = {},
  ): Promise<Editor> {
    const replies: ScriptedReply[] = []
    const asked: number[] = []
    const model = await startScriptedProvider(() => {
      asked.push(performance.now())
      return replies.shift() ?? { text: 'The script is at its end.' }
    })
    const server = new CodeServer({
      'kode.provider': 'openai',
      'kode.baseUrl': model.url,
      'kode.model': 'scripted',
      'kode.mode': 'safe',
      'workbench.colorTheme': 'Dark 2026',
      ...settings,
    })
    const editor = new Editor(server, await Workbench.launch(), model, replies, asked)
    for (const [path, content] of Object.entries(files)) editor.write(path, content)
    await server.install(VSIX, ...extensions)
    await server.start({ isTrusted })
    await editor.reload()
    return editor
  }

  private constructor(
    server: CodeServer,
    workbench: Workbench,
    model: ScriptedProvider,
    replies: ScriptedReply[],
    asked: readonly number[],
  ) {
    this.server = server
    this.workbench = workbench
    this.model = model
    this.#replies = replies
    this.#asked = asked
  }

  /** When the model was asked last, as `performance.now()` tells it. */
  get lastAskedAt(): number {
    return this.#asked.at(-1) ?? 0
  }

  /** What the model answers to the next requests. */
  script(...replies: ScriptedReply[]): void {
    this.#replies.splice(0, this.#replies.length, ...replies)
  }

  get chat(): Locator {
    return this.workbench.chat
  }

  get composer(): Locator {
    return this.chat.getByRole('textbox', { name: 'Message to kode' })
  }

  /** Opens the window, or opens it again; the workspace's folder, or a `.code-workspace` file in it. */
  async reload(name = ''): Promise<void> {
    await this.workbench.open(this.server.url, join(this.server.workspace, name))
    const tab = this.workbench.page.getByRole('tab', { name: 'kode', exact: true })
    await tab.waitFor()
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click()
    await this.composer.waitFor()
  }

  /** Gives the key as a user does; it goes into the secret storage. */
  async setKey(key: string): Promise<void> {
    await this.workbench.runCommand('kode: Set Provider Key')
    const box = this.workbench.page.locator('.quick-input-widget input')
    await box.fill(key)
    await box.press('Enter')
  }

  async prompt(text: string): Promise<void> {
    await this.composer.fill(text)
    await this.composer.press('Enter')
  }

  async newConversation(): Promise<void> {
    await this.workbench.runCommand('kode: New Conversation')
    await this.chat.getByRole('heading', { name: 'What shall we change?' }).waitFor()
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.server.workspace, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }

  read(path: string): string {
    return readFileSync(join(this.server.workspace, path), 'utf8')
  }

  readBytes(path: string): Buffer {
    return readFileSync(join(this.server.workspace, path))
  }

  async close(): Promise<void> {
    await this.workbench.close()
    await this.server.stop()
    await this.model.close()
  }
}

/** A call of the Edit tool. */
export function edit(path: string, oldText: string, newText: string) {
  return { name: 'Edit', arguments: { file_path: path, replacements: [{ old_str: oldText, new_str: newText }] } }
}
