import * as vscode from 'vscode'
import { fateOf, isGone, type Proposal, type Proposals } from '../proposals'
import { diagnosticOf } from './diagnostics'
import { PENDING_SCHEME, pendingFileOf, pendingUri } from './pending-files'

/** Who typed this recently is left alone: the diff waits in the tree and on the card. */
const TYPING_PAUSE_MS = 1_500

const SAVE_AFTER_MS = 150

/** Shows proposals as native diffs: a lens per hunk, findings as diagnostics; opens beside, never takes the focus. */
export class DiffReview implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #proposals: Proposals
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('kode')
  readonly #lensesChanged = new vscode.EventEmitter<void>()
  readonly onDidChangeCodeLenses = this.#lensesChanged.event
  readonly #registrations: vscode.Disposable[]
  /** Where two images are shown side by side, by proposal. */
  readonly #viewers = new Map<string, vscode.Tab>()
  #lastTypedAt = 0
  #saving: NodeJS.Timeout | undefined

  constructor(proposals: Proposals) {
    this.#proposals = proposals
    this.#registrations = [
      this.#diagnostics,
      this.#lensesChanged,
      vscode.languages.registerCodeLensProvider({ scheme: PENDING_SCHEME }, this),
      vscode.workspace.onDidChangeTextDocument(event => {
        this.#noteTyping(event)
        this.#saveSoon(event.document)
      }),
      new vscode.Disposable(
        proposals.onChange(({ kind, proposal }) => {
          if (kind === 'added') void this.#showUnlessTyping(proposal)
          if (isGone(kind)) void this.#close(proposal)
          this.#showFindings(isGone(kind) ? { ...proposal, gates: undefined } : proposal)
          this.#lensesChanged.fire()
        }),
      ),
    ]
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const place = pendingFileOf(document.uri)
    if (!place) return []
    const hasLanded = this.#proposals.get(place.id)?.landedIn !== undefined
    return this.#proposals.hunks(place.id, place.path).flatMap(({ hunk, key, isAccepted, findings }) => {
      const line = Math.min(hunk.afterStart, Math.max(0, document.lineCount - 1))
      const range = new vscode.Range(line, 0, line, 0)
      const lens = (title: string, command: string) =>
        new vscode.CodeLens(range, { title, command, arguments: [document.uri, key] })
      const first = findings[0]
      return [
        isAccepted
          ? lens(vscode.l10n.t('$(check) Accepted'), '')
          : lens(hasLanded ? vscode.l10n.t('$(check) Keep') : vscode.l10n.t('$(check) Accept'), 'kode.acceptHunk'),
        lens(hasLanded ? vscode.l10n.t('$(discard) Revert') : vscode.l10n.t('$(close) Reject'), 'kode.rejectHunk'),
        ...(first ? [lens(`$(warning) ${first.message}`, 'workbench.actions.view.problems')] : []),
      ]
    })
  }

  /**
   * Opens the diff of one file, or of the first one that is undecided.
   *
   * @param line of the proposed text to look at, from 0
   */
  async show(id: string, path?: string, preserveFocus = true, line?: number): Promise<void> {
    const proposal = this.#proposals.get(id)
    const file = proposal?.files.find(each => (path ? each.path === path : each.decision === 'open'))
    if (!proposal || !file) return
    const [before, after] = [pendingUri(id, file.path, 'before'), pendingUri(id, file.path)]
    const options: vscode.TextDocumentShowOptions = {
      preview: false,
      preserveFocus,
      viewColumn: vscode.ViewColumn.Active,
      ...(line !== undefined && { selection: new vscode.Range(line, 0, line, 0) }),
    }
    const name = file.path.split('/').at(-1) ?? file.path
    const title = proposal.landedIn
      ? vscode.l10n.t('{0} (landed by kode)', name)
      : vscode.l10n.t('{0} (proposed by kode)', name)
    // A viewer of images has no picture to draw for a side where there is no file.
    if (file.binary && fateOf(file) !== 'modified') {
      await vscode.commands.executeCommand('vscode.open', file.binary.after ? after : before, options, title)
      return
    }
    await vscode.commands.executeCommand('vscode.diff', before, after, title, options)
    const { activeTab } = vscode.window.tabGroups.activeTabGroup
    if (activeTab?.input === undefined && activeTab?.label.includes(name)) this.#viewers.set(id, activeTab)
  }

  /**
   * Closes tabs of an earlier run of the editor whose changes were decided since.
   *
   * @param undecided ids of those that may yet come back
   */
  async closeDecided(undecided: ReadonlySet<string>): Promise<void> {
    await this.#closeTabs(tab => {
      const id = shownIn(tab)
      return id !== undefined && !this.#proposals.get(id) && !undecided.has(id)
    })
  }

  /**
   * Saves what the user typed into a proposal, so that it holds what is on the screen. The editor itself knows best
   * what is not saved: `isDirty` is false for a while when a save ends while somebody types.
   */
  async saveEdits(id: string): Promise<void> {
    if (this.#proposals.get(id)?.landedIn) return
    for (const document of vscode.workspace.textDocuments) {
      const place = document.uri.scheme === PENDING_SCHEME ? pendingFileOf(document.uri) : undefined
      if (place?.id !== id || (await document.save())) continue
      // It says false also where another save was faster.
      if (this.#proposals.file(id, place.path)?.after === document.getText()) continue
      throw new Error(vscode.l10n.t('{0} could not be saved as you typed it.', place.path))
    }
  }

  dispose(): void {
    clearTimeout(this.#saving)
    vscode.Disposable.from(...this.#registrations).dispose()
  }

  async #showUnlessTyping(proposal: Proposal): Promise<void> {
    if (Date.now() - this.#lastTypedAt > TYPING_PAUSE_MS) await this.show(proposal.id)
  }

  async #close({ id }: Proposal): Promise<void> {
    await this.#closeTabs(tab => shownIn(tab) === id || tab === this.#viewers.get(id))
    this.#viewers.delete(id)
  }

  async #closeTabs(isMeant: (tab: vscode.Tab) => boolean): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap(group => group.tabs)
    await vscode.window.tabGroups.close(tabs.filter(isMeant), true)
  }

  #noteTyping(event: vscode.TextDocumentChangeEvent): void {
    const isActive = event.document === vscode.window.activeTextEditor?.document
    // A file that was read again from the disk changes too, and nobody typed it.
    const isOwnTyping = isActive && event.contentChanges.length > 0 && event.document.isDirty
    if (isOwnTyping && event.document.uri.scheme !== PENDING_SCHEME) this.#lastTypedAt = Date.now()
  }

  /** A proposal is a draft: what is typed into it counts without a save, so that its verdict follows the typing. */
  #saveSoon(document: vscode.TextDocument): void {
    if (document.uri.scheme !== PENDING_SCHEME || !document.isDirty) return
    clearTimeout(this.#saving)
    this.#saving = setTimeout(() => void document.save(), SAVE_AFTER_MS)
  }

  /** What landed is no proposal any more: its findings stand at its hunks, and not among the problems. */
  #showFindings(proposal: Proposal): void {
    if (proposal.landedIn) return
    for (const file of proposal.files) {
      const findings = (proposal.gates?.results ?? [])
        .flatMap(result => result.findings)
        .filter(finding => finding.file === file.path)
      this.#diagnostics.set(pendingUri(proposal.id, file.path), findings.map(diagnosticOf))
    }
  }
}

/** The proposal that a tab shows; undefined for two images side by side, of which the editor tells nothing. */
function shownIn({ input }: vscode.Tab): string | undefined {
  if (input instanceof vscode.TabInputTextDiff) return pendingFileOf(input.modified)?.id
  const isOne = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom
  return isOne ? pendingFileOf(input.uri)?.id : undefined
}
