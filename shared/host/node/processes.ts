import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { ProcessEnd, Processes, ProcessRequest, StartError } from '../host'
import { OutputBuffer } from './output-buffer'

const DEFAULT_OUTPUT_BYTES = 2 * 1024 * 1024

/** Between asking a process group to end and ending it; an interrupted run must be over within a second. */
const GRACE_MS = 300

/** What is still in the pipes is read this long once the process is gone; somebody who left its group may hold them open. */
const DRAIN_MS = 60

/** Processes of this machine, each in a group of its own that ends with it. */
export function nodeProcesses(): Processes {
  return { run }
}

function run(request: ProcessRequest): Promise<Result<ProcessEnd, StartError>> {
  const startedAt = performance.now()
  if (request.signal?.aborted) return Promise.resolve(ok(neverStarted()))
  let child: ChildProcess
  try {
    child = start(request)
  } catch (error) {
    return Promise.resolve(fail(startError(error, request)))
  }
  return new Promise(resolve => follow(child, request, startedAt, resolve))
}

function start(request: ProcessRequest): ChildProcess {
  return spawn(request.program, request.args, {
    cwd: request.cwd,
    env: { ...request.env },
    stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(request.extraFds ?? [])],
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
}

function follow(
  child: ChildProcess,
  request: ProcessRequest,
  startedAt: number,
  resolve: (end: Result<ProcessEnd, StartError>) => void,
): void {
  const { pid } = child
  const limit = request.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
  const output = { stdout: new OutputBuffer(limit), stderr: new OutputBuffer(limit) }
  const timers: NodeJS.Timeout[] = []
  let timedOut = false
  let cancelled = false

  let orphans: number[] = []
  const stop = () => {
    orphans = descendantsOf(pid)
    signalGroup(pid, 'SIGTERM')
    timers.push(setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS))
  }
  const cancel = () => {
    cancelled = true
    stop()
  }
  const forget = () => {
    for (const timer of timers) clearTimeout(timer)
    request.signal?.removeEventListener('abort', cancel)
    if (pid !== undefined) running.delete(pid)
  }

  child.on('error', error => {
    forget()
    resolve(fail(startError(error, request)))
  })
  if (pid === undefined) return

  noteRunning(pid)
  request.onStart?.(pid)
  request.signal?.addEventListener('abort', cancel, { once: true })
  if (request.timeoutMs !== undefined) {
    const timeOut = () => {
      timedOut = true
      stop()
    }
    timers.push(setTimeout(timeOut, request.timeoutMs))
  }

  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (piece: Buffer) => {
      output[stream].push(piece)
      request.onOutput?.(piece, stream)
    })
  }
  // The program may end without reading what it was given.
  child.stdin?.on('error', () => child.stdin?.destroy())
  child.stdin?.end(request.input)

  child.on('exit', () => {
    signalGroup(pid, 'SIGKILL')
    for (const orphan of orphans) signalOne(orphan)
    timers.push(setTimeout(() => closePipes(child), DRAIN_MS))
  })
  child.on('close', (code, signal) => {
    forget()
    resolve(
      ok({
        exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0),
        stdout: output.stdout.text(),
        stderr: output.stderr.text(),
        omittedBytes: output.stdout.omittedBytes + output.stderr.omittedBytes,
        timedOut,
        cancelled,
        durationMs: performance.now() - startedAt,
      }),
    )
  })
}

function closePipes(child: ChildProcess): void {
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.stdin?.destroy()
}

/**
 * What a process started and what that started, on Linux. A sandbox's first process has a session of its own, so the group
 * does not hold it, and it has been seen to survive its parent although it asked the kernel not to. So has a command on a
 * pseudo-terminal.
 */
function descendantsOf(pid: number | undefined): number[] {
  return childrenOf(pid).flatMap(child => [child, ...descendantsOf(child)])
}

function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined || process.platform !== 'linux') return []
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch (error) {
    // Gone already, or a kernel without this file.
    if (isErrorCode(error, 'ENOENT') || isErrorCode(error, 'ESRCH')) return []
    throw error
  }
}

function signalOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!isErrorCode(error, 'ESRCH') && !isErrorCode(error, 'EPERM')) throw error
  }
}

/** To every process of the group; a group that is gone already is what was wanted. */
function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch (error) {
    if (!isErrorCode(error, 'ESRCH') && !isErrorCode(error, 'EPERM')) throw error
  }
}

const running = new Set<number>()
let endsWithUs = false

/** What runs when our own process ends is ended with it. */
function noteRunning(pid: number): void {
  running.add(pid)
  if (endsWithUs) return
  endsWithUs = true
  process.on('exit', () => {
    for (const each of running) {
      const orphans = descendantsOf(each)
      signalGroup(each, 'SIGKILL')
      for (const orphan of orphans) signalOne(orphan)
    }
  })
}

function startError(error: unknown, request: ProcessRequest): StartError {
  const message = messageOf(error)
  // The system reports a missing folder as a missing program.
  if (!existsSync(request.cwd)) return { kind: 'other', message: `The folder ${request.cwd} does not exist.` }
  if (isErrorCode(error, 'ENOENT')) return { kind: 'not-found', message }
  if (isErrorCode(error, 'EACCES')) return { kind: 'denied', message }
  return { kind: 'other', message }
}

function isErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function neverStarted(): ProcessEnd {
  return { exitCode: 130, stdout: '', stderr: '', omittedBytes: 0, timedOut: false, cancelled: true, durationMs: 0 }
}
