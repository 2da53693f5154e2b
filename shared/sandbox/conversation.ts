import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { fail, ok, type Result } from '#shared/base/result'
import type { StartError } from '#shared/host/host'

/** A program that is talked to over its stdin and stdout. */
export interface Conversation {
  pid: number
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** Resolves with the exit code once it has ended; -1 when a signal ended it. */
  ended: Promise<number>
  /** Closes its stdin, then asks it to end, then kills it with everything it started. */
  stop(): Promise<void>
}

export interface ConversationRequest {
  program: string
  args: readonly string[]
  cwd: string
  /** The whole environment; nothing is inherited. */
  env: Readonly<Record<string, string>>
  /** Handed to the child as 3, 4, … */
  extraFds?: readonly number[]
}

/** How long a program may take to end by itself once its stdin is closed, and again once it was asked to. */
const GRACE_MS = 500
/** For the last words of a program that ended; somebody else may hold its pipes open for ever. */
const DRAIN_MS = 200

const running = new Set<ChildProcess>()
let endsWithUs = false

/** Starts a program in a process group of its own. It never outlives this process. */
export function startConversation(request: ConversationRequest): Promise<Result<Conversation, StartError>> {
  return new Promise(resolve => {
    const child = spawn(request.program, request.args, {
      cwd: request.cwd,
      env: request.env,
      stdio: ['pipe', 'pipe', 'pipe', ...(request.extraFds ?? [])],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const ended = new Promise<number>(resolveEnd => {
      child.once('exit', () => {
        endGroup(child)
        setTimeout(() => closePipes(child), DRAIN_MS).unref()
      })
      child.once('close', code => {
        running.delete(child)
        resolveEnd(code ?? -1)
      })
    })
    child.once('error', error => resolve(fail({ kind: 'other', message: startFailure(request, error) })))
    // The program may end while something is written to it; that it ended is told by `ended`.
    child.stdin?.on('error', () => child.stdin?.destroy())
    child.once('spawn', () => {
      const { pid, stdin, stdout, stderr } = child
      if (pid === undefined || !stdin || !stdout || !stderr) return
      noteRunning(child)
      resolve(ok({ pid, stdin, stdout, stderr, ended, stop: () => stop(child, ended) }))
    })
  })
}

function startFailure({ program, cwd }: ConversationRequest, error: Error): string {
  if ('code' in error && error.code === 'ENOENT') return `there is no program "${program}", or no folder ${cwd}`
  return error.message
}

async function stop(child: ChildProcess, ended: Promise<number>): Promise<void> {
  child.stdin?.end()
  if (await endsWithin(ended, GRACE_MS)) return
  signalGroup(child, 'SIGTERM')
  if (await endsWithin(ended, GRACE_MS)) return
  endGroup(child)
  await ended
}

function endsWithin(ended: Promise<number>, ms: number): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(false), ms)
    ended.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

/** Also what a sandbox's first process left behind: it has a session of its own, which the group does not hold. */
function endGroup(child: ChildProcess): void {
  const orphans = childrenOf(child.pid)
  signalGroup(child, 'SIGKILL')
  for (const orphan of orphans) signal(orphan, 'SIGKILL')
}

function closePipes(child: ChildProcess): void {
  child.stdout?.destroy()
  child.stderr?.destroy()
}

function signalGroup(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid !== undefined) signal(process.platform === 'win32' ? child.pid : -child.pid, name)
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!hasCode(error, 'ESRCH', 'EPERM')) throw error
  }
}

function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined || process.platform !== 'linux') return []
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return []
    throw error
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some(code => code === error.code)
}

function noteRunning(child: ChildProcess): void {
  running.add(child)
  if (endsWithUs) return
  endsWithUs = true
  process.on('exit', () => {
    for (const each of running) endGroup(each)
  })
}
