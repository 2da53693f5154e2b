import * as vscode from 'vscode'
import type { BinarySides } from '#shared/protocol/landed-file'
import { fateOf, type PendingHunk, type Proposal, type Proposals } from '../proposals'
import { type FileRow, isVerified, ReviewRows, rowId } from '../review-rows'
import { pendingUri } from './pending-files'

interface HunkRow {
  kind: 'hunk'
  of: FileRow
  pending: PendingHunk
}

/** The files that every gate has passed, folded away behind those that need a look. */
const VERIFIED = { kind: 'verified' } as const

type Row = FileRow | HunkRow | typeof VERIFIED

/** Files that wait for review with their hunks. */
export class ChangesTree implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  readonly #proposals: Proposals
  readonly #rows = new ReviewRows()
  readonly #changed = new vscode.EventEmitter<Row[] | undefined>()
  readonly onDidChangeTreeData = this.#changed.event
  readonly #view: vscode.TreeView<Row>
  readonly #unsubscribe: () => void

  constructor(proposals: Proposals) {
    this.#proposals = proposals
    this.#view = vscode.window.createTreeView('kode.changes', { treeDataProvider: this })
    this.#unsubscribe = proposals.onChange(({ proposal }) => this.#refresh(proposal))
    this.#showCount()
  }

  getChildren(row?: Row): Row[] {
    const files = this.#rows.all
    if (!row) {
      const others = files.filter(each => !isVerified(each))
      return others.length < files.length ? [...others, VERIFIED] : others
    }
    if (row.kind === 'verified') return files.filter(isVerified)
    if (row.kind === 'hunk' || row.file.decision !== 'open') return []
    const { proposal, file } = row
    return this.#proposals.hunks(proposal.id, file.path).map(pending => ({ kind: 'hunk', of: row, pending }))
  }

  getTreeItem(row: Row): vscode.TreeItem {
    if (row.kind === 'verified') return this.#verifiedItem()
    return row.kind === 'file' ? fileItem(row) : hunkItem(row)
  }

  /** The place of a row, as a menu of the tree hands it over; with the key of its hunk where it is one. */
  placeOf(row: unknown): { uri: vscode.Uri; key: string | undefined } | undefined {
    if (typeof row !== 'object' || row === null || !('kind' in row)) return undefined
    const known = row as Row
    if (known.kind === 'verified') return undefined
    const { proposal, file } = known.kind === 'hunk' ? known.of : known
    return { uri: pendingUri(proposal.id, file.path), key: known.kind === 'hunk' ? known.pending.key : undefined }
  }

  dispose(): void {
    this.#unsubscribe()
    this.#view.dispose()
    this.#changed.dispose()
  }

  #verifiedItem(): vscode.TreeItem {
    const files = this.#rows.all
    const verified = files.filter(isVerified)
    // Where nothing needs a look before them, they are what there is to see.
    const isAlone = verified.length === files.length
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState
    const item = new vscode.TreeItem(vscode.l10n.t('Verified'), isAlone ? Expanded : Collapsed)
    item.id = `verified-${isAlone}`
    item.description = String(verified.length)
    item.iconPath = new vscode.ThemeIcon('verified')
    return item
  }

  /** The editor forgets the rows that it is told of until it has read them again; a click on one meanwhile is lost. */
  #refresh(changed: Proposal): void {
    const hasMoved = this.#rows.update(this.#proposals.all)
    this.#showCount()
    this.#changed.fire(hasMoved ? undefined : this.#rows.all.filter(row => row.proposal.id === changed.id))
  }

  #showCount(): void {
    const count = this.#rows.all.filter(row => row.file.decision === 'open').length
    this.#view.badge =
      count > 0 ? { value: count, tooltip: vscode.l10n.t('{0} changes wait for review', count) } : undefined
    void vscode.commands.executeCommand('setContext', 'kode.hasPendingChanges', count > 0)
  }
}

function fileItem(row: FileRow): vscode.TreeItem {
  const { proposal, file } = row
  const uri = pendingUri(proposal.id, file.path)
  const item = new vscode.TreeItem(uri)
  item.id = rowId(row)
  item.label = file.path.split('/').at(-1) ?? file.path
  item.description = descriptionOf(row)
  item.contextValue = file.decision
  item.iconPath = new vscode.ThemeIcon(iconOf(row))
  item.tooltip = file.path
  item.accessibilityInformation = { label: `${file.path}, ${descriptionOf(row)}` }
  item.command = { command: 'kode.reviewChange', title: vscode.l10n.t('Review'), arguments: [uri] }
  if (file.decision === 'open' && !file.binary) item.collapsibleState = vscode.TreeItemCollapsibleState.Collapsed
  return item
}

function hunkItem({ of, pending: { hunk, key, isAccepted, findings } }: HunkRow): vscode.TreeItem {
  const [text = ''] = [...hunk.afterLines, ...hunk.beforeLines].map(line => line.trim()).filter(line => line !== '')
  const item = new vscode.TreeItem(text || vscode.l10n.t('Empty lines'))
  const counts = `+${hunk.afterLines.length} −${hunk.beforeLines.length}`
  item.id = `${rowId(of)}#${key}`
  item.description = findings[0]?.message ?? vscode.l10n.t('line {0}, {1}', hunk.afterStart + 1, counts)
  item.contextValue = isAccepted ? 'hunk-accepted' : 'hunk'
  item.iconPath = new vscode.ThemeIcon(isAccepted ? 'check' : findings.length > 0 ? 'warning' : 'diff-modified')
  item.command = {
    command: 'kode.reviewChange',
    title: vscode.l10n.t('Review'),
    arguments: [pendingUri(of.proposal.id, of.file.path), hunk.afterStart],
  }
  return item
}

function descriptionOf({ file, proposal }: FileRow): string {
  const hasLanded = proposal.landedIn !== undefined
  const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/')) : ''
  const fates = { created: vscode.l10n.t('new'), deleted: vscode.l10n.t('deleted'), modified: '' }
  const size = file.binary ? sizesOf(file.binary) : ''
  const state = hasLanded ? vscode.l10n.t('landed') : ''
  const decisions = { open: '', accepted: vscode.l10n.t('accepted'), rejected: vscode.l10n.t('rejected') }
  const decision = decisions[file.decision]
  return [folder, fates[fateOf(file)], size, state, decision].filter(part => part !== '').join(' · ')
}

/** Such as `binary, 1.2kB → 3kB`. */
function sizesOf({ before, after }: BinarySides): string {
  const sizes = [before, after].flatMap(side => (side ? [SIZE.format(side.size)] : []))
  return vscode.l10n.t('binary, {0}', [...new Set(sizes)].join(' → '))
}

const SIZE = new Intl.NumberFormat(vscode.env.language, {
  notation: 'compact',
  style: 'unit',
  unit: 'byte',
  unitDisplay: 'narrow',
})

function iconOf(row: FileRow): string {
  if (row.file.decision === 'accepted') return 'check'
  if (row.file.decision === 'rejected') return 'close'
  return isVerified(row) ? 'verified' : 'warning'
}
