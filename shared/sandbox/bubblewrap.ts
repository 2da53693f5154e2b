import { isInside } from '#shared/host/inside'
import type { Wall } from './confined-sandbox'
import { ancestorsWithin } from './protected-paths'
import type { View } from './view'

/** Own namespaces, no capabilities, no way to a terminal; dies with us. pid 1 carries the filter: no helper process beside it. */
const ISOLATION = [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--disable-userns'],
  ...['--cap-drop', 'ALL', '--new-session', '--die-with-parent', '--as-pid-1'],
]

/** As root, `core_pattern` and its like would run code outside. */
const KERNEL_CONTROLS = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/acpi', '/proc/scsi']

/** Size of the memory-backed folders; they would count as nobody's memory. */
const SHARED_MEMORY_BYTES = 512 * 1024 * 1024

/** Linux: bubblewrap, with a filter on system calls as descriptor 3. */
export function bubblewrapWall(program: string): Wall {
  return {
    level: 'bubblewrap',
    notCovered: [],
    confine: (view, cwd, shell, network) => [
      program,
      ...bubblewrapArguments(view, cwd, network === undefined),
      ...['--seccomp', '3', '--', ...shell],
    ],
  }
}

/**
 * The argument list, up to the command. Order matters: later mounts lie over earlier ones.
 *
 * @param ownNetwork an empty network of its own; false where the caller entered one already
 */
function bubblewrapArguments(view: View, cwd: string, ownNetwork: boolean): string[] {
  const hidden = [...view.hiddenFolders, ...view.hiddenFiles]
  return [
    ...ISOLATION,
    ...(ownNetwork ? ['--unshare-net'] : []),
    ...['--ro-bind', '/', '/'],
    ...['--dev', '/dev', '--size', `${SHARED_MEMORY_BYTES}`, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...['--proc', '/proc', ...KERNEL_CONTROLS.flatMap(path => ['--ro-bind-try', path, path])],
    // Sockets of daemons: docker, D-Bus, agents. NixOS has its programs there.
    ...['--size', '1048576', '--tmpfs', '/run', '--ro-bind-try', '/run/current-system', '/run/current-system'],
    ...['--bind', view.temporary, '/tmp', '--bind', view.temporary, '/var/tmp'],
    ...view.writable.flatMap(path => ['--bind', path, path]),
    ...pins([...view.protected, ...hidden], view.writable).flatMap(path => ['--bind', path, path]),
    ...view.protected.flatMap(path => ['--ro-bind', path, path]),
    ...view.hiddenFolders.flatMap(path => ['--size', '4096', '--tmpfs', path]),
    ...view.hiddenFiles.flatMap(path => ['--ro-bind', '/dev/null', path]),
    ...['--chdir', cwd],
  ]
}

/** Folders on the way to what is protected: as mount points of their own they cannot be renamed away. */
function pins(paths: readonly string[], writable: readonly string[]): string[] {
  const all = new Set<string>()
  for (const path of paths) {
    const zone = writable.filter(each => isInside(path, each)).sort((a, b) => b.length - a.length)[0]
    if (zone === undefined) continue
    for (const ancestor of ancestorsWithin(path, zone)) all.add(ancestor)
  }
  return [...all].sort((a, b) => a.length - b.length)
}
