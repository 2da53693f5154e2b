import type { Wall } from './confined-sandbox'

/** macOS: what may be done, in the language of sandbox-exec. Later rules win over earlier ones. */

export interface SeatbeltView {
  /** All paths absolute, links resolved. */
  writable: readonly string[]
  protected: readonly string[]
  hidden: readonly string[]
  /** Of the proxy on this machine; undefined: no network at all. */
  proxyPort: number | undefined
}

/** macOS: sandbox-exec with a profile. */
export function seatbeltWall(program: string): Wall {
  return {
    level: 'seatbelt',
    notCovered: ['a process that leaves its group may outlive its command'],
    confine: (view, _, shell, network) => {
      const profile = seatbeltProfile({
        writable: [...view.writable, view.temporary],
        protected: view.protected,
        hidden: [...view.hiddenFolders, ...view.hiddenFiles],
        proxyPort: network?.port,
      })
      return [program, '-p', profile, ...shell]
    },
  }
}

/** Everything may be read but what is hidden; written only what is listed; no other process, no network but the proxy. */
export function seatbeltProfile(view: SeatbeltView): string {
  return [
    '(version 1)',
    '(deny default)',
    '(allow process-fork process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow process-info* (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow ipc-posix-shm* ipc-posix-sem*)',
    // Name look-ups, time zones and users; nothing that starts or opens something (LaunchServices, pasteboard, keychain).
    `(allow mach-lookup ${MACH_SERVICES.map(name => `(global-name ${quoted(name)})`).join(' ')})`,
    '(allow file-read*)',
    '(allow file-ioctl (literal "/dev/tty") (literal "/dev/null") (literal "/dev/urandom"))',
    `(allow file-write-data ${DEVICES.map(path => `(literal ${quoted(path)})`).join(' ')})`,
    ...PSEUDO_TERMINALS,
    ...view.writable.map(path => `(allow file-write* (subpath ${quoted(path)}))`),
    // No s-bits: the programs would run outside.
    '(deny file-write-setugid)',
    ...view.protected.map(path => `(deny file-write* (subpath ${quoted(path)}))`),
    ...ancestors(view.protected).map(path => `(deny file-write-unlink (literal ${quoted(path)}))`),
    ...view.hidden.map(path => `(deny file-read* file-write* (subpath ${quoted(path)}))`),
    ...networkRules(view.proxyPort),
  ].join('\n')
}

const DEVICES = ['/dev/null', '/dev/zero', '/dev/stdout', '/dev/stderr', '/dev/tty', '/dev/dtracehelper']

/** Only those that a command makes itself: what it writes to another one, somebody may read or run. */
const PSEUDO_TERMINALS = [
  '(allow pseudo-tty)',
  '(allow file-read* file-write* file-ioctl (literal "/dev/ptmx"))',
  '(allow file-read* file-write* file-ioctl (require-all (regex #"^/dev/ttys[0-9]+$") (extension "com.apple.sandbox.pty")))',
]

const MACH_SERVICES = [
  'com.apple.system.notification_center',
  'com.apple.system.opendirectoryd.libinfo',
  'com.apple.system.opendirectoryd.membership',
  'com.apple.system.logger',
  'com.apple.logd',
  'com.apple.bsd.dirhelper',
  'com.apple.cfprefsd.agent',
  'com.apple.cfprefsd.daemon',
  'com.apple.trustd.agent',
]

/** Servers of the command's own may listen on loopback; out it goes only to the proxy. Socket files are no network: denied by default. */
function networkRules(proxyPort: number | undefined): string[] {
  if (proxyPort === undefined) return ['(deny network*)']
  return [
    '(deny network*)',
    '(allow network-bind (local ip "localhost:*"))',
    '(allow network-inbound (local ip "localhost:*"))',
    `(allow network-outbound (remote ip "localhost:${proxyPort}"))`,
  ]
}

/** Folders on the way to protected paths: renaming one would carry its protection away. */
function ancestors(paths: readonly string[]): string[] {
  const all = new Set<string>()
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) all.add(path.slice(0, end))
  }
  return [...all]
}

/** A string of the profile language. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
