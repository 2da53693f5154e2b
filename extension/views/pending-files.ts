import * as vscode from 'vscode'
import type { Proposals } from '../proposals'

/** Proposed texts, editable; the same address with the query `before` is the text as it was, read only. */
export const PENDING_SCHEME = 'kode-pending'

/** The address of a proposed file. */
export function pendingUri(id: string, path: string, side: 'before' | 'after' = 'after'): vscode.Uri {
  return vscode.Uri.from({
    scheme: PENDING_SCHEME,
    authority: id,
    path: `/${path}`,
    query: side === 'before' ? 'before' : '',
  })
}

/** Which proposed file an address means. */
export function pendingFileOf(uri: vscode.Uri): { id: string; path: string } | undefined {
  if (uri.scheme !== PENDING_SCHEME) return undefined
  return { id: uri.authority, path: uri.path.slice(1) }
}

/** The file system of proposals: what is saved there changes the proposal and nothing else. */
export class PendingFiles implements vscode.FileSystemProvider {
  readonly #proposals: Proposals
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>()
  readonly onDidChangeFile = this.#changed.event
  /** Goes up with each change, so that the editor reads the text again. */
  #version = Date.now()

  constructor(proposals: Proposals) {
    this.#proposals = proposals
    proposals.onChange(({ kind, proposal }) => {
      this.#version++
      const type = kind === 'removed' ? vscode.FileChangeType.Deleted : vscode.FileChangeType.Changed
      this.#changed.fire(proposal.files.map(file => ({ type, uri: pendingUri(proposal.id, file.path) })))
    })
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined)
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const text = this.#textAt(uri)
    const isBefore = uri.query === 'before'
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: isBefore ? 0 : this.#version,
      size: Buffer.byteLength(text),
      ...(isBefore && { permissions: vscode.FilePermission.Readonly }),
    }
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return Buffer.from(this.#textAt(uri))
  }

  writeFile(uri: vscode.Uri, content: Uint8Array): void {
    const place = pendingFileOf(uri)
    if (!place || uri.query === 'before') throw vscode.FileSystemError.NoPermissions(uri)
    this.#proposals.edit(place.id, place.path, Buffer.from(content).toString())
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

  #textAt(uri: vscode.Uri): string {
    const place = pendingFileOf(uri)
    const file = place && this.#proposals.file(place.id, place.path)
    if (!file) throw vscode.FileSystemError.FileNotFound(uri)
    return (uri.query === 'before' ? file.before : file.after) ?? ''
  }
}
