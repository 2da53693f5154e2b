import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fail, ok, type Result } from '#shared/base/result'
import type { ProcessEnd, Processes, ProcessRequest, StartError } from '../host'

export function nodeProcesses(): Processes {
  return { run }
}

function run(request: ProcessRequest): Promise<Result<ProcessEnd, StartError>> {
  const startedAt = performance.now()
  return new Promise(resolve => {
    const child = spawn(request.program, [...request.args], {
      cwd: request.cwd,
      env: { ...request.env },
      stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let timedOut = false
    const kill = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // already gone
      }
    }
    const timer = request.timeoutMs
      ? setTimeout(() => {
          timedOut = true
          kill()
        }, request.timeoutMs)
      : undefined
    request.signal?.addEventListener('abort', kill)
    child.stdout!.on('data', (p: Buffer) => {
      out.push(p)
      request.onOutput?.(p, 'stdout')
    })
    child.stderr!.on('data', (p: Buffer) => {
      err.push(p)
      request.onOutput?.(p, 'stderr')
    })
    child.stdin?.end(request.input)
    child.on('error', error => {
      const code = 'code' in error ? error.code : ''
      resolve(
        fail({
          kind: code === 'ENOENT' ? 'not-found' : code === 'EACCES' ? 'denied' : 'other',
          message: error.message,
        }),
      )
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      request.signal?.removeEventListener('abort', kill)
      resolve(
        ok({
          exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0),
          stdout: Buffer.concat(out).toString(),
          stderr: Buffer.concat(err).toString(),
          omittedBytes: 0,
          timedOut,
          cancelled: request.signal?.aborted ?? false,
          durationMs: performance.now() - startedAt,
        }),
      )
    })
  })
}
