// The part of the WebAssembly API that this folder uses; the compiler's own description of it comes only with the browser's.

declare namespace WebAssembly {
  type Exports = Record<string, unknown>
  class Instance {
    constructor(module: Module, imports?: Record<string, unknown>)
    readonly exports: Exports
  }
  class Memory {
    constructor(descriptor: { initial: number })
    grow(pages: number): number
  }
  class RuntimeError extends Error {}
  function compile(bytes: Uint8Array): Promise<Module>
}
