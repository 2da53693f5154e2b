import type * as vscode from 'vscode'
import type { Host } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { nodeWeb } from '#shared/host/node/web'
import type { Approvals } from './approvals'
import { editorFiles } from './files'
import { outputLog } from './log'
import type { UnsavedTexts } from './unsaved-texts'

/** What the core needs from outside, inside VS Code. */
export function vscodeHost(
  root: string,
  approvals: Approvals,
  channel: vscode.LogOutputChannel,
  unsaved: UnsavedTexts,
): Host {
  return {
    files: editorFiles(nodeFiles(), unsaved),
    processes: nodeProcesses(),
    web: nodeWeb(),
    log: outputLog(channel),
    now: () => Date.now(),
    approve: (request, signal) => approvals.approve(request, root, signal),
    ask: (question, signal) => approvals.ask(question, signal),
  }
}
