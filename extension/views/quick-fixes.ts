import * as vscode from 'vscode'
import type { Proposals } from '../proposals'
import { PENDING_SCHEME, pendingFileOf } from './pending-files'

/** Mends for what a gate found in a proposal: the name that does exist, or the file without that hunk. */
export class QuickFixes implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #proposals: Proposals
  readonly #registration = vscode.languages.registerCodeActionsProvider({ scheme: PENDING_SCHEME }, this, {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  })

  constructor(proposals: Proposals) {
    this.#proposals = proposals
  }

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return diagnostics
      .filter(diagnostic => diagnostic.source === 'kode')
      .flatMap(diagnostic => [...useExistingName(document, diagnostic), ...this.#rejectHunk(document, diagnostic)])
  }

  dispose(): void {
    this.#registration.dispose()
  }

  #rejectHunk(document: vscode.TextDocument, diagnostic: vscode.Diagnostic): vscode.CodeAction[] {
    const place = pendingFileOf(document.uri)
    const line = diagnostic.range.start.line
    const found = (place ? this.#proposals.hunks(place.id, place.path) : []).find(
      ({ hunk }) => line >= hunk.afterStart && line < hunk.afterStart + hunk.afterLines.length,
    )
    if (!found) return []
    const action = quickFix(vscode.l10n.t('Reject this hunk'), diagnostic)
    action.command = { title: action.title, command: 'kode.rejectHunk', arguments: [document.uri, found.key] }
    return [action]
  }
}

function useExistingName(document: vscode.TextDocument, diagnostic: vscode.Diagnostic): vscode.CodeAction[] {
  const name = SUGGESTED_NAME.exec(diagnostic.message)?.[1]
  const isOneName = /^[\w$]+$/.test(document.getText(diagnostic.range))
  if (!name || !isOneName) return []
  const action = quickFix(vscode.l10n.t('Use `{0}`', name), diagnostic)
  action.edit = new vscode.WorkspaceEdit()
  action.edit.replace(document.uri, diagnostic.range, name)
  action.isPreferred = true
  return [action]
}

function quickFix(title: string, diagnostic: vscode.Diagnostic): vscode.CodeAction {
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix)
  action.diagnostics = [diagnostic]
  return action
}

/** As gates put it; see languages/support/nearest-name.ts. */
const SUGGESTED_NAME = /did you mean `([\w$]+)`\?/
