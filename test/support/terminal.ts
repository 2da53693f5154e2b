import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { CLI } from './run-cli'

/** Keys as a terminal sends them. */
export const KEY = {
  enter: '\r',
  altEnter: '\x1b\r',
  tab: '\t',
  shiftTab: '\x1b[Z',
  escape: '\x1b',
  up: '\x1b[A',
  ctrlC: '\x03',
  ctrlD: '\x04',
  ctrlR: '\x12',
  ctrlU: '\x15',
}

/** Control sequences, so that what is left is what a person reads. */
// biome-ignore lint/complexity/useRegexLiterals: a literal would hold control characters
const CONTROL = new RegExp('\\x1b\\[[0-9;?]*[A-Za-z]|\\r', 'g')

/** The built CLI on a pseudo-terminal of its own. */
export class Terminal {
  readonly #child: ChildProcess
  readonly end: Promise<number | null>
  #printed = ''
  #seen = 0

  constructor(args: readonly string[], options: { cwd: string; env: Record<string, string>; columns?: number }) {
    const { columns = 100 } = options
    const quoted = [process.execPath, CLI, ...args].map(word => `'${word}'`).join(' ')
    this.#child = spawn('script', ['-qefc', `stty cols ${columns} rows 40; exec ${quoted}`, '/dev/null'], {
      cwd: options.cwd,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: join(options.cwd, '..'),
        LANG: 'C.UTF-8',
        TERM: 'xterm-256color',
        ...options.env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout?.on('data', piece => {
      this.#printed += piece
    })
    this.end = new Promise(resolve => this.#child.on('close', resolve))
    onTestFinished(() => this.close())
  }

  /** Everything printed so far, without control sequences. */
  get text(): string {
    return this.#printed.replace(CONTROL, '')
  }

  /** Every byte printed so far, as text. */
  get raw(): string {
    return this.#printed
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** The window is closed. */
  close(): void {
    this.#child.kill('SIGKILL')
  }

  /** Waits for a text that was printed since the last wait. Fails with what is on the screen after 20 seconds. */
  async shows(text: string | RegExp): Promise<void> {
    const until = Date.now() + 20_000
    while (Date.now() < until) {
      const rest = this.text.slice(this.#seen)
      const at = typeof text === 'string' ? rest.indexOf(text) : rest.search(text)
      if (at >= 0) {
        this.#seen += at + 1
        return
      }
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    throw new Error(`the terminal never showed ${text}; it shows:\n${this.text.slice(-3_000)}`)
  }
}
