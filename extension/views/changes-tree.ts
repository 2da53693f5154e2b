import * as vscode from 'vscode'
import type { Proposal, Proposals, ProposedFile } from '../proposals'
import { pendingUri } from './pending-files'

interface Row {
  proposal: Proposal
  file: ProposedFile
}

/** Files that wait for review, those that need it most first. */
export class ChangesTree implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  readonly #proposals: Proposals
  readonly #changed = new vscode.EventEmitter<void>()
  readonly onDidChangeTreeData = this.#changed.event
  readonly #view: vscode.TreeView<Row>
  readonly #unsubscribe: () => void

  constructor(proposals: Proposals) {
    this.#proposals = proposals
    this.#view = vscode.window.createTreeView('kode.changes', { treeDataProvider: this })
    this.#unsubscribe = proposals.onChange(() => this.#refresh())
    this.#refresh()
  }

  getChildren(row?: Row): Row[] {
    if (row) return []
    return this.#proposals.all
      .flatMap(proposal => proposal.files.map(file => ({ proposal, file })))
      .sort((left, right) => needOfReview(right) - needOfReview(left))
  }

  getTreeItem({ proposal, file }: Row): vscode.TreeItem {
    const item = new vscode.TreeItem(pendingUri(proposal.id, file.path))
    const name = file.path.split('/').at(-1) ?? file.path
    item.id = `${proposal.id}/${file.path}`
    item.label = name
    item.description = descriptionOf(file)
    item.contextValue = file.decision
    item.iconPath = new vscode.ThemeIcon(iconOf({ proposal, file }))
    item.tooltip = file.path
    item.accessibilityInformation = { label: `${file.path}, ${descriptionOf(file)}` }
    item.command = {
      command: 'kode.reviewChange',
      title: vscode.l10n.t('Review'),
      arguments: [pendingUri(proposal.id, file.path)],
    }
    return item
  }

  /** The file of a row, as a menu of the tree hands it over. */
  uriOf(row: unknown): vscode.Uri | undefined {
    const known = this.getChildren().find(each => each.file === (row as Row | undefined)?.file)
    return known && pendingUri(known.proposal.id, known.file.path)
  }

  dispose(): void {
    this.#unsubscribe()
    this.#view.dispose()
    this.#changed.dispose()
  }

  #refresh(): void {
    const count = this.getChildren().filter(row => row.file.decision === 'open').length
    this.#view.badge =
      count > 0 ? { value: count, tooltip: vscode.l10n.t('{0} changes wait for review', count) } : undefined
    void vscode.commands.executeCommand('setContext', 'kode.hasPendingChanges', count > 0)
    this.#changed.fire()
  }
}

/** Failed before warned before skipped; a fully verified file comes last. */
function needOfReview({ proposal, file }: Row): number {
  const results = proposal.gates?.results ?? []
  const worst = Math.max(0, ...results.map(result => ({ FAIL: 3, WARN: 2, SKIP: 1, PASS: 0 })[result.status]))
  return (file.decision === 'open' ? 10 : 0) + worst
}

function descriptionOf(file: ProposedFile): string {
  const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/')) : ''
  const isNew = file.before === undefined
  const kind = isNew ? vscode.l10n.t('new') : file.after === undefined ? vscode.l10n.t('deleted') : ''
  const decisions = { open: '', accepted: vscode.l10n.t('accepted'), rejected: vscode.l10n.t('rejected') }
  const decision = decisions[file.decision]
  return [folder, kind, decision].filter(part => part !== '').join(' · ')
}

function iconOf({ proposal, file }: Row): string {
  if (file.decision === 'accepted') return 'check'
  if (file.decision === 'rejected') return 'close'
  return proposal.gates?.status === 'PASS' ? 'verified' : 'warning'
}
