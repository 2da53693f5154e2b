import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/**
 * Asks on the terminal.
 *
 * @param isSecret what is typed is not shown
 * @returns the line without blanks around it; nothing when the user gave up, or the signal came
 */
export function askLine(question: string, signal: AbortSignal, { isSecret = false } = {}): Promise<string> {
  if (signal.aborted) return Promise.resolve('')
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: isSecret ? nowhere : process.stderr, terminal: true })
  // Whoever sees it may type at once, and the terminal must not echo any more.
  if (isSecret) process.stderr.write(question)
  return new Promise(resolve => {
    lines.once('close', () => {
      if (isSecret) process.stderr.write('\n')
      resolve('')
    })
    // While a question waits, readline gets the keys that would otherwise be signals.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    signal.addEventListener('abort', () => lines.close(), { once: true })
    lines.question(isSecret ? '' : question, text => {
      resolve(text.trim())
      lines.close()
    })
  })
}
