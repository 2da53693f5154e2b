import { uncommittedDiff } from '#shared/context/environment'
import type { FileSystem, Processes } from '#shared/host/host'
import type { Languages } from '#shared/languages/registry'

/** Where the code of a project is read. */
export interface ProjectCode {
  root: string
  files: FileSystem
  /** The same files as an editor has them, which a model is shown. */
  editorFiles: FileSystem
  languages: Languages
}

/** A project that hides its own words. */
export interface VocabularySource extends ProjectCode {
  /** The diff since the last commit, in git's form; empty where there is none. */
  uncommitted(): Promise<string>
}

export function vocabularySource(
  code: ProjectCode,
  env: Readonly<Record<string, string | undefined>>,
  processes: Processes,
): VocabularySource {
  return { ...code, uncommitted: () => uncommittedDiff(code.root, env, processes) }
}
