import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

/** A program that uses kode's sources, to be run in processes of its own that can be killed. Imports are from the top folder. */
export function buildProgram(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kode-program-'))
  const outfile = join(folder, 'program.mjs')
  buildSync({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    outfile,
    logLevel: 'error',
  })
  return outfile
}

/** Starts such a program; what it prints goes to the caller. */
export function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** The signal or code that ended it. */
export function ended(child: ChildProcess): Promise<string | number | null> {
  return new Promise(resolve => child.on('close', (code, signal) => resolve(signal ?? code)))
}
