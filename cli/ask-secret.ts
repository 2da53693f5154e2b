import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** Asks on the terminal for a text that is not shown. @returns nothing when the user gave up */
export function askSecretOnTerminal(question: string, signal: AbortSignal): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  return new Promise(resolve => {
    const end = (text: string) => {
      resolve(text.trim())
      lines.close()
      process.stderr.write('\n')
    }
    lines.once('SIGINT', () => end(''))
    lines.once('close', () => resolve(''))
    signal.addEventListener('abort', () => lines.close(), { once: true })
    lines.question('', end)
  })
}
