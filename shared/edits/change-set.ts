/** Files as they are and as they would be. Nothing here touches the disk. */
export interface ChangeSet {
  readonly id: string
  /** At most one per path; in the order they were proposed. */
  readonly files: readonly FileChange[]
}

export interface FileChange {
  /** Where the file is after the change: relative to the project, with forward slashes. */
  readonly path: string
  readonly kind: 'create' | 'modify' | 'delete' | 'rename'
  /** For a rename: where it was. */
  readonly oldPath?: string
  /** Text before, decoded, without BOM; undefined for a new file. */
  readonly before?: string
  /** Text after; undefined for a deleted file. */
  readonly after?: string
  /** The file as it was read, so that a stale change is noticed and its encoding kept; undefined for a new file. */
  readonly base?: FileBase
  /** How the new text is encoded, where that is not as in `base`; UTF-8 for a new file without one. */
  readonly format?: TextFormat
  /** Permission bits to set; without it those of the file stay. */
  readonly mode?: number
  /** Ids of the hunks that made it. */
  readonly hunkIds: readonly string[]
  /** What a reader of the change should know, such as a hunk that was found a few lines further down. */
  readonly notes?: readonly string[]
}

export interface FileBase extends TextFormat {
  /** SHA-256 of the bytes, hexadecimal. */
  readonly hash: string
}

/** How a text is written as bytes. */
export interface TextFormat {
  /** Name of the encoding as text-file.ts knows it; `binary` or `link` for what can only be deleted or moved. */
  readonly encoding: string
  readonly hasBom: boolean
}

/** Why a proposal cannot become a change set, or a change set cannot be written. */
export interface EditProblem {
  kind:
    | 'invalid-hunk'
    | 'anchor-missing'
    | 'anchor-ambiguous'
    | 'file-missing'
    | 'file-exists'
    | 'outside-project'
    | 'protected-path'
    | 'binary-file'
    | 'too-large'
    | 'stale'
    | 'denied'
    | 'no-space'
    | 'no-change'
    | 'busy'
    | 'other'
  /** As the model wrote it. */
  path: string
  hunkId?: string
  /** What is wrong and what to do, for model and user. */
  message: string
  /** From 1, where it is about a place. */
  line?: number
}
