import { fstatSync } from 'node:fs'

/** A pipe that nobody writes to must not hold up a run that has its prompt already. */
const SILENT_PIPE_MS = 1_000

/** All of stdin; waits for its end. */
export async function readStdin(): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

/**
 * What is piped in beside a prompt; empty on a terminal, for `/dev/null`, and when a pipe stays silent.
 *
 * @param onSilent told when waiting was given up
 */
export async function readPipedContext(onSilent: () => void): Promise<string> {
  if (process.stdin.isTTY || !mayHoldData()) return ''
  const pieces: Buffer[] = []
  return new Promise(resolve => {
    const timer = setTimeout(() => {
      process.stdin.destroy()
      onSilent()
      resolve('')
    }, SILENT_PIPE_MS)
    process.stdin.on('data', (piece: Buffer) => {
      clearTimeout(timer)
      pieces.push(piece)
    })
    process.stdin.on('end', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(pieces).toString('utf8'))
    })
    process.stdin.on('error', () => {
      clearTimeout(timer)
      resolve('')
    })
  })
}

/** Character devices such as /dev/null and closed descriptors hold none. */
function mayHoldData(): boolean {
  try {
    const stat = fstatSync(0)
    return stat.isFIFO() || stat.isFile() || stat.isSocket()
  } catch {
    // stdin was closed by the parent.
    return false
  }
}
