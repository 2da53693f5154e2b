import { createHash } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import { isInside } from '#shared/host/inside'

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

/** Tells each tool where its cache is, for commands in the project at `root`. */
export function cacheEnvironment(folder: string, root: string, home: string, env: Variables): Record<string, string> {
  return {
    XDG_CACHE_HOME: `${folder}/xdg`,
    npm_config_cache: `${folder}/npm`,
    npm_config_store_dir: `${folder}/pnpm`,
    YARN_CACHE_FOLDER: `${folder}/yarn`,
    BUN_INSTALL_CACHE_DIR: `${folder}/bun`,
    PIP_CACHE_DIR: `${folder}/pip`,
    UV_CACHE_DIR: `${folder}/uv`,
    CARGO_HOME: `${folder}/cargo`,
    // One build folder for several projects: commands cannot write there.
    ...(isElsewhere(env.CARGO_TARGET_DIR, root) && { CARGO_TARGET_DIR: `${folder}/cargo-target` }),
    GOCACHE: `${folder}/go-build`,
    GOMODCACHE: `${folder}/go-mod`,
    // What was downloaded outside serves without network; go.sum checks it all the same.
    GOPROXY: `file://${home}/go/pkg/mod/cache/download,https://proxy.golang.org,direct`,
    GRADLE_USER_HOME: `${folder}/gradle`,
  }
}

function isElsewhere(path: string | undefined, root: string): boolean {
  return path !== undefined && isAbsolute(path) && !isInside(path, root)
}
