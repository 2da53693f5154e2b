import type { AssetLoader } from '../language'

/** What Go's own parser says of a file. */
export type GoParse =
  | { kind: 'accepted' }
  /** From 1; the column counts bytes, as Go does. */
  | { kind: 'rejected'; message: string; line: number; byteColumn: number }
  | { kind: 'unknown' }

type Format = typeof import('@wasm-fmt/gofmt/gofmt_binding.js').format

let loading: Promise<{ format: Format; module: WebAssembly.Module }> | undefined
let instance: WebAssembly.Instance | undefined

/**
 * Parses Go with the parser of its own formatter. It knows deep nesting and syntax newer than itself only as a trap,
 * after which the instance is unusable; then the verdict is `unknown`, never `rejected`.
 */
export async function parseGo(text: string, loadAsset: AssetLoader): Promise<GoParse> {
  loading ??= loadGofmt(loadAsset)
  const { format, module } = await loading
  instance ??= startInstance(module)
  try {
    format(instance.exports, text)
    return { kind: 'accepted' }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || !(error instanceof Error)) {
      instance = undefined
      return { kind: 'unknown' }
    }
    const match = /^(?<line>\d+):(?<column>\d+): (?<message>.*?)(?: \(and \d+ more errors\))?$/s.exec(error.message)
    if (!match?.groups) return { kind: 'unknown' }
    return {
      kind: 'rejected',
      message: match.groups.message!,
      line: Number(match.groups.line),
      byteColumn: Number(match.groups.column),
    }
  }
}

function startInstance(module: WebAssembly.Module): WebAssembly.Instance {
  const fresh = new WebAssembly.Instance(module)
  const { _initialize: initialize } = fresh.exports
  if (typeof initialize === 'function') initialize()
  return fresh
}

async function loadGofmt(loadAsset: AssetLoader): Promise<{ format: Format; module: WebAssembly.Module }> {
  const [{ format }, bytes] = await Promise.all([import('@wasm-fmt/gofmt/gofmt_binding.js'), loadAsset('gofmt.wasm')])
  return { format, module: await WebAssembly.compile(new Uint8Array(bytes)) }
}
