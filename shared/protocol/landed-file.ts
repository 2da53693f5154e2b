/** A file before a turn and as the turn left it. A text is absent where there was no file. */
export interface LandedFile {
  path: string
  before?: string
  after?: string
  /** Instead of the texts, where one side is no text. */
  binary?: BinarySides
}

/** A side is absent where there was no file. */
export interface BinarySides {
  before?: BinaryFile
  after?: BinaryFile
}

export interface BinaryFile {
  sha256: string
  size: number
}
