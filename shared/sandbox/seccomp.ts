import { type Architecture, AUDIT_ARCH, callNumber, LAST_KNOWN_CALL, type SystemCall } from './system-calls'

/** The system-call filter, as the classic BPF program that the kernel takes. */

const LOAD_WORD = 0x20 // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_GREATER = 0x25 // BPF_JMP | BPF_JGT | BPF_K
const JUMP_SET = 0x45 // BPF_JMP | BPF_JSET | BPF_K
const AND = 0x54 // BPF_ALU | BPF_AND | BPF_K
const RETURN = 0x06 // BPF_RET | BPF_K

const ALLOW = 0x7fff0000
const KILL_PROCESS = 0x80000000
const ERRNO = 0x00050000
const EPERM = ERRNO | 1
const ENOSYS = ERRNO | 38
const EAFNOSUPPORT = ERRNO | 97

/** Offsets in `struct seccomp_data`; of the 64-bit arguments the low word, which is all the kernel reads of these. */
const CALL_NUMBER = 0
const ARCHITECTURE = 4
const argument = (index: number) => 16 + 8 * index

const X32_BIT = 0x40000000
/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020080
/** clone passes its exit signal in the low byte, where unshare has CLONE_NEWTIME. */
const NEW_NAMESPACES_OF_CLONE = 0x7e020000
const SET_ID_BITS = 0o6000
const FILE_TYPE_DEVICES = [0o020000, 0o060000] // character, block
const FILE_TYPE_MASK = 0o170000
const O_CREAT = 0o100
const O_TMPFILE_BIT = 0o20000000
/** Typing into somebody else's terminal: TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD. */
const TERMINAL_CONTROLS = [0x5412, 0x541c, 0x541d, 0x5423]
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const NETLINK_ROUTE = 0

/** What no build or test needs, and escapes and kernel exploits do. */
const DENIED = [
  ...['mount', 'umount2', 'pivot_root', 'chroot', 'setns', 'open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount'],
  ...['fspick', 'mount_setattr', 'open_tree_attr', 'statmount', 'listmount', 'open_by_handle_at', 'fanotify_init'],
  ...['bpf', 'perf_event_open', 'userfaultfd', 'keyctl', 'add_key', 'request_key', 'kexec_load', 'kexec_file_load'],
  ...['init_module', 'finit_module', 'delete_module', 'reboot', 'swapon', 'swapoff', 'acct', 'quotactl', 'quotactl_fd'],
  ...['syslog', 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'iopl', 'ioperm', 'lookup_dcookie'],
  ...[
    'vhangup',
    'uselib',
    'sysfs',
    '_sysctl',
    'nfsservctl',
    'sethostname',
    'setdomainname',
    'pidfd_getfd',
    'modify_ldt',
  ],
] as const

/** Programs fall back to older calls that can be judged: these pass their flags in memory, where a filter cannot look. */
const MISSING = ['clone3', 'openat2', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'] as const

/** Where each call has its permission bits. */
const MODE_ARGUMENTS = [
  ['chmod', 1],
  ['fchmod', 1],
  ['fchmodat', 2],
  ['fchmodat2', 2],
  ['creat', 1],
] as const

interface Instruction {
  code: number
  jumpTrue: number
  jumpFalse: number
  value: number
}

/**
 * The whole filter, in the byte order of the machine (both architectures: little endian).
 *
 * @param allowsSocketFiles only for what sees no socket file of anybody else's
 */
export function seccompProgram(architecture: Architecture, allowsSocketFiles = false): Uint8Array {
  const instructions = assemble(architecture, allowsSocketFiles)
  const bytes = new DataView(new ArrayBuffer(instructions.length * 8))
  instructions.forEach(({ code, jumpTrue, jumpFalse, value }, index) => {
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, jumpTrue)
    bytes.setUint8(index * 8 + 3, jumpFalse)
    bytes.setUint32(index * 8 + 4, value >>> 0, true)
  })
  return new Uint8Array(bytes.buffer)
}

