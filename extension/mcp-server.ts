import * as vscode from 'vscode'
import type { ConversationFolder } from './folders'

/** kode as an MCP server of the conversation's folder, for every agent of the editor that takes such servers. */
export function offerMcpServer(
  extensionUri: vscode.Uri,
  version: string,
  folder: ConversationFolder,
): vscode.Disposable {
  return vscode.lm.registerMcpServerDefinitionProvider('kode.server', {
    provideMcpServerDefinitions() {
      const root = folder.current?.uri.fsPath
      if (root === undefined || !vscode.workspace.isTrusted) return []
      const program = vscode.Uri.joinPath(extensionUri, 'dist', 'extension', 'cli.mjs').fsPath
      const args = [program, 'mcp', 'serve', '--project-root', root]
      // The editor's own program is a Node when it is told so.
      return [
        new vscode.McpStdioServerDefinition('kode', process.execPath, args, { ELECTRON_RUN_AS_NODE: '1' }, version),
      ]
    },
  })
}
