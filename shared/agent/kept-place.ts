import { join } from 'node:path'
import type { KodePaths } from '#shared/config/paths'
import type { Settings } from '#shared/config/settings'
import { journalFolderFor } from '#shared/edits/write'
import type { Host } from '#shared/host/host'
import { temporaryFolder } from '#shared/host/node/writable'
import { openEngine } from './open-engine'

/** For a home that cannot be written: sessions and undo work within this run, and go with it. */
export function temporaryPaths(kept: KodePaths): KodePaths {
  const folder = temporaryFolder('kode-')
  return { ...kept, config: folder, db: join(folder, 'db'), logs: join(folder, 'logs'), cache: join(folder, 'cache') }
}

/** Repairs what an earlier run left half done at the place it was kept. */
export async function recoverAt(paths: KodePaths, root: string, host: Host, { project }: Settings): Promise<void> {
  const journal = await host.files.stat(journalFolderFor(paths.config, root))
  if (journal.ok) await openEngine({ root, files: host.files, paths, project, now: () => host.now() }).recover()
}
