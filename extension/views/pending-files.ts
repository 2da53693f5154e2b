import * as vscode from 'vscode'
import { GivenFiles, SIDES, type Side } from '../given-files'
import { isGone, type Proposal, type Proposals, type ProposedFile } from '../proposals'

/** Proposed texts, editable. */
export const PENDING_SCHEME = 'kode-pending'
/** The texts as they were, read only. A scheme of their own: language servers do not tell addresses apart by their query. */
export const BEFORE_SCHEME = 'kode-before'

/** The address of a proposed file. */
export function pendingUri(id: string, path: string, side: Side = 'after'): vscode.Uri {
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
type BytesOf = (proposal: Proposal, path: string, side: Side) => Promise<Uint8Array>

/** The file system of proposals: what is saved there changes the proposal and nothing else. */
export class PendingFiles implements vscode.FileSystemProvider {
  readonly #proposals: Proposals
  readonly #bytesOf: BytesOf
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>()
  readonly onDidChangeFile = this.#changed.event
  readonly #given = new GivenFiles()

  constructor(proposals: Proposals, bytesOf: BytesOf) {
    this.#proposals = proposals
    this.#bytesOf = bytesOf
    proposals.onChange(({ kind, proposal }) => {
      const changed = proposal.files.flatMap(file => this.#changesOf(proposal.id, file, isGone(kind)))
      if (changed.length > 0) this.#changed.fire(changed)
    })
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined)
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { proposal, file, side } = this.#placeAt(uri)
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: this.#given.versionOf(proposal.id, file.path, side),
      size: file.binary ? (file.binary[side]?.size ?? 0) : Buffer.byteLength(file[side] ?? ''),
      ...((side === 'before' || proposal.landedIn) && { permissions: vscode.FilePermission.Readonly }),
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
    this.#given.note(place.id, place.path, 'after', text)
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

  /** What the editor is told of a file. */
  #changesOf(id: string, file: ProposedFile, hasGone: boolean): vscode.FileChangeEvent[] {
    const { Changed, Deleted } = vscode.FileChangeType
    if (hasGone) this.#given.forget(id, file)
    const sides = hasGone ? SIDES : this.#given.noteFile(id, file)
    return sides.map(side => ({ type: hasGone ? Deleted : Changed, uri: pendingUri(id, file.path, side) }))
  }

  /** What landed is edited where it is: in the project's file. */
  #hasLanded(uri: vscode.Uri): boolean {
    return this.#proposals.get(pendingFileOf(uri)?.id ?? '')?.landedIn !== undefined
  }

  #placeAt(uri: vscode.Uri): { proposal: Proposal; file: ProposedFile; side: Side } {
    const place = pendingFileOf(uri)
    const proposal = this.#proposals.get(place?.id ?? '')
    const file = proposal?.files.find(each => each.path === place?.path)
    if (!proposal || !file) throw vscode.FileSystemError.FileNotFound(uri)
    return { proposal, file, side: uri.scheme === BEFORE_SCHEME ? 'before' : 'after' }
  }
}
