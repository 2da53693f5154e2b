/** What one command's file system looks like. All paths absolute, links resolved, and there. */
export interface View {
  /** Writable, outermost first. */
  writable: readonly string[]
  /** Bound on /tmp and /var/tmp. */
  temporary: string
  /** Read-only inside what is writable. */
  protected: readonly string[]
  /** Invisible. */
  hiddenFolders: readonly string[]
  hiddenFiles: readonly string[]
}
