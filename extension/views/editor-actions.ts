import * as vscode from 'vscode'

const KODE_ACTION = vscode.CodeActionKind.QuickFix.append('kode')
/** Listed under Source Action; it would light the bulb of every line otherwise. */
const VERIFY_ACTION = vscode.CodeActionKind.Source.append('kode.verify')

/** In the project's files: a problem can be handed to the chat, what is selected explained there, the file verified. */
export class EditorActions implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #registration = vscode.languages.registerCodeActionsProvider({ scheme: 'file' }, this, {
    providedCodeActionKinds: [KODE_ACTION, vscode.CodeActionKind.Empty, VERIFY_ACTION],
  })

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const fixes = diagnostics.map(diagnostic => {
      const action = new vscode.CodeAction(vscode.l10n.t('Fix with kode'), KODE_ACTION)
      action.diagnostics = [diagnostic]
      action.command = { title: action.title, command: 'kode.fixProblem', arguments: [document.uri, diagnostic] }
      return action
    })
    const verify = new vscode.CodeAction(vscode.l10n.t('Verify this file with kode'), VERIFY_ACTION)
    verify.command = { title: verify.title, command: 'kode.verifyFile', arguments: [document.uri] }
    if (range.isEmpty) return [...fixes, verify]
    const explain = new vscode.CodeAction(vscode.l10n.t('Explain with kode'), vscode.CodeActionKind.Empty)
    explain.command = { title: explain.title, command: 'kode.explainSelection' }
    return [...fixes, explain, verify]
  }

  dispose(): void {
    this.#registration.dispose()
  }
}

/** A prompt about one problem, with the line it is on. `path` is as the core names the file. */
export function fixPrompt(document: vscode.TextDocument, path: string, diagnostic: vscode.Diagnostic): string {
  const line = diagnostic.range.start.line
  const source = diagnostic.source ? ` (${diagnostic.source})` : ''
  return `Fix this problem in ${path}:${line + 1}${source}: ${diagnostic.message}\n\`\`\`${document.languageId}\n${document.lineAt(line).text}\n\`\`\`\n`
}
