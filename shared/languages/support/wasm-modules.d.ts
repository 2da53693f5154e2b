// The inner halves of two packages whose outer halves read the disk themselves and cannot renew an instance after a trap.

declare module '@wasm-fmt/ruff_fmt/ruff_fmt_bg.js' {
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void
  export function format_range(text: string, range: { start: number; end: number }, path: string): { code: string }
}

declare module '@wasm-fmt/gofmt/gofmt_binding.js' {
  export function format(exports: WebAssembly.Exports, source: string): string
}
