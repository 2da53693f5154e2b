import * as vscode from 'vscode'
import type { Kode } from '#shared/kode'
import type { GateReport } from '#shared/protocol/gate-report'
import { diagnosticOf } from './diagnostics'

/** Puts whole files through the gates when the user asks; what is found are problems of the file until its text changes. */
export class FileVerdicts implements vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('kode-files')
  readonly #listening = vscode.Disposable.from(
    this.#diagnostics,
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) this.#diagnostics.delete(document.uri)
    }),
    vscode.workspace.onDidCloseTextDocument(document => this.#diagnostics.delete(document.uri)),
  )

  /**
   * Judges a file as the editor has it, saved or not, and tells the verdict.
   *
   * @param path as the core names the file
   */
  async verify(document: vscode.TextDocument, path: string, kode: Kode): Promise<void> {
    const report = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('Verifying {0}', path),
        cancellable: true,
      },
      async (_, cancellation) => {
        const stop = new AbortController()
        const listening = cancellation.onCancellationRequested(() => stop.abort())
        const report = await kode.changes.judgeFile(path, document.getText(), stop.signal)
        listening.dispose()
        return stop.signal.aborted ? undefined : report
      },
    )
    if (!report) return
    const findings = report.results.flatMap(result => result.findings).filter(finding => finding.file === path)
    this.#diagnostics.set(document.uri, findings.map(diagnosticOf))
    if (findings.length === 0) void vscode.window.showInformationMessage(verdictText(path, report))
    else await vscode.commands.executeCommand('workbench.actions.view.problems')
  }

  dispose(): void {
    this.#listening.dispose()
  }
}

/** A check that could not judge is never told as passed. */
function verdictText(path: string, { results }: GateReport): string {
  const count = (status: string) => results.filter(result => result.status === status).length
  const passed = vscode.l10n.t('{0}: {1} checks passed', path, count('PASS'))
  const others = [
    ...(count('SKIP') > 0 ? [vscode.l10n.t('{0} not judged', count('SKIP'))] : []),
    ...results.filter(({ status }) => status === 'WARN' || status === 'FAIL').map(({ message }) => message),
  ]
  return [passed, ...others].join(', ')
}
