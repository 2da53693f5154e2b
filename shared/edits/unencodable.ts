/** A character that a file's encoding cannot express. */
export interface Unencodable {
  character: string
  /** In UTF-16 units, from 0. */
  offset: number
}
