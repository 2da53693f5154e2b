import type * as vscode from 'vscode'
import type { Log } from '#shared/host/host'

/** kode's log as an output channel of the editor. */
export function outputLog(channel: vscode.LogOutputChannel): Log {
  return {
    write(level, text) {
      if (level === 'debug') channel.debug(text)
      else if (level === 'info') channel.info(text)
      else if (level === 'warning') channel.warn(text)
      else channel.error(text)
    },
  }
}
