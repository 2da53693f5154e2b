import * as vscode from 'vscode'
import { nodeFiles } from '#shared/host/node/files'
import type { Kode } from '#shared/kode'
import type { PanelFacts } from '#shared/protocol/requests'
import { Conversation } from './conversation'
import { DiffWarmUp } from './diff-warm-up'
import { editorCommands, tellError } from './editor-commands'
import { EditorContext } from './editor-context'
import { ConversationFolder, pathIn } from './folders'
import { Approvals } from './host/approvals'
import { Keys } from './host/secrets'
import { isVerbose, readSettings, usesVim } from './host/settings'
import { UnsavedTexts } from './host/unsaved-texts'
import { settleInterrupted } from './interrupted'
import { lacksKey } from './lacks-key'
import { LandedReview } from './landed-review'
import { registerTools } from './language-model-tools'
import { LastConversation } from './last-conversation'
import { offerMcpServer } from './mcp-server'
import { Mentions } from './mentions'
import { EDITOR_COMMANDS } from './palette'
import { panelRequests } from './panel-requests'
import { registerParticipant } from './participant'
import type { Parts } from './parts'
import { PendingStore } from './pending-store'
import { Proposals } from './proposals'
import { restorePending } from './restore-pending'
import { ReviewDesk } from './review-desk'
import { slashCommands } from './slash-commands'
import { Attention } from './views/attention'
import { ChangesTree } from './views/changes-tree'
import { ChatView } from './views/chat-view'
import { DiffReview } from './views/diff-review'
import { EditorActions } from './views/editor-actions'
import { FileVerdicts } from './views/file-verdicts'
import { BEFORE_SCHEME, PENDING_SCHEME, PendingFiles } from './views/pending-files'
import { QuickFixes } from './views/quick-fixes'
import { StatusBar } from './views/status-bar'
import { TextDocuments } from './views/text-documents'
import { EDITOR_PROVIDER, EditorModels } from './vscode-lm'

