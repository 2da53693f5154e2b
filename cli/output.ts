import { writeSync } from 'node:fs'

/** stdout carries only the result; everything for people goes to stderr. */
export interface Output {
  /** Writes a piece of the result. */
  result(text: string): void
  /** Writes text for people as it is; dropped once the reader of the result has gone. */
  errors(text: string): void
  /** Writes a line for people, likewise. */
  note(text: string): void
  /** Wraps a text in a colour, where colours are wanted. */
  paint(colour: Colour, text: string): string
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold'

const CODES: Record<Colour, [number, number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  dim: [2, 22],
  bold: [1, 22],
}

/**
 * The real terminal.
 *
 * @param onReaderGone called once, when nobody reads stdout any more; what is written afterwards is dropped
 */
export function terminalOutput(env: NodeJS.ProcessEnv, onReaderGone: () => void): Output {
  let hasReader = true
  const loseReader = () => {
    if (hasReader) onReaderGone()
    hasReader = false
  }
  // Who left after the first lines does not wait for the rest of the story.
  const tell = (text: string) => {
    if (hasReader) writeAll(2, text)
  }
  const hasColour = !env.NO_COLOR && env.TERM !== 'dumb' && process.stderr.isTTY === true
  return {
    result: text => {
      if (hasReader && !writeAll(1, text)) loseReader()
    },
    errors: text => tell(text),
    note: text => tell(`${text}\n`),
    paint: (colour, text) => (hasColour ? `\x1b[${CODES[colour][0]}m${text}\x1b[${CODES[colour][1]}m` : text),
  }
}

/**
 * Writes everything before it returns, so that what was printed is out even when the process is killed next.
 *
 * @returns false when nobody reads it any more
 */
function writeAll(fd: 1 | 2, text: string): boolean {
  const bytes = Buffer.from(text)
  let offset = 0
  while (offset < bytes.length) {
    try {
      offset += writeSync(fd, bytes, offset)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // A pipe without a reader, or a terminal that was closed.
      if (code === 'EPIPE' || code === 'EIO') return false
      if (code !== 'EAGAIN') throw error
      waitForReader()
    }
  }
  return true
}

/** A full pipe on a non-blocking descriptor: sleeps a moment instead of spinning. */
function waitForReader(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
}
