import * as vscode from 'vscode'
import { isGone, type Proposals } from '../proposals'

/** Proposed texts, editable. */
export const PENDING_SCHEME = 'kode-pending'
/** The texts as they were, read only. A scheme of their own: language servers do not tell addresses apart by their query. */
export const BEFORE_SCHEME = 'kode-before'

/** The address of a proposed file. */
export function pendingUri(id: string, path: string, side: 'before' | 'after' = 'after'): vscode.Uri {
  return vscode.Uri.from({
    scheme: side === 'before' ? BEFORE_SCHEME : PENDING_SCHEME,
    authority: id,
    path: `/${path}`,
  })
}

/** Which proposed file an address means, on either side. */
export function pendingFileOf(uri: vscode.Uri): { id: string; path: string } | undefined {
  if (uri.scheme !== PENDING_SCHEME && uri.scheme !== BEFORE_SCHEME) return undefined
  return { id: uri.authority, path: uri.path.slice(1) }
}

/** The file system of proposals: what is saved there changes the proposal and nothing else. */
export class PendingFiles implements vscode.FileSystemProvider {
  readonly #proposals: Proposals
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>()
  readonly onDidChangeFile = this.#changed.event
  /** What the editor was given last, by path; a new version makes it read again, and only then may there be one. */
  readonly #given = new Map<string, { text: string; version: number }>()

  constructor(proposals: Proposals) {
    this.#proposals = proposals
    proposals.onChange(({ kind, proposal }) => {
      const type = isGone(kind) ? vscode.FileChangeType.Deleted : vscode.FileChangeType.Changed
      const changed = proposal.files.flatMap(file => {
        const uri = pendingUri(proposal.id, file.path)
        const isNews = isGone(kind) || this.#note(uri, file.after ?? '')
        return isNews ? [{ type, uri }] : []
      })
      if (changed.length > 0) this.#changed.fire(changed)
    })
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined)
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const text = this.#textAt(uri)
    const isBefore = uri.scheme === BEFORE_SCHEME
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: isBefore ? 0 : (this.#given.get(uri.toString())?.version ?? 0),
      size: Buffer.byteLength(text),
      ...((isBefore || this.#hasLanded(uri)) && { permissions: vscode.FilePermission.Readonly }),
    }
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return Buffer.from(this.#textAt(uri))
  }

  writeFile(uri: vscode.Uri, content: Uint8Array): void {
    const place = pendingFileOf(uri)
    if (!place || uri.scheme === BEFORE_SCHEME || this.#hasLanded(uri)) throw vscode.FileSystemError.NoPermissions(uri)
    const text = Buffer.from(content).toString()
    this.#note(uri, text)
    this.#proposals.edit(place.id, place.path, text)
  }

  readDirectory(): [string, vscode.FileType][] {
    return []
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri)
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri)
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri)
  }

  /** @returns whether the text is another one than the editor knows */
  #note(uri: vscode.Uri, text: string): boolean {
    const known = this.#given.get(uri.toString())
    if (known?.text === text) return false
    this.#given.set(uri.toString(), { text, version: (known?.version ?? Date.now()) + 1 })
    return true
  }

  /** What landed is edited where it is: in the project's file. */
  #hasLanded(uri: vscode.Uri): boolean {
    return this.#proposals.get(pendingFileOf(uri)?.id ?? '')?.landedIn !== undefined
  }

  #textAt(uri: vscode.Uri): string {
    const place = pendingFileOf(uri)
    const file = place && this.#proposals.file(place.id, place.path)
    if (!file) throw vscode.FileSystemError.FileNotFound(uri)
    return (uri.scheme === BEFORE_SCHEME ? file.before : file.after) ?? ''
  }
}
