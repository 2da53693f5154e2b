/** What the index keeps of a file. */
export interface IndexedFile {
  readonly path: string
  /** Changes whenever the file does; see FileSystem.walk. */
  readonly version: string
  /** As its language's `scanImports` gives them. */
  readonly imports: readonly string[]
  /** Hashes of its identifiers; see name-scan.ts. */
  readonly names: Uint32Array
  /** It takes everything from another file, or gives it on, without saying names: `export * from`, `from x import *`, `use x::*`. */
  readonly passesAllOn: boolean
}
