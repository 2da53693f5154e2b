import * as vscode from 'vscode'
import { mentionsIn, withoutSentenceEnd } from '#shared/protocol/mentions'
import type { Mention } from '#shared/protocol/requests'
import { type ConversationFolder, pathIn } from './folders'

/** What only the editor knows and a prompt can mention with `@`; files, folders and `@diff` are the core's. */
const SPECIALS = ['problems', 'selection', 'terminal'] as const
const SYMBOL = /^#[\w$]+$/

const PROBLEMS_AT_MOST = 100
const SYMBOLS_SHOWN = 20
const SYMBOL_LINES_AT_MOST = 200
const TERMINAL_CHARACTERS = 20_000

/** Problems, selection, terminal and symbols as parts of a prompt. */
export class EditorContext implements vscode.Disposable {
  readonly #folder: ConversationFolder
  /** The end of what commands in terminals printed, and the commands. */
  #printed = ''
  readonly #listening = vscode.window.onDidStartTerminalShellExecution(event => void this.#follow(event.execution))

  constructor(folder: ConversationFolder) {
    this.#folder = folder
  }

  /** What can stand after `@` besides files. `#` begins a symbol. */
  async find(query: string): Promise<Mention[]> {
    if (query.startsWith('#')) return this.#findSymbols(query.slice(1))
    const details = {
      diff: vscode.l10n.t('What changed since the last commit'),
      problems: vscode.l10n.t('Errors and warnings of this folder'),
      selection: vscode.l10n.t('What is selected in the editor'),
      terminal: vscode.l10n.t('What the terminal printed last'),
    }
    return (['diff', ...SPECIALS] as const)
      .filter(name => name.startsWith(query.toLowerCase()))
      .map(name => ({ text: name, detail: details[name], kind: 'special' }))
  }

  /** One text for each thing that the words mention and that is there. */
  async partsFor(words: string): Promise<string[]> {
    const names = mentionsIn(words).map(({ name }) => withoutSentenceEnd(name))
    const own = names.filter(name => SPECIALS.some(special => special === name) || SYMBOL.test(name))
    const parts = await Promise.all([...new Set(own)].map(name => this.#partFor(name)))
    return parts.filter(part => part !== undefined)
  }

  dispose(): void {
    this.#listening.dispose()
  }

  async #partFor(name: string): Promise<string | undefined> {
    if (name === 'problems') return `<problems>\n${this.#problems().join('\n') || 'none'}\n</problems>`
    if (name === 'selection') return this.#selection()
    if (name === 'terminal') return this.#printed && `<terminal>\n${this.#printed.trimEnd()}\n</terminal>`
    return this.#symbol(name.slice(1))
  }

  #problems(): string[] {
    const root = this.#folder.current?.uri.toString()
    return vscode.languages
      .getDiagnostics()
      .filter(([uri]) => root !== undefined && uri.toString().startsWith(`${root}/`))
      .flatMap(([uri, found]) => found.map(diagnostic => ({ path: pathIn(this.#folder.current, uri), diagnostic })))
      .filter(({ diagnostic }) => diagnostic.severity <= vscode.DiagnosticSeverity.Warning)
      .slice(0, PROBLEMS_AT_MOST)
      .map(({ path, diagnostic: { range, severity, message } }) => {
        const level = severity === vscode.DiagnosticSeverity.Error ? 'error' : 'warning'
        return `${path}:${range.start.line + 1}:${range.start.character + 1} ${level}: ${message}`
      })
  }

  #selection(): string | undefined {
    const editor = vscode.window.activeTextEditor
    if (!editor || editor.selection.isEmpty) return undefined
    return this.#excerpt('selection', editor.document, editor.selection)
  }

  async #findSymbols(query: string): Promise<Mention[]> {
    const symbols = await symbolsNamed(query)
    return symbols
      .filter(symbol => /^[\w$]+$/.test(symbol.name))
      .slice(0, SYMBOLS_SHOWN)
      .map(symbol => ({
        text: `#${symbol.name}`,
        detail: pathIn(this.#folder.current, symbol.location.uri),
        kind: 'special',
      }))
  }

  async #symbol(name: string): Promise<string | undefined> {
    const found = (await symbolsNamed(name)).find(symbol => symbol.name === name)
    if (!found) return undefined
    const document = await vscode.workspace.openTextDocument(found.location.uri)
    const { start, end } = found.location.range
    const last = Math.min(end.line, start.line + SYMBOL_LINES_AT_MOST, document.lineCount - 1)
    return this.#excerpt('symbol', document, new vscode.Range(start.line, 0, last, document.lineAt(last).text.length))
  }

  #excerpt(tag: string, document: vscode.TextDocument, range: vscode.Range): string {
    const path = pathIn(this.#folder.current, document.uri)
    const lines = `${range.start.line + 1}-${range.end.line + 1}`
    return `<${tag} path="${path}" lines="${lines}">\n${document.getText(range)}\n</${tag}>`
  }

  async #follow(execution: vscode.TerminalShellExecution): Promise<void> {
    this.#print(`$ ${execution.commandLine.value}\n`)
    for await (const piece of execution.read()) this.#print(piece)
  }

  #print(text: string): void {
    this.#printed = (this.#printed + withoutEscapes(text)).slice(-TERMINAL_CHARACTERS)
  }
}

async function symbolsNamed(query: string): Promise<vscode.SymbolInformation[]> {
  const found = await vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
    'vscode.executeWorkspaceSymbolProvider',
    query,
  )
  return found ?? []
}

/** Without the control sequences of terminals: colours, titles, cursor moves. */
function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '').replaceAll('\r', '')
}

const ESCAPES = new RegExp(`${String.fromCharCode(27)}(?:\\][^\\x07]*(?:\\x07|$)|\\[[0-?]*[ -/]*[@-~]|.)`, 'g')
