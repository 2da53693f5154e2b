import * as vscode from 'vscode'
import { nodeFiles } from '#shared/host/node/files'
import type { Kode } from '#shared/kode'
import { Conversation } from './conversation'
import { Approvals } from './host/approvals'
import { Keys } from './host/secrets'
import { readSettings } from './host/settings'
import { registerTools } from './language-model-tools'
import { Mentions } from './mentions'
import { askForKey, chooseModel, chooseProvider, chooseSession, EDITOR_COMMANDS } from './palette'
import { PendingStore } from './pending-store'
import { Proposals } from './proposals'
import { ReviewDesk } from './review-desk'
import { transcriptText } from './transcript-text'
import { ChangesTree } from './views/changes-tree'
import { ChatView } from './views/chat-view'
import { DiffReview } from './views/diff-review'
import { EditorActions, fixPrompt } from './views/editor-actions'
import { PENDING_SCHEME, PendingFiles, pendingFileOf } from './views/pending-files'
import { QuickFixes } from './views/quick-fixes'
import { StatusBar } from './views/status-bar'
import { TextDocuments } from './views/text-documents'

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
  const mentions = new Mentions()
  const statusBar = new StatusBar()
  const texts = new TextDocuments()

  const openKode = async (root: string): Promise<Kode> => {
    const [{ createKode }, { vscodeHost }, settings] = await Promise.all([
      import('#shared/kode'),
      import('./host/vscode-host'),
      readSettings(keys),
    ])
    const kode = await createKode(vscodeHost(approvals, channel), {
      root,
      settings,
      env: process.env,
      version: String(context.extension.packageJSON.version),
      isInteractive: true,
    })
    if (!kode.ok) throw new Error(kode.error.message)
    return kode.value
  }

  const conversation = new Conversation(openKode, {
    project: vscode.workspace.workspaceFolders?.[0]?.name ?? '',
    missing: whatIsMissing(),
    commands: EDITOR_COMMANDS,
    words: wordsOf(vscode.l10n.bundle),
  })
  const desk = new ReviewDesk(
    proposals,
    id => approvals.isAwaited(id),
    () => conversation.kode(),
    text => channel.error(text),
  )
  const showStatus = () => statusBar.show(conversation.state, proposals.all.length)

  /** The card in the chat tells what would land now, not what was proposed first. */
  const showEdited = (id: string) => {
    const request = approvals.currentRequest(id)
    if (request) conversation.askAgain(request)
  }

  const slashCommands: Record<string, (argument: string) => unknown> = {
    new: () => conversation.startNew(),
    model: async () => {
      const kode = await conversation.kode().catch(() => undefined)
      if (await chooseModel(conversation.state.model, kode)) await conversation.restart()
    },
    provider: async () => (await chooseProvider()) && conversation.restart(),
    key: async () => (await askForKey(keys)) && conversation.restart(),
    mode: argument => {
      const mode = (['plan', 'safe', 'auto'] as const).find(each => each === argument)
      if (!mode) throw new Error('Say which: /mode plan, /mode safe or /mode auto.')
      conversation.setMode(mode)
    },
    sessions: () => chooseSession(conversation),
    review: () => vscode.commands.executeCommand('kode.changes.focus'),
    transcript: () => texts.show('transcript.md', transcriptText(conversation.state), 'markdown'),
    settings: () => vscode.commands.executeCommand('workbench.action.openSettings', '@ext:kode.kode'),
    log: () => channel.show(true),
    'open-folder': () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
    trust: () => vscode.commands.executeCommand('workbench.trust.manage'),
  }

  const chat = new ChatView(context.extensionUri, conversation, {
    prompt: ({ parts, lane }) => conversation.prompt(parts, lane),
    stop: () => conversation.stop(),
    unqueue: ({ id }) => conversation.removeQueued(id),
    answer: async ({ id, answer }) => {
      await review.saveEdits(id)
      const refusal = answer.kind === 'reject' ? undefined : await desk.refusalOf(id)
      if (refusal) throw new Error(refusal)
      approvals.answer(id, answer)
    },
    answer_question: ({ id, text }) => approvals.answerQuestion(id, text),
    set_mode: ({ mode }) => conversation.setMode(mode),
    set_model: () => slashCommands.model?.(''),
    review: ({ id, path }) => review.show(id, path, false),
    open_file: ({ path, line }) => openFile(path, line),
    open_text: ({ title, text, language }) => texts.show(title, text, language),
    copy: async ({ text }) => {
      await vscode.env.clipboard.writeText(text)
    },
    insert: ({ text }) => insertAtCursor(text),
    history: async () => (await conversation.kode()).inputHistory(),
    mentions: ({ query }) => mentions.find(query),
    commands: async () => {
      const shelf = await (await conversation.kode()).chatCommands()
      return [
        ...EDITOR_COMMANDS,
        ...shelf.map(({ name, summary }) => ({ name, description: summary, needsIdle: true })),
      ]
    },
    command: async ({ name, argument }) => {
      const own = slashCommands[name]
      if (own) await own(argument)
      else {
        const words = argument.split(/\s+/).filter(word => word !== '')
        const text = await (await conversation.kode()).runCommand(name, words, new AbortController().signal)
        conversation.tell('info', text)
      }
    },
  })

  /** The proposed file a command means: the one of its argument, or the one in the active editor. */
  const place = (uri?: vscode.Uri) =>
    pendingFileOf(uri ?? vscode.window.activeTextEditor?.document.uri ?? vscode.Uri.parse('none:'))

  /** A command about one proposed file; what was typed into it is saved first. */
  const onFile = (act: (id: string, path: string) => unknown) => async (target?: unknown) => {
    const file = place(target instanceof vscode.Uri ? target : changesTree.uriOf(target))
    if (!file) return
    await review.saveEdits(file.id)
    await act(file.id, file.path)
  }
  const onHunk = (act: (id: string, path: string, key: string) => unknown) => async (uri: vscode.Uri, key: string) => {
    const file = place(uri)
    if (!file) return
    await review.saveEdits(file.id)
    await act(file.id, file.path, key)
  }
  /** What a gate refuses is not accepted, whoever wrote it. */
  const unlessRefused = async (id: string, accept: () => void) => {
    const refusal = await desk.refusalOf(id)
    if (refusal) void vscode.window.showWarningMessage(refusal)
    else accept()
  }

  const commands: Record<string, (...args: never[]) => unknown> = {
    'kode.openChat': () => vscode.commands.executeCommand('kode.chat.focus'),
    'kode.newConversation': () => conversation.startNew(),
    'kode.openSession': () => chooseSession(conversation),
    'kode.stop': () => conversation.stop(),
    'kode.setKey': () => slashCommands.key?.(''),
    'kode.openTranscript': () => slashCommands.transcript?.(''),
    'kode.addSelection': () => addSelection(chat),
    'kode.explainSelection': () => addSelection(chat, vscode.l10n.t('Explain this code: ')),
    'kode.fixProblem': async (uri: vscode.Uri, diagnostic: vscode.Diagnostic) => {
      chat.compose(fixPrompt(await vscode.workspace.openTextDocument(uri), diagnostic))
      await vscode.commands.executeCommand('kode.chat.focus')
    },
    'kode.acceptChange': onFile((id, path) => unlessRefused(id, () => proposals.accept(id, path))),
    'kode.rejectChange': onFile((id, path) => proposals.reject(id, path)),
    'kode.reviewChange': onFile((id, path) => review.show(id, path, false)),
    'kode.acceptHunk': onHunk((id, path, key) => unlessRefused(id, () => proposals.acceptHunk(id, path, key))),
    'kode.rejectHunk': onHunk((id, path, key) => proposals.rejectHunk(id, path, key)),
    'kode.acceptAll': async () => {
      for (const { id } of proposals.all) {
        await review.saveEdits(id)
        await unlessRefused(id, () => proposals.acceptAll(id))
      }
    },
    'kode.rejectAll': () => {
      for (const { id } of proposals.all) proposals.rejectAll(id)
    },
  }

  context.subscriptions.push(
    // First, so that what waits when the window closes stays kept.
    new vscode.Disposable(store?.follow(proposals) ?? (() => undefined)),
    channel,
    conversation,
    review,
    texts,
    statusBar,
    changesTree,
    new QuickFixes(proposals),
    new EditorActions(),
    registerTools(() => conversation.kode()),
    vscode.workspace.registerFileSystemProvider(PENDING_SCHEME, new PendingFiles(proposals), { isCaseSensitive: true }),
    vscode.window.registerWebviewViewProvider('kode.chat', chat),
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run)),
    conversation.onEvent(showStatus),
    conversation.onReset(showStatus),
    new vscode.Disposable(
      proposals.onChange(({ kind, proposal }) => {
        showStatus()
        if (kind === 'changed') showEdited(proposal.id)
      }),
    ),
    vscode.workspace.onDidChangeConfiguration(event => {
      if (event.affectsConfiguration('kode') && !conversation.state.isRunning) void conversation.restart()
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => conversation.changeFacts({ missing: whatIsMissing() })),
    vscode.workspace.onDidGrantWorkspaceTrust(() => conversation.changeFacts({ missing: whatIsMissing() })),
  )
  showStatus()
  void restorePending(proposals, store)
  channel.info(`activated in ${(performance.now() - startedAt).toFixed(1)} ms`)
}

