import * as vscode from 'vscode'
import { isGone, type Proposal, type Proposals, type ProposedFile } from '../proposals'

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

/** One side of a file that is no text. */
type BytesOf = (proposal: Proposal, path: string, side: 'before' | 'after') => Promise<Uint8Array>

/** The file system of proposals: what is saved there changes the proposal and nothing else. */
export class PendingFiles implements vscode.FileSystemProvider {
  readonly #proposals: Proposals
  readonly #bytesOf: BytesOf
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>()
  readonly onDidChangeFile = this.#changed.event
  /** What the editor was given last, by path; a new version makes it read again, and only then may there be one. */
  readonly #given = new Map<string, { content: string; version: number }>()

  constructor(proposals: Proposals, bytesOf: BytesOf) {
    this.#proposals = proposals
    this.#bytesOf = bytesOf
    proposals.onChange(({ kind, proposal }) => {
      const type = isGone(kind) ? vscode.FileChangeType.Deleted : vscode.FileChangeType.Changed
      const changed = proposal.files.flatMap(file => {
        const uri = pendingUri(proposal.id, file.path)
        const isNews = isGone(kind) || this.#note(uri, file.binary?.after?.sha256 ?? file.after ?? '')
        return isNews ? [{ type, uri }] : []
      })
      if (changed.length > 0) this.#changed.fire(changed)
    })
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined)
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { proposal, file, side } = this.#placeAt(uri)
    const isBefore = side === 'before'
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: isBefore ? 0 : (this.#given.get(uri.toString())?.version ?? 0),
      size: file.binary ? (file.binary[side]?.size ?? 0) : Buffer.byteLength(file[side] ?? ''),
      ...((isBefore || proposal.landedIn) && { permissions: vscode.FilePermission.Readonly }),
    }
  }

  readFile(uri: vscode.Uri): Uint8Array | Promise<Uint8Array> {
    const { proposal, file, side } = this.#placeAt(uri)
    return file.binary?.[side] ? this.#bytesOf(proposal, file.path, side) : Buffer.from(file[side] ?? '')
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

  /** @returns whether the content, a text or the hash of bytes, is another one than the editor knows */
  #note(uri: vscode.Uri, content: string): boolean {
    const known = this.#given.get(uri.toString())
    if (known?.content === content) return false
    this.#given.set(uri.toString(), { content, version: (known?.version ?? Date.now()) + 1 })
    return true
  }

  /** What landed is edited where it is: in the project's file. */
  #hasLanded(uri: vscode.Uri): boolean {
    return this.#proposals.get(pendingFileOf(uri)?.id ?? '')?.landedIn !== undefined
  }

  #placeAt(uri: vscode.Uri): { proposal: Proposal; file: ProposedFile; side: 'before' | 'after' } {
    const place = pendingFileOf(uri)
    const proposal = this.#proposals.get(place?.id ?? '')
    const file = proposal?.files.find(each => each.path === place?.path)
    if (!proposal || !file) throw vscode.FileSystemError.FileNotFound(uri)
    return { proposal, file, side: uri.scheme === BEFORE_SCHEME ? 'before' : 'after' }
  }
}
