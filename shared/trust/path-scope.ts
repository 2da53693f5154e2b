import type { FileSystem } from '#shared/host/host'

/** What paths are judged against. All absolute; `root` with its links resolved. */
export interface PathScope {
  root: string
  home: string
  /** `$TMPDIR`, where it is set. */
  tmp?: string
}

/**
 * - `inside`: the project
 * - `scratch`: temporary folders, our cache, and the harmless devices: never a question
 * - `agents`: agent and skill definitions, the project's own settings: written by nobody but the user
 * - `control`: files by which git, editors, shells and credentials steer other programs
 * - `device`: disks and kernel switches
 * - `outside`: all the rest
 */
export type Place = 'inside' | 'scratch' | 'agents' | 'control' | 'device' | 'outside'

const HARMLESS_DEVICE = /^\/dev\/(null|zero|stdin|stdout|stderr|tty|u?random|full|fd\/\d+|shm\/.+)$/
const DEVICE = /^\/(dev|sys|proc|boot)(\/|$)/

/** In a project, at any depth. */
const AGENT_FOLDERS = /(^|\/)\.(kode|koda)\/(agents|skills|kode\.json|rules\.json)(\/|$)/
const CONTROL_FILES =
  /(^|\/)(\.git\/(hooks|config|config\.worktree|info\/attributes|modules)|\.git$|\.vscode|\.idea|\.husky|\.devcontainer|\.claude|\.mcp\.json$|\.envrc$|\.gitmodules$|\.npmrc$|\.yarnrc(\.yml)?$|\.pnpmfile\.cjs$|\.kode$|\.koda$)(\/|$)?/

/** Below the home folder, wherever the project is: credentials, and what other programs start by. */
const HOME_CONTROL =
  /^(\.ssh|\.aws|\.gnupg|\.kube|\.azure|\.password-store|\.terraform\.d|\.android|\.config\/(gcloud|gh|op|helm|netlify|vercel|fly|doppler|stripe|heroku|kode|koda|autostart|systemd|fish)|\.netrc|\.git-credentials|\.gitconfig|\.config\/git|\.npmrc|\.pypirc|\.docker\/config\.json|\.vault-token|\.env|\.cargo\/credentials.*|\.bashrc|\.bash_profile|\.bash_login|\.bash_logout|\.profile|\.zshrc|\.zshenv|\.zprofile|\.zlogin|\.inputrc|\.local\/bin|Library\/LaunchAgents)(\/|$)/

/** Files that hold secrets; reading one is fine, sending it away is not. */
const SECRET =
  /(^|\/)(\.ssh\/|\.aws\/|\.gnupg\/|\.kube\/config|\.azure\/|\.password-store\/|\.netrc$|\.git-credentials$|\.npmrc$|\.pypirc$|\.docker\/config\.json$|\.vault-token$|\.env(\.(?!example|sample|template|dist)[\w-]+)?$|\.cargo\/credentials|\.config\/(gcloud|gh|op|kode|koda)(\/|$)|id_(rsa|dsa|ecdsa|ed25519)$|[^/]*\.(pem|p12|pfx|keystore|jks)$)|^\/etc\/(shadow|gshadow|sudoers)|^\/proc\/[^/]+\/environ$/

/** Programs and libraries of the system, which commands name only to read them. */
const SYSTEM_READS = /^\/(usr|bin|sbin|lib|lib32|lib64|opt|nix|snap|System|Library|Applications)(\/|$)/

/** Programs and headers, which even a command that nobody knows names only to use them. */
const INSTALLED = /^(\/usr)?\/(s?bin|include|lib|lib32|lib64|share)(\/|$)/

/** Where a path lies. @param path absolute and normalised; see {@link normalizePath} */
export function placeOf(path: string, scope: PathScope): Place {
  if (HARMLESS_DEVICE.test(path)) return 'scratch'
  if (DEVICE.test(path)) return 'device'
  const belowHome = relativeTo(scope.home, path)
  if (belowHome !== undefined && HOME_CONTROL.test(belowHome) && !isProjectHome(scope)) {
    if (relativeTo(scope.root, path) === undefined) return 'outside'
    return 'control'
  }
  const inside = relativeTo(scope.root, path)
  if (inside !== undefined) {
    if (AGENT_FOLDERS.test(inside)) return 'agents'
    return CONTROL_FILES.test(inside) || (belowHome !== undefined && HOME_CONTROL.test(belowHome))
      ? 'control'
      : 'inside'
  }
  return isScratch(path, scope) ? 'scratch' : 'outside'
}

function isProjectHome(scope: PathScope): boolean {
  return scope.root === scope.home
}

function isScratch(path: string, scope: PathScope): boolean {
  const zones = ['/tmp', '/private/tmp', '/var/tmp', '/var/folders', '/private/var/folders', scope.tmp]
  const caches = [`${scope.home}/.cache/kode`, `${scope.home}/.cache/koda`]
  return [...zones, ...caches].some(zone => zone !== undefined && relativeTo(zone, path) !== undefined)
}

/** Whether a file holds credentials by its name. */
export function isSecret(path: string): boolean {
  return SECRET.test(path)
}

/** Whether a path belongs to the installed system, which commands may name to read it. */
export function isSystemPath(path: string): boolean {
  return SYSTEM_READS.test(path)
}

/** Whether a path is an installed program, header or library, which no command would name to write it. */
export function isInstalled(path: string): boolean {
  return INSTALLED.test(path)
}

/** The path below a folder, `''` for the folder itself, nothing when it lies elsewhere. */
export function relativeTo(folder: string, path: string): string | undefined {
  if (path === folder) return ''
  const prefix = folder.endsWith('/') ? folder : `${folder}/`
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined
}

/** Joins and cleans a path without looking at the disk: `a/./b/../c` → `a/c`. */
export function normalizePath(path: string, cwd: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/**
 * Where a path really leads: links of its longest existing part resolved, the rest appended.
 * The path itself when nothing of it can be looked at.
 */
export async function canonicalPath(path: string, files: Pick<FileSystem, 'realpath'>): Promise<string> {
  const rest: string[] = []
  for (let folder = path; ; ) {
    const real = await files.realpath(folder)
    if (real.ok) return normalizePath([real.value, ...rest].join('/'), '/')
    const cut = folder.lastIndexOf('/')
    if (cut < 0 || folder === '/') return path
    rest.unshift(folder.slice(cut + 1))
    folder = folder.slice(0, cut) || '/'
  }
}
