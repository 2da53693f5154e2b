type Library = typeof import('web-tree-sitter')

/** The one runtime that all parsers of the process share: the library holds no more than one. */
export interface TreeSitterRuntime {
  readonly library: Library
  /** After a parser threw: the next one finds the stack as if nothing had been. The parser itself is to be kept and never used again. */
  recover(): void
}

/**
 * The library reserves 64 KB below its static data. Recovering from thousands of brackets that are never closed needs more, and what
 * overflowed would overwrite the tables of functions: every later parse of the process would trap.
 */
const STACK_BYTES = 8 * 1024 * 1024

let starting: Promise<TreeSitterRuntime> | undefined

/** Starts the runtime once; who asks later gets the same. */
export function startTreeSitter(loadWasm: () => Promise<Uint8Array>): Promise<TreeSitterRuntime> {
  starting ??= start(loadWasm)
  // A failed start must not be remembered: the next file may try again.
  starting.catch(() => {
    starting = undefined
  })
  return starting
}

async function start(loadWasm: () => Promise<Uint8Array>): Promise<TreeSitterRuntime> {
  const [library, bytes] = await Promise.all([import('web-tree-sitter'), loadWasm()])
  const module = await WebAssembly.compile(new Uint8Array(bytes))
  let started: { imports: WasmImports; exports: WebAssembly.Exports } | undefined
  await library.Parser.init({
    instantiateWasm(
      imports: WasmImports,
      receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) {
      const instance = new WebAssembly.Instance(module, imports)
      started = { imports, exports: instance.exports }
      receive(instance, module)
      return {}
    },
  })
  const pointer = started?.imports.env?.__stack_pointer
  const allocate = started?.exports.malloc
  if (!isGlobal(pointer) || typeof allocate !== 'function') throw new Error('web-tree-sitter has no stack to move')
  const top = Number(allocate(STACK_BYTES)) + STACK_BYTES
  pointer.value = top
  return {
    library,
    recover() {
      pointer.value = top
    },
  }
}

type WasmImports = Record<string, Record<string, unknown> | undefined>

function isGlobal(value: unknown): value is { value: number } {
  return typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'number'
}
