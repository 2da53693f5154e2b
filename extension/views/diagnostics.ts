import * as vscode from 'vscode'
import type { Finding } from '#shared/protocol/gate-report'

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
} as const

/** What a gate found, as a problem of the editor. */
export function diagnosticOf(finding: Finding): vscode.Diagnostic {
  const range = new vscode.Range(
    Math.max(0, finding.line - 1),
    Math.max(0, finding.column - 1),
    Math.max(0, finding.end_line - 1),
    Math.max(0, finding.end_column - 1),
  )
  const text = finding.suggestion ? `${finding.message}\n${finding.suggestion}` : finding.message
  const diagnostic = new vscode.Diagnostic(range, text, SEVERITIES[finding.severity])
  diagnostic.source = 'kode'
  diagnostic.code = finding.id
  return diagnostic
}
