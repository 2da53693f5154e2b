import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const CLI = join(import.meta.dirname, '../../dist/cli/kode.mjs')

export interface CliEnd {
  code: number | null
  stdout: string
  stderr: string
  durationMs: number
}

export interface CliOptions {
  cwd: string
  env?: Record<string, string>
  input?: string
  /** Called once it runs. */
  onStart?(kill: (signal: NodeJS.Signals) => void): void
  /** Called with everything printed so far, to act in the middle of a run. */
  onStdout?(text: string, kill: (signal: NodeJS.Signals) => void): void
  onStderr?(text: string, kill: (signal: NodeJS.Signals) => void): void
}

/** Runs the built CLI as a user's shell would, with an environment of its own. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: join(options.cwd, '..'), LANG: 'C.UTF-8', ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(options.input)
  let stdout = ''
  let stderr = ''
  const kill = (signal: NodeJS.Signals) => child.kill(signal)
  options.onStart?.(kill)
  child.stdout?.on('data', piece => {
    stdout += piece
    options.onStdout?.(stdout, kill)
  })
  child.stderr?.on('data', piece => {
    stderr += piece
    options.onStderr?.(stderr, kill)
  })
  return new Promise(resolve => {
    child.on('close', code => resolve({ code, stdout, stderr, durationMs: performance.now() - startedAt }))
  })
}
