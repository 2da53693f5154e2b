import type { ProjectView } from './project-view'

/**
 * What gates and index must know of a language. No disk, no clock, no network: sources, project and parsers are handed in.
 * Nothing here throws on input; what cannot be judged is `unknown` with a reason. Parsers are loaded on first use.
 *
 * A language only says what is wrong in one state of the project. The gates ask for the state before and after the change
 * and report what the change adds, so a `Problem` carries a `key` by which it is known again on both sides.
 */
export interface Language {
  readonly id: string
  /** As people write it: "TypeScript". */
  readonly name: string
  checkSyntax(source: SourceFile): Promise<Judgement>
  /**
   * The text with the inside of comments, strings and other text blanked: what is left runs, and stands where it stood. A blanked
   * string or comment keeps its first character. Absent where the signs of a language tell as much.
   */
  codeOf?(source: SourceFile): Promise<string | Unknown>
  /** Absent for data formats: they have syntax only. */
  readonly code?: CodeSupport
}

export interface CodeSupport {
  /**
   * What a file imports, found without a parser; for the index, which reads every file of the project. Must be fast (50 MB/s)
   * and may find too much. The strings mean something to `resolveToFiles` only, such as `./a`, `example.com/m/pkg`, `crate::a::b`.
   */
  scanImports(source: SourceFile): readonly string[]
  /** The project files one such import leads to; empty when it leads out of the project or nowhere. */
  resolveToFiles(imported: string, fromPath: string, project: ProjectView): Promise<readonly string[]>
  /** Files whose declarations are visible without an import, such as the other files of a Go package. */
  visibleWithoutImport?(path: string, project: ProjectView): Promise<readonly string[]>
  /** Whether a change of this file can change what every import means: a manifest or compiler configuration. */
  isManifest(path: string): boolean
  factsOf(source: SourceFile): Promise<FileFacts | Unknown>
  /** The part of the facts that tells what a change elsewhere means for a file, where a language can tell it quicker. */
  usesOf?(source: SourceFile): Promise<FileUses | Unknown>
  /** Whether what was written for the old declaration fits the new one; without it, equal shapes are compatible. */
  areCompatible?(before: DeclarationFact, after: DeclarationFact): boolean
  /**
   * Imports that lead nowhere, and imported names their target does not have.
   *
   * @param before the file as it was, given when nothing else changed what imports mean: what it has in common need not be judged
   */
  checkImports(source: SourceFile, project: ProjectView, before?: SourceFile): Promise<Judgement>
  /** Calls of what does not exist, or with arguments it cannot take; `before` as above. */
  checkCalls(source: SourceFile, project: ProjectView, before?: SourceFile): Promise<Judgement>
}

export interface SourceFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string
  /** Decoded, without BOM; line ends as they are. */
  readonly text: string
}

export type Judgement = { kind: 'judged'; problems: readonly Problem[] } | Unknown

/** Not judged; never to be read as good. The reason is shown to the user. */
export interface Unknown {
  kind: 'unknown'
  reason: string
}

/** Something wrong at a place. Offsets are UTF-16 units, half-open. */
export interface Problem {
  /** Second part of the finding's id, such as `unknown-package`; the gate is the first part. */
  readonly kind: string
  /** `certain` blocks the change; `likely` is a warning. */
  readonly certainty: 'certain' | 'likely'
  /** Equal for the same problem before and after the change, wherever it moved to: kind and names, no line numbers. */
  readonly key: string
  readonly start: number
  readonly end: number
  /** What is wrong: "`readFileSnyc` does not exist in node:fs". */
  readonly message: string
  /** What to do: "did you mean `readFileSync`?" */
  readonly suggestion?: string
}

/** What a file takes from others, which of its own parts use it, and what it gives on. */
export interface FileUses {
  readonly kind: 'facts'
  readonly imports: readonly ImportUse[]
  readonly declarations: readonly DeclarationUses[]
  /** Names used by statements that run when the file is loaded, outside every declaration. */
  readonly topLevelUses: ReadonlySet<string>
  /** Uses this file makes that no name shows: computed member access, reflection, `eval`, string imports. */
  readonly hasDynamicAccess: boolean
}

/** What one file declares and uses, for index, blast radius and context. Nothing comes from regions that do not parse. */
export interface FileFacts extends FileUses {
  readonly imports: readonly ImportFact[]
  /** What can be named from outside or from the top of the file; members of classes under their class. */
  readonly declarations: readonly DeclarationFact[]
  readonly calls: readonly CallFact[]
}

export interface ImportUse {
  /** As `resolveToFiles` takes it. */
  readonly imported: string
  readonly names: readonly ImportedName[]
  /** The imported names are exports of this file too (`export … from`, `pub use`, `from … import` in `__init__.py`). */
  readonly isReExport: boolean
}

export interface ImportFact extends ImportUse {
  /** Names that may be modules themselves (`from shop import cart`), as `resolveToFiles` takes them. */
  readonly mayImport?: readonly string[]
  readonly isTypeOnly: boolean
  readonly start: number
  readonly end: number
}

export interface ImportedName {
  /** In the target; `*` for all of it, `default` for a default export. */
  readonly name: string
  /** In this file, or for its users where the name is given on; undefined when nothing is bound, or nothing else. */
  readonly local?: string
}

/** A declaration as others know it, and what it uses. */
export interface DeclarationUses {
  readonly name: string
  /** Whether other files can see it. */
  readonly isExported: boolean
  /** The names under which others know it, where they differ from `name`: `default`, or an alias. */
  readonly exportedAs?: readonly string[]
  /** Class, struct or trait it belongs to. */
  readonly container?: string
  /** Identifiers its text uses, its own name excepted. */
  readonly uses: ReadonlySet<string>
}

export interface DeclarationFact extends DeclarationUses {
  readonly kind: 'function' | 'class' | 'method' | 'interface' | 'type' | 'enum' | 'variable' | 'module' | 'field'
  /**
   * What its users rely on, normalised: parameters, result, fields; not the body, white space or comments.
   * Equal before and after means: no user of it is affected.
   */
  readonly shape: string
  /** One line for people: `function read(path: string): Promise<Text>`. */
  readonly signature: string
  readonly start: number
  readonly end: number
}

export interface CallFact {
  /** Last name of the callee: `m` for `a.b.m()`. */
  readonly name: string
  /** What stands before it: `a.b`. */
  readonly receiver?: string
  /** undefined when a spread makes it unknown. */
  readonly argumentCount?: number
  readonly start: number
  readonly end: number
}

/** Bytes of a file that ships with kode, such as `tree-sitter-go.wasm`. Rejects when the package is incomplete. */
export type AssetLoader = (name: string) => Promise<Uint8Array>