function assemble(architecture: Architecture, allowsSocketFiles: boolean): Instruction[] {
  const whenCall = (name: SystemCall, body: Instruction[]): Instruction[] => {
    const number = callNumber(name, architecture)
    return number === undefined ? [] : [jump(JUMP_EQUAL, number, 0, body.length), ...body]
  }
  return [
    load(ARCHITECTURE),
    jump(JUMP_EQUAL, AUDIT_ARCH[architecture], 1, 0),
    give(KILL_PROCESS),
    load(CALL_NUMBER),
    ...(architecture === 'x64' ? [jump(JUMP_SET, X32_BIT, 0, 1), give(ENOSYS)] : []),
    jump(JUMP_GREATER, LAST_KNOWN_CALL, 0, 1),
    give(ENOSYS),
    ...DENIED.flatMap(name => whenCall(name, [give(EPERM)])),
    ...MISSING.flatMap(name => whenCall(name, [give(ENOSYS)])),
    ...whenCall('clone', denyBits(0, NEW_NAMESPACES_OF_CLONE)),
    ...whenCall('unshare', denyBits(0, NEW_NAMESPACES)),
    ...whenCall('socket', onlyKnownSockets(allowsSocketFiles)),
    ...whenCall('socketpair', onlyLocalPairs()),
    ...whenCall('ioctl', denyValues(1, TERMINAL_CONTROLS)),
    ...whenCall('mknod', denyDevices(1)),
    ...whenCall('mknodat', denyDevices(2)),
    ...MODE_ARGUMENTS.flatMap(([name, index]) => whenCall(name, denyBits(index, SET_ID_BITS))),
    ...whenCall('open', denySetIdOnCreate(1, 2)),
    ...whenCall('openat', denySetIdOnCreate(2, 3)),
    give(ALLOW),
  ]
}

/** Each body ends the filter: with an answer of its own, or by allowing. */
function denyBits(index: number, bits: number): Instruction[] {
  return [load(argument(index)), jump(JUMP_SET, bits, 0, 1), give(EPERM), give(ALLOW)]
}

function denyValues(index: number, values: readonly number[]): Instruction[] {
  return [load(argument(index)), ...values.flatMap(value => [jump(JUMP_EQUAL, value, 0, 1), give(EPERM)]), give(ALLOW)]
}

/** Internet sockets, and netlink for asking what interfaces there are. A socket file reaches daemons outside: denied. */
function onlyKnownSockets(allowsSocketFiles: boolean): Instruction[] {
  return [
    load(argument(0)),
    ...[AF_INET, AF_INET6].flatMap(family => [jump(JUMP_EQUAL, family, 0, 1), give(ALLOW)]),
    jump(JUMP_EQUAL, AF_UNIX, 0, 1),
    give(allowsSocketFiles ? ALLOW : EPERM),
    jump(JUMP_EQUAL, AF_NETLINK, 1, 0),
    give(EAFNOSUPPORT),
    load(argument(2)),
    jump(JUMP_EQUAL, NETLINK_ROUTE, 1, 0),
    give(EAFNOSUPPORT),
    give(ALLOW),
  ]
}

function onlyLocalPairs(): Instruction[] {
  return [load(argument(0)), jump(JUMP_EQUAL, AF_UNIX, 1, 0), give(EAFNOSUPPORT), give(ALLOW)]
}

/** No devices, and no s-bits on anything else. */
function denyDevices(index: number): Instruction[] {
  return [
    load(argument(index)),
    jump(JUMP_SET, SET_ID_BITS, 0, 1),
    give(EPERM),
    { code: AND, jumpTrue: 0, jumpFalse: 0, value: FILE_TYPE_MASK },
    ...FILE_TYPE_DEVICES.flatMap(type => [jump(JUMP_EQUAL, type, 0, 1), give(EPERM)]),
    give(ALLOW),
  ]
}

function denySetIdOnCreate(flagsIndex: number, modeIndex: number): Instruction[] {
  return [
    load(argument(flagsIndex)),
    jump(JUMP_SET, O_CREAT | O_TMPFILE_BIT, 1, 0),
    give(ALLOW),
    ...denyBits(modeIndex, SET_ID_BITS),
  ]
}

function load(offset: number): Instruction {
  return { code: LOAD_WORD, jumpTrue: 0, jumpFalse: 0, value: offset }
}

function jump(code: number, value: number, jumpTrue: number, jumpFalse: number): Instruction {
  return { code, jumpTrue, jumpFalse, value }
}

function give(value: number): Instruction {
  return { code: RETURN, jumpTrue: 0, jumpFalse: 0, value }
}
