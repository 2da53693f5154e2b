import * as vscode from 'vscode'

const SCHEME = 'kode-text'
/** Fast enough to follow with the eyes. */
const FOLLOW_EVERY_MS = 1_000

/** Long texts of the chat (an output, the transcript) as read-only documents; kept while they are open. */
export class TextDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>()
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  readonly onDidChange = this.#changed.event
  readonly #registrations = [
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    vscode.workspace.onDidCloseTextDocument(document => this.#texts.delete(document.uri.toString())),
  ]
  #count = 0

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? ''
  }

  /** @param title becomes the tab's name */
  async show(title: string, text: string, language?: string): Promise<void> {
    await this.#open(title, text, language)
  }

  /** Shows a text that grows, as long as there is one and the document is open. */
  async follow(title: string, read: () => string | undefined, language?: string): Promise<void> {
    const uri = await this.#open(title, read() ?? '', language)
    const timer = setInterval(() => {
      const [text, shown] = [read(), this.#texts.get(uri.toString())]
      if (text === undefined || shown === undefined) clearInterval(timer)
      else if (text !== shown) {
        this.#texts.set(uri.toString(), text)
        this.#changed.fire(uri)
      }
    }, FOLLOW_EVERY_MS)
  }

  /** Without a language it is plain text, whatever its title ends in. */
  async #open(title: string, text: string, language = 'plaintext'): Promise<vscode.Uri> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${++this.#count}/${title.replaceAll('/', '∕')}` })
    this.#texts.set(uri.toString(), text)
    const document = await vscode.workspace.openTextDocument(uri)
    await vscode.languages.setTextDocumentLanguage(document, language)
    // A document that gets another language is closed and opened again.
    this.#texts.set(uri.toString(), text)
    await vscode.window.showTextDocument(document, { preview: true })
    return uri
  }

  dispose(): void {
    vscode.Disposable.from(this.#changed, ...this.#registrations).dispose()
  }
}