/** Comments of a bundle are for translators. */
function wordsOf(bundle: typeof vscode.l10n.bundle): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bundle ?? {}).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  )
}

/** Puts back what waited when the window was closed or killed; shows it where it was, opens nothing. */
async function restorePending(proposals: Proposals, store: PendingStore | undefined): Promise<void> {
  for (const proposal of (await store?.load()) ?? []) {
    if (!proposals.get(proposal.id)) proposals.restore(proposal)
  }
}

function whatIsMissing(): 'folder' | 'trust' | '' {
  if (!vscode.workspace.workspaceFolders?.length) return 'folder'
  return vscode.workspace.isTrusted ? '' : 'trust'
}

async function openFile(path: string, line?: number): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]
  if (!folder) return
  const uri = vscode.Uri.joinPath(folder.uri, path)
  const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0)
  await vscode.window.showTextDocument(uri, { preview: true, ...(line && { selection: new vscode.Range(at, at) }) })
}

async function insertAtCursor(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor
  if (!editor) throw new Error('Open a file and put the cursor where the code should go.')
  await editor.edit(edit => edit.replace(editor.selection, text))
}

/** @param intro stands before what is selected */
function addSelection(chat: ChatView, intro = ''): void {
  const editor = vscode.window.activeTextEditor
  if (!editor) return
  const path = vscode.workspace.asRelativePath(editor.document.uri, false)
  const { start, end } = editor.selection
  const code = editor.document.getText(editor.selection)
  chat.compose(
    `${intro}${path}:${start.line + 1}-${end.line + 1}\n\`\`\`${editor.document.languageId}\n${code}\n\`\`\`\n`,
  )
  void vscode.commands.executeCommand('kode.chat.focus')
}
