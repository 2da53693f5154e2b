import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '#shared/host/host'
import type { Sandbox, SandboxCommand, SandboxEnd, SandboxError } from './sandbox'

/** What one bubblewrap sandbox is built from. */
export interface BubblewrapParts {
  /** Absolute, links resolved: the only place that commands may write to, besides a /tmp of their own. */
  root: string
  /** Sessions and keys; nothing of it is visible. */
  hiddenFolders: readonly string[]
  /** Inside the project, and there: readable, not writable. */
  protectedPaths: readonly string[]
  processes: Processes
  env: Readonly<Record<string, string>>
}

/**
 * Commands under bubblewrap: read-only root, writable project, private /tmp and /run, no network, own processes and IPC,
 * no capabilities, only the given environment.
 */
export function bubblewrap(parts: BubblewrapParts): Sandbox {
  return {
    level: 'bubblewrap',
    description: 'bubblewrap: read-only system, writable project, no network',
    run: command => runConfined(command, parts),
    async close() {},
  }
}

async function runConfined(command: SandboxCommand, parts: BubblewrapParts): Promise<Result<SandboxEnd, SandboxError>> {
  const ended = await parts.processes.run({
    program: 'bwrap',
    args: [...bubblewrapArgs(parts, command.cwd), 'sh', '-c', command.command],
    cwd: command.cwd,
    env: { PATH: parts.env.PATH ?? '' },
    timeoutMs: command.timeoutMs,
    ...(command.onOutput && { onOutput: command.onOutput }),
    ...(command.signal && { signal: command.signal }),
  })
  if (!ended.ok) return fail({ kind: 'cannot-build', message: `bubblewrap did not start: ${ended.error.message}` })
  return ok({ ...ended.value, violations: [] })
}

/** The argument list, up to the command. Order matters: later mounts lie over earlier ones. */
export function bubblewrapArgs(parts: Omit<BubblewrapParts, 'processes'>, cwd: string): string[] {
  const { root, hiddenFolders, protectedPaths, env } = parts
  return [
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--unshare-net'],
    ...['--disable-userns', '--cap-drop', 'ALL', '--new-session', '--die-with-parent', '--as-pid-1', '--clearenv'],
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    // As root, a writable core_pattern would run code outside.
    ...['/proc/sys', '/proc/irq', '/proc/bus'].flatMap(path => ['--ro-bind-try', path, path]),
    ...['--ro-bind-try', '/proc/sysrq-trigger', '/proc/sysrq-trigger'],
    ...['--tmpfs', '/run', '--tmpfs', '/tmp', '--tmpfs', '/var/tmp'],
    ...['--bind', root, root],
    ...protectedPaths.flatMap(path => ['--ro-bind', path, path]),
    ...hiddenFolders.flatMap(path => ['--tmpfs', path]),
    ...['--chdir', cwd],
  ]
}

/** Files in a project that steer git, editors and agents: a command must not change what runs later outside. */
export const PROTECTED_IN_PROJECT = [
  '.git/hooks',
  '.git/config',
  '.kode',
  '.koda',
  '.vscode',
  '.mcp.json',
  '.envrc',
  '.husky',
]

/** Those of them that are there. */
export async function existingProtected(root: string, exists: (path: string) => Promise<boolean>): Promise<string[]> {
  const paths = PROTECTED_IN_PROJECT.map(name => join(root, name))
  const found = await Promise.all(paths.map(exists))
  return paths.filter((_, index) => found[index])
}
