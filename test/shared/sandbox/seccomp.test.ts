import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seccompProgram } from '#shared/sandbox/seccomp'
import { type Architecture, AUDIT_ARCH, callNumber, SYSTEM_CALLS, type SystemCall } from '#shared/sandbox/system-calls'

/** Disassembles and runs the filter as the kernel would. */
function judge(
  architecture: Architecture,
  call: { arch?: number; number: number; args?: number[] },
  allowsSocketFiles = false,
): string {
  const words = new Map<number, number>([
    [0, call.number],
    [4, call.arch ?? AUDIT_ARCH[architecture]],
    ...(call.args ?? []).map((value, index): [number, number] => [16 + 8 * index, value]),
  ])
  const program = seccompProgram(architecture, allowsSocketFiles)
  const view = new DataView(program.buffer)
  let accumulator = 0
  for (let at = 0; at * 8 < program.length; at++) {
    const code = view.getUint16(at * 8, true)
    const value = view.getUint32(at * 8 + 4, true)
    const jump = (isTrue: boolean) => {
      at += view.getUint8(at * 8 + (isTrue ? 2 : 3))
    }
    if (code === 0x20) accumulator = (words.get(value) ?? 0) >>> 0
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0
    else if (code === 0x15) jump(accumulator === value)
    else if (code === 0x25) jump(accumulator > value)
    else if (code === 0x45) jump((accumulator & value) !== 0)
    else if (code === 0x06) return ANSWERS.get(value) ?? `0x${value.toString(16)}`
    else throw new Error(`no such instruction: ${code}`)
  }
  throw new Error('ran past its end')
}

const ANSWERS = new Map([
  [0x7fff0000, 'allow'],
  [0x80000000, 'kill'],
  [0x00050001, 'EPERM'],
  [0x00050026, 'ENOSYS'],
  [0x00050061, 'EAFNOSUPPORT'],
])

const ARCHITECTURES: Architecture[] = ['x64', 'arm64']

describe.each(ARCHITECTURES)('the filter for %s', architecture => {
  const answer = (name: SystemCall, ...args: number[]) =>
    judge(architecture, { number: callNumber(name, architecture) ?? -1, args })

  test.each<[SystemCall, number[], string]>([
    ['mount', [], 'EPERM'],
    ['setns', [], 'EPERM'],
    ['bpf', [], 'EPERM'],
    ['keyctl', [], 'EPERM'],
    ['open_by_handle_at', [], 'EPERM'],
    ['clone3', [], 'ENOSYS'],
    ['io_uring_setup', [], 'ENOSYS'],
    ['openat2', [], 'ENOSYS'],
    ['clone', [0x01200011], 'allow'], // fork
    ['clone', [0x003d0f00], 'allow'], // a thread
    ['clone', [0x10000011], 'EPERM'],
    ['clone', [0x00020011], 'EPERM'],
    ['unshare', [0x400], 'allow'], // files
    ['unshare', [0x80], 'EPERM'],
    ['unshare', [0x40000000], 'EPERM'],
    ['socket', [2, 1, 0], 'allow'],
    ['socket', [10, 2, 0], 'allow'],
    ['socket', [1, 1, 0], 'EPERM'],
    ['socket', [16, 3, 0], 'allow'],
    ['socket', [16, 3, 15], 'EAFNOSUPPORT'],
    ['socket', [38, 5, 0], 'EAFNOSUPPORT'],
    ['socket', [40, 1, 0], 'EAFNOSUPPORT'],
    ['socket', [17, 3, 0], 'EAFNOSUPPORT'],
    ['socketpair', [1, 1, 0], 'allow'],
    ['socketpair', [40, 1, 0], 'EAFNOSUPPORT'],
    ['ioctl', [0, 0x5401], 'allow'],
    ['ioctl', [0, 0x5412], 'EPERM'],
    ['ioctl', [0, 0x541c], 'EPERM'],
    ['fchmod', [3, 0o755], 'allow'],
    ['fchmod', [3, 0o4755], 'EPERM'],
    ['fchmodat', [0, 0, 0o2755], 'EPERM'],
    ['fchmodat2', [0, 0, 0o4755], 'EPERM'],
    ['openat', [0, 0, 0o101, 0o644], 'allow'],
    ['openat', [0, 0, 0o101, 0o4644], 'EPERM'],
    ['openat', [0, 0, 0, 0o7777], 'allow'], // no mode without O_CREAT: what is there is garbage
    ['mknodat', [0, 0, 0o010644], 'allow'], // a pipe
    ['mknodat', [0, 0, 0o020644], 'EPERM'],
    ['mknodat', [0, 0, 0o060644], 'EPERM'],
    ['mknodat', [0, 0, 0o104644], 'EPERM'],
  ])('%s(%j) is answered with %s', (name, args, expected) => expect(answer(name, ...args)).toBe(expected))

  test.each<[SystemCall, number[], string]>([
    ['socket', [1, 1, 0], 'allow'],
    ['socket', [2, 1, 0], 'allow'],
    ['socket', [16, 3, 15], 'EAFNOSUPPORT'],
    ['socket', [17, 3, 0], 'EAFNOSUPPORT'],
    ['mount', [], 'EPERM'],
    ['unshare', [0x10000000], 'EPERM'],
  ])('%s(%j) of a browser is answered with %s', (name, args, expected) => {
    expect(judge(architecture, { number: callNumber(name, architecture) ?? -1, args }, true)).toBe(expected)
  })

  test('another architecture’s calls end the process', () => {
    expect(judge(architecture, { arch: 0x40000003, number: 1 })).toBe('kill')
  })

  test('calls that nobody judged do not exist', () => {
    expect(judge(architecture, { number: 470 })).toBe('ENOSYS')
    expect(judge(architecture, { number: 0x3fffffff })).toBe('ENOSYS')
  })

  test('an ordinary call is allowed', () => {
    expect(judge(architecture, { number: architecture === 'x64' ? 39 : 172 })).toBe('allow')
  })

  test('it fits what the kernel takes', () => {
    expect(seccompProgram(architecture).length / 8).toBeLessThan(4096)
  })
})

