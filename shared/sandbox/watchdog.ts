import { readdirSync, readFileSync, statfsSync } from 'node:fs'
import type { Limits } from './limits'

/** Short commands are over before the first look; a bomb is not. */
const FIRST_LOOK_MS = 100
const NEXT_LOOK_MS = 200

const PAGE_BYTES = 4096

/**
 * Watches a command and everything below it: processes, memory together, disk space that goes away.
 *
 * @param onExcess told once, with what was too much; the watch is over then
 * @returns a function that ends the watch
 */
export function watch(
  pid: number,
  folders: readonly string[],
  limits: Limits,
  onExcess: (what: string) => void,
): () => void {
  const freeBefore = folders.map(freeBytes)
  let timer = setTimeout(look, FIRST_LOOK_MS)
  function look(): void {
    const what = excessOf(pid, limits) ?? diskExcess(folders, freeBefore, limits)
    if (what === undefined) timer = setTimeout(look, NEXT_LOOK_MS)
    else onExcess(what)
  }
  return () => clearTimeout(timer)
}

function excessOf(pid: number, limits: Limits): string | undefined {
  const pids = descendants(pid, limits.processes)
  if (pids.length > limits.processes) return `it had more than ${limits.processes} processes`
  let memoryBytes = 0
  for (const each of pids) memoryBytes += residentBytes(each)
  if (memoryBytes > limits.memoryBytes)
    return `its processes used more than ${inMegabytes(limits.memoryBytes)} of memory`
  return undefined
}

/** A process and all below it; stops counting a little above `most`. */
function descendants(pid: number, most: number): number[] {
  const all = [pid]
  for (let index = 0; index < all.length && all.length <= most; index++) all.push(...childrenOf(all[index]!))
  return all
}

/** The kernel lists them by the thread that started them. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap(thread => {
    const text = readProc(`/proc/${pid}/task/${thread}/children`).trim()
    return text === '' ? [] : text.split(' ').map(Number)
  })
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // gone
  }
}

/** Own pages only: shared libraries would count once for each process. */
function residentBytes(pid: number): number {
  const [, resident = 0, shared = 0] = readProc(`/proc/${pid}/statm`).split(' ').map(Number)
  return (resident - shared) * PAGE_BYTES
}

function diskExcess(folders: readonly string[], freeBefore: readonly number[], limits: Limits): string | undefined {
  for (const [index, folder] of folders.entries()) {
    const free = freeBytes(folder)
    if (freeBefore[index]! - free > limits.diskBytes)
      return `it used more than ${inMegabytes(limits.diskBytes)} of disk space`
    const wasEnough = freeBefore[index]! > limits.freeDiskBytes
    if (wasEnough && free < limits.freeDiskBytes)
      return `less than ${inMegabytes(limits.freeDiskBytes)} of disk space were left`
  }
  return undefined
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Empty for a process that is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function inMegabytes(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MB`
}
