import { createHash } from 'node:crypto'
import { join } from 'node:path'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Package caches of commands, one set per project: tools outside must never run what a command left in theirs, and one
 * project's commands not what another's left.
 */
export function projectCacheFolder(root: string, home: string, env: Variables): string {
  const base = env.XDG_CACHE_HOME || join(home, '.cache')
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return join(base, 'kode', 'sandbox', name)
}

/** Tells each tool where its cache is. */
export function cacheEnvironment(folder: string, home: string): Record<string, string> {
  return {
    XDG_CACHE_HOME: `${folder}/xdg`,
    npm_config_cache: `${folder}/npm`,
    npm_config_store_dir: `${folder}/pnpm`,
    YARN_CACHE_FOLDER: `${folder}/yarn`,
    BUN_INSTALL_CACHE_DIR: `${folder}/bun`,
    PIP_CACHE_DIR: `${folder}/pip`,
    UV_CACHE_DIR: `${folder}/uv`,
    CARGO_HOME: `${folder}/cargo`,
    GOCACHE: `${folder}/go-build`,
    GOMODCACHE: `${folder}/go-mod`,
    // What was downloaded outside serves without network; go.sum checks it all the same.
    GOPROXY: `file://${home}/go/pkg/mod/cache/download,https://proxy.golang.org,direct`,
    GRADLE_USER_HOME: `${folder}/gradle`,
  }
}