test.each<[SystemCall, number[], string]>([
  ['open', [0, 0o101, 0o4755], 'EPERM'],
  ['open', [0, 0, 0o4755], 'allow'],
  ['chmod', [0, 0o6755], 'EPERM'],
  ['creat', [0, 0o4755], 'EPERM'],
  ['mknod', [0, 0o060600], 'EPERM'],
  ['modify_ldt', [], 'EPERM'],
])('calls that only x64 has: %s(%j) is answered with %s', (name, args, expected) => {
  expect(judge('x64', { number: callNumber(name, 'x64')!, args })).toBe(expected)
})

test('x32 does not exist on x64', () => {
  expect(judge('x64', { number: 0x40000000 + 39 })).toBe('ENOSYS')
})

/** linux-libc-dev; arm64 uses the generic table. */
const HEADERS: Record<Architecture, string> = {
  x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  arm64: '/usr/include/asm-generic/unistd.h',
}

/** Newer than the headers of some distributions; the same number everywhere. */
const SAME_EVERYWHERE_FROM = 424

describe.each(ARCHITECTURES)('the numbers for %s', architecture => {
  test.skipIf(!existsSync(HEADERS[architecture]))('are those of the kernel’s headers', () => {
    const header = readFileSync(HEADERS[architecture], 'utf8')
    const known = new Map(
      [...header.matchAll(/#define\s+__NR(?:3264)?_(\w+)\s+(\d+)/g)].map(match => [match[1]!, Number(match[2])]),
    )
    expect(known.size).toBeGreaterThan(250)
    for (const name of Object.keys(SYSTEM_CALLS) as SystemCall[]) {
      const number = callNumber(name, architecture)
      if (number !== undefined && known.has(name)) expect([name, number]).toEqual([name, known.get(name)])
      // A call that exists but that the table leaves out would be allowed.
      if (number === undefined) expect([name, known.has(name)]).toEqual([name, false])
      if (number !== undefined && !known.has(name)) expect(number).toBeGreaterThan(SAME_EVERYWHERE_FROM)
    }
  })
})
