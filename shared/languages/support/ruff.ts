import type { AssetLoader } from '../language'

/** What Ruff's parser, a port of CPython's grammar, says of a file; it knows the newest Python there is. */
export type PythonParse =
  | { kind: 'accepted' }
  /** Offsets are UTF-16, half-open. */
  | { kind: 'rejected'; message: string; start: number; end: number }
  | { kind: 'unknown'; reason: string }

interface Ruff {
  formatRange: typeof import('@wasm-fmt/ruff_fmt/ruff_fmt_bg.js').format_range
  /** Replaces an instance that trapped. */
  renew(): void
}

let loading: Promise<Ruff> | undefined

/** Parses Python; the first call loads 1.2 MB of wasm (about 30 ms). */
export async function parsePython(text: string, path: string, loadAsset: AssetLoader): Promise<PythonParse> {
  loading ??= loadRuff(loadAsset)
  const ruff = await loading
  // At the start of a file it is no part of the program.
  const mark = text.startsWith('\ufeff') ? 1 : 0
  const code = text.slice(mark)
  try {
    // Formatting the empty first line only makes it parse everything, at half the time of formatting everything.
    ruff.formatRange(`\n${code}`, { start: 0, end: 1 }, path.endsWith('.pyi') ? 'stub.pyi' : 'module.py')
    return { kind: 'accepted' }
  } catch (error) {
    if (typeof error === 'string') return readRejection(error, code, mark)
    ruff.renew()
    return { kind: 'unknown', reason: 'the Python parser gave up on this file' }
  }
}

/** @param shift how many characters the text lacks at its start */
function readRejection(error: string, text: string, shift: number): PythonParse {
  const match = /^(?<message>.*) at byte range (?<start>\d+)\.\.(?<end>\d+)$/s.exec(error)
  if (!match?.groups) return { kind: 'unknown', reason: error }
  const message = match.groups.message!
  if (/too deeply nested/.test(message)) return { kind: 'unknown', reason: 'nested too deeply to parse' }
  const bytes = new TextEncoder().encode(text)
  // The newline put in front is one byte.
  const start = shift + utf16Offset(bytes, Number(match.groups.start) - 1)
  const end = shift + utf16Offset(bytes, Number(match.groups.end) - 1)
  return { kind: 'rejected', message: message.charAt(0).toUpperCase() + message.slice(1), start, end }
}

function utf16Offset(bytes: Uint8Array, byteOffset: number): number {
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, byteOffset))).length
}

async function loadRuff(loadAsset: AssetLoader): Promise<Ruff> {
  const [{ __wbg_set_wasm, format_range, ...library }, bytes] = await Promise.all([
    import('@wasm-fmt/ruff_fmt/ruff_fmt_bg.js'),
    loadAsset('ruff_fmt.wasm'),
  ])
  const module = await WebAssembly.compile(new Uint8Array(bytes))
  const start = () => {
    const instance = new WebAssembly.Instance(module, { './ruff_fmt_bg.js': library })
    __wbg_set_wasm(instance.exports)
    return instance
  }
  let instance = start()
  return {
    formatRange: format_range,
    renew: () => {
      // The library keeps views of the old memory until their buffer is detached, which growing does, even by nothing.
      const { memory } = instance.exports
      if (memory instanceof WebAssembly.Memory) memory.grow(0)
      instance = start()
    },
  }
}
