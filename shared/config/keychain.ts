import type { ProcessEnd, Processes } from '#shared/host/host'

/** The operating system's own store for secrets, through the program that comes with it. */
export interface Keychain {
  /** The key of a provider; undefined when there is none, or the keychain is locked. */
  read(provider: string): Promise<string | undefined>
  /** Returns whether it is kept: it was read back. */
  keep(provider: string, key: string): Promise<boolean>
  remove(provider: string): Promise<void>
}

/**
 * libsecret's `secret-tool` or the `security` of macOS. Nothing is asked beforehand: where the program is missing, or finds
 * no keychain that answers, nothing is kept and nothing is found.
 */
export function systemKeychain(
  processes: Processes,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Keychain {
  const run = async (program: string, args: readonly string[], timeoutMs: number, input = ''): Promise<string> => {
    const inherited = Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])))
    const end = await processes.run({ program, args, cwd: '/', env: inherited, timeoutMs, input })
    return end.ok && isDone(end.value) ? end.value.stdout.trimEnd() : ''
  }
  const { lookUp, store, clear } = platform === 'darwin' ? MACOS : LIBSECRET
  const read = async (provider: string) => (await run(lookUp.program, lookUp.args(provider), READ_MS)) || undefined
  return {
    read,
    async keep(provider, key) {
      // In an argument every program on the machine could read it.
      await run(store.program, store.args(provider), UNLOCK_MS, store.input(provider, key))
      return (await read(provider)) === key
    },
    async remove(provider) {
      await run(clear.program, clear.args(provider), UNLOCK_MS)
    },
  }
}

/** A keychain that is locked asks its user in a window of its own; that takes time only where a key is kept. */
const READ_MS = 10_000
const UNLOCK_MS = 60_000

const SERVICE = 'kode'

const LIBSECRET = {
  lookUp: { program: 'secret-tool', args: (provider: string) => ['lookup', ...attributes(provider)] },
  store: {
    program: 'secret-tool',
    args: (provider: string) => ['store', `--label=kode: key of ${provider}`, ...attributes(provider)],
    input: (_: string, key: string) => key,
  },
  clear: { program: 'secret-tool', args: (provider: string) => ['clear', ...attributes(provider)] },
}

const MACOS = {
  lookUp: {
    program: 'security',
    args: (provider: string) => ['find-generic-password', '-s', SERVICE, '-a', provider, '-w'],
  },
  // Commands on stdin; a key holds no blanks and no quotes.
  store: {
    program: 'security',
    args: () => ['-i'],
    input: (provider: string, key: string) => `add-generic-password -U -s "${SERVICE}" -a "${provider}" -w "${key}"\n`,
  },
  clear: {
    program: 'security',
    args: (provider: string) => ['delete-generic-password', '-s', SERVICE, '-a', provider],
  },
}

function attributes(provider: string): string[] {
  return ['service', SERVICE, 'account', provider]
}

function isDone(end: ProcessEnd): boolean {
  return end.exitCode === 0 && !end.timedOut && !end.cancelled
}
