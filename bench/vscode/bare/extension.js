const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const vscode = require('vscode')

const TEXTS = { '/before/bare.ts': 'export const bare = 1\n', '/after/bare.ts': 'export const bare = 2\n' }
const uri = path => vscode.Uri.from({ scheme: 'bare', path })

exports.activate = context => {
  context.subscriptions.push(
    vscode.window.registerWebviewViewProvider('bare.view', {
      resolveWebviewView(view) {
        view.webview.html = '<!DOCTYPE html><textarea aria-label="Bare"></textarea>'
      },
    }),
    vscode.workspace.registerTextDocumentContentProvider('bare', {
      provideTextDocumentContent: ({ path }) => TEXTS[path],
    }),
    vscode.commands.registerCommand('bare.diff', () =>
      vscode.commands.executeCommand('vscode.diff', uri('/before/bare.ts'), uri('/after/bare.ts'), 'bare.ts (bare)', {
        preview: false,
        preserveFocus: true,
      }),
    ),
    vscode.commands.registerCommand('bare.activateKode', async () => {
      const before = process.memoryUsage()
      const startedAt = performance.now()
      await vscode.extensions.getExtension('kode.kode').activate()
      const activatedMs = performance.now() - startedAt
      const after = process.memoryUsage()
      const grownMb = Object.fromEntries(Object.keys(after).map(name => [name, (after[name] - before[name]) / 1e6]))
      writeFileSync(
        join(vscode.workspace.workspaceFolders[0].uri.fsPath, 'activation.json'),
        JSON.stringify({ activatedMs, grownMb }),
      )
    }),
  )
}