/** Makes the views and ties them together; the core itself is loaded with the first prompt. */
export function activate(context: vscode.ExtensionContext): void {
  const startedAt = performance.now()
  const channel = vscode.window.createOutputChannel('kode', { log: true })
  const keys = new Keys(context.secrets)
  const proposals = new Proposals()
  const approvals = new Approvals(proposals)
  const review = new DiffReview(proposals)
  const store = context.storageUri && new PendingStore(context.storageUri.fsPath, nodeFiles())
  const changesTree = new ChangesTree(proposals)
  const folder = new ConversationFolder(context.workspaceState)
  const mentions = new Mentions(folder)
  const statusBar = new StatusBar()
  const texts = new TextDocuments()
  const verdicts = new FileVerdicts()
  const attention = new Attention()
  const warmUp = new DiffWarmUp()
  const unsaved = new UnsavedTexts()

  const openKode = async (root: string): Promise<Kode> => {
    const [{ createKode }, { vscodeHost }, settings] = await Promise.all([
      import('#shared/kode'),
      import('./host/vscode-host'),
      readSettings(keys),
    ])
    const kode = await createKode(vscodeHost(root, approvals, channel, unsaved), {
      root,
      settings: { ...settings, ...(conversation.facts.agent && { agent: conversation.facts.agent }) },
      ...(settings.provider === EDITOR_PROVIDER && { provider: new EditorModels() }),
      env: process.env,
      version: String(context.extension.packageJSON.version),
      isInteractive: true,
    })
    if (!kode.ok) throw new Error(kode.error.message)
    return kode.value
  }

  const last = new LastConversation(context.workspaceState)
  const lastOpen = last.get()
  const editorContext = new EditorContext(folder)
  const conversation = new Conversation(openKode, folder, last, {
    ...projectFacts(folder),
    commands: EDITOR_COMMANDS,
    hasVim: usesVim(),
    isVerbose: isVerbose(),
    agent: '',
    ...(lastOpen && { last: lastOpen }),
    words: wordsOf(vscode.l10n.bundle),
  })
  const desk = new ReviewDesk(
    proposals,
    id => approvals.isAwaited(id),
    root => conversation.kodeOf(root),
    async () => store?.settled(),
    text => channel.error(text),
  )
  const landed = new LandedReview(
    proposals,
    root => conversation.kodeOf(root),
    async ({ path, reason, diff }) => {
      const show = vscode.l10n.t('Show')
      const answer = await vscode.window.showWarningMessage(vscode.l10n.t('Kept {0}: {1}.', path, reason), show)
      if (answer === show) await texts.show(`${path}.diff`, diff, 'diff')
    },
  )
  const showStatus = () => statusBar.show(conversation.state, conversation.facts.model, proposals.all.length)

  /** Facts about the project, and then whether there is a key, which takes a look at the settings. */
  const noteProject = async () => {
    const facts = projectFacts(folder)
    conversation.changeFacts(facts)
    const root = folder.current?.uri.fsPath
    if (facts.missing !== '' || root === undefined) return
    if (await lacksKey(root, keys)) conversation.changeFacts({ missing: 'key' })
  }

  /** The card in the chat tells what would land now, not what was proposed first. */
  const showEdited = (id: string) => {
    const request = approvals.currentRequest(id)
    if (request) conversation.askAgain(request)
  }

  const parts: Parts = {
    conversation,
    folder,
    keys,
    proposals,
    approvals,
    review,
    desk,
    landed,
    changesTree,
    editorContext,
    mentions,
    texts,
    verdicts,
    channel,
    noteProject,
  }
  const slash = slashCommands(parts)
  const chat: ChatView = new ChatView(
    context.extensionUri,
    conversation,
    panelRequests(parts, slash, texts => chat.offer(texts)),
  )

  const pendingFiles = new PendingFiles(proposals, (proposal, path, side) => landed.bytesOf(proposal, path, side))
  context.subscriptions.push(
    // First, so that what waits when the window closes stays kept.
    new vscode.Disposable(store?.follow(proposals) ?? (() => undefined)),
    channel,
    editorContext,
    conversation,
    review,
    texts,
    statusBar,
    changesTree,
    new QuickFixes(proposals),
    new EditorActions(),
    verdicts,
    unsaved,
    registerTools(() => conversation.kode()),
    registerParticipant(
      () => conversation.kode(),
      uri => pathIn(folder.current, uri),
      text => conversation.prompt([{ type: 'text', text }], 'next'),
    ),
    offerMcpServer(context.extensionUri, String(context.extension.packageJSON.version), folder),
    ...[PENDING_SCHEME, BEFORE_SCHEME].map(scheme =>
      vscode.workspace.registerFileSystemProvider(scheme, pendingFiles, { isCaseSensitive: true }),
    ),
    vscode.window.registerWebviewViewProvider('kode.chat', {
      resolveWebviewView(view) {
        chat.resolveWebviewView(view)
        void noteProject()
      },
    }),
    ...Object.entries(editorCommands(parts, chat, slash)).map(([name, run]) =>
      vscode.commands.registerCommand(name, run),
    ),
    conversation.onEvent(showStatus),
    conversation.onEvent(event => {
      attention.observe(event)
      warmUp.observe(event, folder.current)
      landed.observe(event, folder.current?.uri.fsPath ?? '')
      if (event.type === 'tool_result') proposals.endLanding(event.message.call_id)
    }),
    conversation.onReset(showStatus),
    conversation.onFacts(showStatus),
    new vscode.Disposable(
      proposals.onChange(({ kind, proposal }) => {
        showStatus()
        if (kind === 'changed') showEdited(proposal.id)
      }),
    ),
    vscode.workspace.onDidChangeConfiguration(event => {
      if (event.affectsConfiguration('kode.input')) conversation.changeFacts({ hasVim: usesVim() })
      else if (event.affectsConfiguration('kode.chat')) conversation.changeFacts({ isVerbose: isVerbose() })
      else if (event.affectsConfiguration('kode')) void conversation.refresh().then(noteProject)
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(noteProject),
    vscode.workspace.onDidGrantWorkspaceTrust(noteProject),
  )
  showStatus()
  restorePending(
    proposals,
    store,
    interrupted => review.closeDecided(interrupted),
    proposal => settleInterrupted(proposal, root => conversation.kodeOf(root)),
  ).catch(tellError)
  channel.info(`activated in ${(performance.now() - startedAt).toFixed(1)} ms`)
}

/** Comments of a bundle are for translators. */
function wordsOf(bundle: typeof vscode.l10n.bundle): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bundle ?? {}).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  )
}

function projectFacts(folder: ConversationFolder): Pick<PanelFacts, 'project' | 'hasFolders' | 'missing'> {
  const project = folder.current?.name ?? ''
  const hasFolders = (vscode.workspace.workspaceFolders?.length ?? 0) > 1
  if (!project) return { project, hasFolders, missing: 'folder' }
  return { project, hasFolders, missing: vscode.workspace.isTrusted ? '' : 'trust' }
}
