import { isAbsolute } from 'node:path'
import { isInside } from '#shared/host/inside'
import { isSeenByBrowser } from '#shared/sandbox/browser-view'
import { findProgram, isExecutable } from '#shared/sandbox/find-program'

/** All speak the DevTools protocol over a pipe. The last one may lead to a snap, whose own wall ours does not let it build. */
const NAMES = [
  ...['chromium', 'google-chrome', 'google-chrome-stable', 'chrome'],
  ...['microsoft-edge', 'microsoft-edge-stable', 'brave-browser', 'chromium-browser'],
]
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/opt/google/chrome', '/opt/chromium', '/opt/microsoft/msedge']

/** Set by the user; a project cannot name a program. */
const VARIABLES = ['KODE_BROWSER_PATH', 'CHROME_PATH']

/** How to get one, for people. */
export const BROWSER_ADVICE =
  'install Chromium, Chrome or Edge (apt-get install chromium); KODE_BROWSER_PATH names one elsewhere in /usr or /opt'

/** A browser of this machine that can run in the sandbox, where it sees only what programs come with. */
export function findBrowser(
  root: string,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = VARIABLES.map(name => env[name]).find(value => value !== undefined && value !== '')
  const folders = [...(env.PATH ?? '').split(':'), ...FOLDERS].join(':')
  const candidates = named === undefined ? NAMES : [named]
  const isFine = (path: string) => isSeenByBrowser(path) && !isInside(path, home) && !isInside(path, root)
  const find = (name: string) => {
    if (!isAbsolute(name)) return findProgram(name, folders, root, isFine)
    return isExecutable(name) && isFine(name) ? name : undefined
  }
  return candidates.map(find).find(path => path !== undefined)
}
