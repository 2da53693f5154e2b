import { basename, relative } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import { isCode } from '#shared/code-index/code-index'
import { keptNames } from '#shared/context/blindfold/kept-names'
import { type Vocabulary, VocabularyBuilder } from '#shared/context/blindfold/vocabulary'
import { IgnoreRules } from '#shared/edits/ignore-rules'
import { decodeText } from '#shared/edits/text-file'
import type { FileError } from '#shared/host/host'
import { isInside } from '#shared/host/inside'
import type { Languages } from '#shared/languages/registry'
import type { VocabularySource } from './vocabulary-source'

/** A larger file is no code that somebody wrote, and cannot be shown to a model as a whole. */
const MAX_BYTES = 100_000_000
const MAX_FILES = 200_000
const CODE = new Set(['typescript', 'javascript', 'python', 'go', 'rust', 'vue', 'svelte'])
const MANIFEST = /(?:^|\/)(?:package\.json|go\.mod|Cargo\.toml|pyproject\.toml)$/

/** The words of a project as it is on the disk and in the editor, which is looked at every time; only what changed is read again. */
export class ProjectVocabulary {
  readonly #source: VocabularySource
  readonly #ownTexts: () => readonly string[]
  #builder: VocabularyBuilder | undefined
  #versions: ReadonlyMap<string, string> = new Map()
  #vocabulary: Vocabulary | undefined
  /** One look at a time. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param ownTexts what kode itself says to a model; its plain words are no secrets */
  constructor(source: VocabularySource, ownTexts: () => readonly string[]) {
    this.#source = source
    this.#ownTexts = ownTexts
  }

  /** The same object as long as nothing changed; a failure says what of the project could not be read. */
  now(): Promise<Result<Vocabulary, string>> {
    const look = this.#last.then(() => this.#look())
    this.#last = look
    return look
  }

  async #look(): Promise<Result<Vocabulary, string>> {
    const walked = await versionsIn(this.#source)
    if (!walked.ok) return walked
    const unsaved = await unsavedIn(this.#source)
    const versions = new Map(walked.value)
    for (const [path, version] of unsaved) versions.set(path, `${versions.get(path)} ${version}`)
    const known = this.#versions
    // What is imported is the project's own or not, depending on what else there is.
    const isSameTree = versions.size === known.size && [...versions.keys()].every(path => known.has(path))
    const builder = (isSameTree && this.#builder) || (await this.#begin([...versions.keys()]))
    const isRead = builder === this.#builder ? known : new Map<string, string>()
    const stale = [...versions].filter(([path, version]) => isRead.get(path) !== version).map(([path]) => path)
    if (this.#vocabulary && builder === this.#builder && stale.length === 0) return ok(this.#vocabulary)
    this.#builder = undefined
    const problem = await this.#read(stale, unsaved, builder)
    if (problem !== undefined) return fail(problem)
    this.#builder = builder
    this.#versions = versions
    this.#vocabulary = builder.build()
    return ok(this.#vocabulary)
  }

  async #begin(paths: readonly string[]): Promise<VocabularyBuilder> {
    const { root, languages, uncommitted } = this.#source
    const ids = new Set(paths.map(path => languages.idOf(path) ?? ''))
    const kept = await keptNames(ids, this.#ownTexts())
    const builder = new VocabularyBuilder(name => kept.has(name))
    // What was taken out and is not committed is still in diffs.
    const removed = removedIn(await uncommitted())
    for (const path of [basename(root), ...removed.keys(), ...paths]) builder.addPath(path)
    for (const [path, text] of removed) if (isWritten(path, languages)) builder.addCode(text)
    return builder
  }

  /** @returns why it could not be done, if so */
  async #read(
    paths: readonly string[],
    unsaved: ReadonlyMap<string, string>,
    builder: VocabularyBuilder,
  ): Promise<string | undefined> {
    const { root, files, editorFiles, languages } = this.#source
    let problem: string | undefined
    const read = async (chosen: readonly string[], take: (text: string) => void) => {
      const accept = (bytes: Result<Uint8Array, FileError>) => {
        if (bytes.ok) take(decodeText(bytes.value)?.text ?? '')
        else if (mayBeReadLater(bytes.error)) problem ??= bytes.error.message
      }
      const absolute = chosen.map(path => `${root}/${path}`)
      await files.readMany(absolute, MAX_BYTES, (_, bytes) => accept(bytes))
      // Searches see what is saved, a model that reads the file does not.
      for (const path of chosen) if (unsaved.has(path)) accept(await editorFiles.read(`${root}/${path}`, MAX_BYTES))
    }
    await read(
      paths.filter(path => MANIFEST.test(path)),
      text => builder.addManifest(text),
    )
    await read(
      paths.filter(path => isWritten(path, languages)),
      text => builder.addCode(text),
    )
    return problem
  }
}

/** By path: code and what configures it, also what git ignores by its name; not folders that git ignores, which machines fill. */
async function versionsIn({ root, files, languages }: VocabularySource): Promise<Result<Map<string, string>, string>> {
  const rules = await IgnoreRules.above(root, files)
  let problem: string | undefined
  const walked = await files.walk(root, {
    enters: (path, names) => rules.enters(path, names),
    includes: path => languages.idOf(path) !== undefined || !isCode(path),
    missed: error => {
      if (mayBeReadLater(error)) problem ??= `${error.path}: ${error.message}`
    },
  })
  if (!walked.ok) return fail(walked.error.message)
  if (problem !== undefined) return fail(problem)
  const found = walked.value.filter(({ type, size }) => type === 'file' && size <= MAX_BYTES)
  if (found.length > MAX_FILES) return fail(`it has more than ${MAX_FILES} files`)
  return ok(new Map(found.map(({ path, version }) => [path, version])))
}

function isWritten(path: string, languages: Languages): boolean {
  return CODE.has(languages.idOf(path) ?? '')
}

/** The lines that a diff takes out, by path. */
function removedIn(diff: string): Map<string, string> {
  const removed = new Map<string, string>()
  for (const file of diff.split(/^(?=diff --git )/m)) {
    const path = /^--- "?a\/(.*?)"?$/m.exec(file)?.[1]
    const lines = [...file.matchAll(/^-(?!-- ["a/])(.*)$/gm)].map(([, line]) => line)
    if (path !== undefined) removed.set(path, `${removed.get(path) ?? ''}${lines.join('\n')}\n`)
  }
  return removed
}

/** Versions of what an editor holds unsaved, by path. */
async function unsavedIn({ root, editorFiles, languages }: VocabularySource): Promise<Map<string, string>> {
  const versions = new Map<string, string>()
  for (const path of editorFiles.unsaved?.() ?? []) {
    const stat = isInside(path, root) && languages.idOf(path) !== undefined ? await editorFiles.stat(path) : undefined
    if (stat?.ok) versions.set(relative(root, path), stat.value.version)
  }
  return versions
}

/** Whether somebody else might still read what could not be read now; what is gone, or forbidden, nobody can. */
function mayBeReadLater({ kind }: FileError): boolean {
  return kind !== 'not-found' && kind !== 'denied'
}
