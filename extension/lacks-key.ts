import type { Keys } from './host/secrets'
import { readSettings } from './host/settings'
import { EDITOR_PROVIDER } from './vscode-lm'

/** Whether the first prompt would fail for want of a key; the core is loaded only where the editor keeps none. */
export async function lacksKey(root: string, keys: Keys): Promise<boolean> {
  const settings = await readSettings(keys)
  if (settings.apiKey || settings.provider === EDITOR_PROVIDER) return false
  const [{ lacksKey }, { nodeFiles }, { nodeProcesses }] = await Promise.all([
    import('#shared/kode'),
    import('#shared/host/node/files'),
    import('#shared/host/node/processes'),
  ])
  return lacksKey({ root, files: nodeFiles(), processes: nodeProcesses(), env: process.env, flags: settings })
}
