import { isAbsolute } from 'node:path'
import * as vscode from 'vscode'
import { nodeFiles } from '#shared/host/node/files'
import type { Kode } from '#shared/kode'
import { mentionText, type PanelFacts } from '#shared/protocol/requests'
import { runChatCommand } from './chat-commands'
import { Conversation } from './conversation'
import { EditorContext } from './editor-context'
import { ConversationFolder, mentionOf, pathIn } from './folders'
import { Approvals } from './host/approvals'
import { Keys } from './host/secrets'
import { isVerbose, readSettings, usesVim } from './host/settings'
import { settleInterrupted } from './interrupted'
import { lacksKey } from './lacks-key'
import { LandedReview } from './landed-review'
import { messageOf } from './landing'
import { registerTools } from './language-model-tools'
import { LanguageWarmUp } from './language-warm-up'
import { LastConversation } from './last-conversation'
import { offerMcpServer } from './mcp-server'
import { Mentions } from './mentions'
import {
  askForKey,
  chooseAgent,
  chooseModel,
  chooseOutput,
  chooseProvider,
  chooseSession,
  EDITOR_COMMANDS,
  keyHelp,
} from './palette'
import { registerParticipant } from './participant'
import { PendingStore } from './pending-store'
import { type Proposal, Proposals } from './proposals'
import { ReviewDesk } from './review-desk'
import { transcriptText } from './transcript-text'
import { Attention } from './views/attention'
import { ChangesTree } from './views/changes-tree'
import { ChatView } from './views/chat-view'
import { DiffReview } from './views/diff-review'
import { EditorActions, fixPrompt } from './views/editor-actions'
import { FileVerdicts } from './views/file-verdicts'
import { PENDING_SCHEME, PendingFiles, pendingFileOf } from './views/pending-files'
import { QuickFixes } from './views/quick-fixes'
import { StatusBar } from './views/status-bar'
import { TextDocuments } from './views/text-documents'
import { EDITOR_PROVIDER, EditorModels } from './vscode-lm'

/** kode itself, as the core names it. */
const DEFAULT_AGENT = 'default'

/** How long the menu of commands waits for the prompts of MCP servers. */
const PROMPTS_WAIT_MS = 2_000

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
  const languages = new LanguageWarmUp()

  /** Who answers in this window. */
  let agent = DEFAULT_AGENT
  const openKode = async (root: string): Promise<Kode> => {
    const [{ createKode }, { vscodeHost }, settings] = await Promise.all([
      import('#shared/kode'),
      import('./host/vscode-host'),
      readSettings(keys),
    ])
    const kode = await createKode(vscodeHost(root, approvals, channel), {
      root,
      settings: { ...settings, ...(agent !== DEFAULT_AGENT && { agent }) },
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
    model: '',
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

  const slashCommands: Record<string, (argument: string) => unknown> = {
    new: () => conversation.startNew(),
    model: async () => {
      const kode = await conversation.kode().catch(() => undefined)
      if (await chooseModel(conversation.state.model, kode)) await conversation.refresh()
    },
    provider: async () => (await chooseProvider()) && conversation.refresh(),
    key: async () => {
      if (!(await askForKey(keys))) return
      await conversation.refresh()
      await noteProject()
    },
    setup: async () => (await chooseProvider()) && slashCommands.key?.(''),
    agent: async argument => {
      const wanted = argument.trim() || (await chooseAgent(await conversation.kode(), agent))
      if (wanted === undefined || wanted === agent) return
      const before = agent
      agent = wanted
      try {
        await conversation.restart()
        await conversation.session()
      } catch (error) {
        agent = before
        throw error
      }
      conversation.changeFacts({ agent: agent === DEFAULT_AGENT ? '' : agent })
    },
    verbose: argument => {
      const wanted = { on: true, off: false, '': !conversation.facts.isVerbose }[argument.trim()]
      if (wanted === undefined) throw new Error(vscode.l10n.t('Say which: /verbose on or /verbose off.'))
      // For this window, as /vim.
      conversation.changeFacts({ isVerbose: wanted })
    },
    mode: argument => {
      const mode = (['plan', 'safe', 'auto'] as const).find(each => each === argument)
      if (!mode) throw new Error(vscode.l10n.t('Say which: /mode plan, /mode safe or /mode auto.'))
      conversation.setMode(mode)
    },
    folder: async () => {
      if (!(await folder.choose())) return
      await conversation.startNew()
      await noteProject()
    },
    sessions: () => chooseSession(conversation),
    review: () => vscode.commands.executeCommand('kode.changes.focus'),
    // For this window; the setting is what a new one begins with.
    vim: () => conversation.changeFacts({ hasVim: !conversation.facts.hasVim }),
    help: () => conversation.tell('info', keyHelp()),
    transcript: () => texts.show('transcript.md', transcriptText(conversation.state), 'markdown'),
    settings: () => vscode.commands.executeCommand('workbench.action.openSettings', '@ext:kode.kode'),
    log: () => channel.show(true),
    'open-folder': () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
    trust: () => vscode.commands.executeCommand('workbench.trust.manage'),
  }

  const chat: ChatView = new ChatView(context.extensionUri, conversation, {
    prompt: async ({ parts, lane }) => {
      const [words] = parts
      const found = words?.type === 'text' ? await editorContext.partsFor(words.text) : []
      if (parts.some(part => part.type === 'image')) await warnOfBlindModel(conversation)
      await conversation.prompt([...parts, ...found.map(text => ({ type: 'text' as const, text }))], lane)
    },
    stop: () => chat.offer(conversation.stop()),
    clear_queue: () => chat.offer(conversation.clearQueue()),
    move_queued: ({ id, by }) => conversation.moveQueued(id, by),
    unqueue: ({ id }) => conversation.removeQueued(id),
    answer: async ({ id, answer }) => {
      await review.saveEdits(id)
      const refusal = answer.kind === 'reject' ? undefined : await desk.refusalOf(id)
      if (refusal) throw new Error(refusal)
      approvals.answer(id, answer)
    },
    answer_question: ({ id, text }) => approvals.answerQuestion(id, text),
    undo_turn: ({ id }) => conversation.undoTurn(id),
    review_turn: async ({ id }) => {
      const first = await landed.open(id, folder.current?.uri.fsPath ?? '')
      if (first === undefined) throw new Error(vscode.l10n.t('Nothing of this turn is left to review.'))
      await review.show(first, undefined, false)
      await vscode.commands.executeCommand('kode.changes.focus')
    },
    cancel_task: ({ id }) => conversation.cancelTask(id),
    show_task: ({ id }) => texts.follow(`${id}.md`, () => conversation.taskTranscript(id), 'markdown'),
    set_mode: ({ mode }) => conversation.setMode(mode),
    set_model: () => slashCommands.model?.(''),
    review: ({ id, path }) => review.show(id, path, false),
    open_file: ({ path, line }) => openFile(folder, path, line),
    open_text: ({ title, text, language }) => texts.show(title, text, language),
    copy: async ({ text }) => {
      await vscode.env.clipboard.writeText(text)
    },
    insert: ({ text }) => insertAtCursor(text),
    history: async () => (await conversation.kode()).sessions.inputs(),
    mentions_of: ({ uris }) =>
      mentionsOf(
        folder,
        uris.map(uri => vscode.Uri.parse(uri)),
      ),
    mentions: async ({ query }) => [...(await editorContext.find(query)), ...(await mentions.find(query))],
    fork: ({ id }) => conversation.fork(id),
    resume: ({ id }) => conversation.resume(id),
    apply: ({ text }) => applyToEditor(text, folder, proposals),
    commands: async () => {
      const kode = await conversation.kode()
      // The menu does not wait for a server that starts slowly.
      const inTime = new Promise<[]>(resolve => setTimeout(() => resolve([]), PROMPTS_WAIT_MS))
      const [{ CHAT_COMMANDS }, shelf, prompts] = await Promise.all([
        import('#shared/commands/chat/registry'),
        kode.chatCommands(),
        Promise.race([kode.serverPrompts(), inTime]),
      ])
      return [
        ...EDITOR_COMMANDS,
        ...CHAT_COMMANDS.map(({ name, summary, needsIdle }) => ({ name, description: summary, needsIdle })),
        ...shelf.map(({ name, summary }) => ({ name, description: summary, needsIdle: true })),
        ...prompts.map(({ name, summary }) => ({ name, description: summary, needsIdle: false })),
      ]
    },
    command: async ({ name, argument }) => {
      const own = slashCommands[name]
      if (own) await own(argument)
      // A prompt of an MCP server has `__` in its name.
      else if (name.includes('__')) {
        await conversation.prompt([{ type: 'text', text: `/${name} ${argument}` }], 'next')
      } else {
        const answer = await runChatCommand(`/${name} ${argument}`, conversation)
        if (answer && 'prompt' in answer) return conversation.prompt(answer.prompt, 'next')
        const words = argument.split(/\s+/).filter(word => word !== '')
        const kode = await conversation.kode()
        conversation.tell('info', answer?.text ?? (await kode.runCommand(name, words, new AbortController().signal)))
      }
    },
  })

  /** The proposed file a command means: the one of its argument, or the one in the active editor. */
  const place = (uri?: vscode.Uri) =>
    pendingFileOf(uri ?? vscode.window.activeTextEditor?.document.uri ?? vscode.Uri.parse('none:'))

  /** A command about one proposed file; what was typed into it is saved first. */
  const onFile = (act: (id: string, path: string, line?: number) => unknown) => {
    return async (target?: unknown, line?: unknown) => {
      const file = place(target instanceof vscode.Uri ? target : changesTree.placeOf(target)?.uri)
      if (!file) return
      await review.saveEdits(file.id)
      await act(file.id, file.path, typeof line === 'number' ? line : undefined)
    }
  }
  /** Of a lens, which names place and hunk, or of a row of the tree. */
  const onHunk = (act: (id: string, path: string, key: string) => unknown) => {
    return async (target: unknown, lensKey?: unknown) => {
      const row = changesTree.placeOf(target)
      const key = row ? row.key : lensKey
      const file = place(target instanceof vscode.Uri ? target : row?.uri)
      if (!file || typeof key !== 'string') return
      await review.saveEdits(file.id)
      await act(file.id, file.path, key)
    }
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
    'kode.commitMessage': async (source?: { rootUri?: vscode.Uri }) => {
      const kode = await conversation.kode()
      const { writeCommitMessage } = await import('./commit-message')
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.SourceControl, title: vscode.l10n.t('Writing the commit message') },
        (_, cancellation) => writeCommitMessage(kode, source?.rootUri, cancellation).catch(tellError),
      )
    },
    'kode.chooseFolder': () => slashCommands.folder?.(''),
    'kode.openSession': () => chooseSession(conversation),
    'kode.stop': () => chat.offer(conversation.stop()),
    'kode.showOutput': async () =>
      chooseOutput(await conversation.session(), (title, text) => texts.show(title, text)).catch(tellError),
    'kode.setKey': () => slashCommands.key?.(''),
    'kode.openTranscript': () => slashCommands.transcript?.(''),
    'kode.addFile': (uri?: vscode.Uri, others?: vscode.Uri[]) => {
      const one = uri ?? vscode.window.activeTextEditor?.document.uri
      return addMentions(chat, folder, others?.length ? others : one ? [one] : [])
    },
    'kode.addOpenEditors': () => {
      const inputs = vscode.window.tabGroups.all.flatMap(group => group.tabs.map(tab => tab.input))
      const open = inputs.flatMap(input => (input instanceof vscode.TabInputText ? [input.uri] : []))
      return addMentions(chat, folder, open)
    },
    'kode.addSelection': () => addSelection(chat, folder),
    'kode.explainSelection': () => addSelection(chat, folder, vscode.l10n.t('Explain this code: ')),
    'kode.fixProblem': async (uri: vscode.Uri, diagnostic: vscode.Diagnostic) => {
      chat.compose(fixPrompt(await vscode.workspace.openTextDocument(uri), pathIn(folder.current, uri), diagnostic))
      await vscode.commands.executeCommand('kode.chat.focus')
    },
    'kode.verifyFile': async (uri: vscode.Uri | undefined = vscode.window.activeTextEditor?.document.uri) => {
      if (!uri) return
      const document = await vscode.workspace.openTextDocument(uri)
      await verdicts.verify(document, pathIn(folder.current, uri), await conversation.kode()).catch(tellError)
    },
    'kode.acceptChange': onFile((id, path) => unlessRefused(id, () => proposals.accept(id, path))),
    'kode.rejectChange': onFile((id, path) => proposals.reject(id, path)),
    'kode.reviewChange': onFile((id, path, line) => review.show(id, path, false, line)),
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
    editorContext,
    conversation,
    review,
    texts,
    statusBar,
    changesTree,
    new QuickFixes(proposals),
    new EditorActions(),
    verdicts,
    registerTools(() => conversation.kode()),
    registerParticipant(
      () => conversation.kode(),
      uri => pathIn(folder.current, uri),
      text => conversation.prompt([{ type: 'text', text }], 'next'),
    ),
    offerMcpServer(context.extensionUri, String(context.extension.packageJSON.version), folder),
    vscode.workspace.registerFileSystemProvider(PENDING_SCHEME, new PendingFiles(proposals), { isCaseSensitive: true }),
    vscode.window.registerWebviewViewProvider('kode.chat', {
      resolveWebviewView(view) {
        chat.resolveWebviewView(view)
        void noteProject()
      },
    }),
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run)),
    conversation.onEvent(showStatus),
    conversation.onEvent(event => {
      attention.observe(event)
      languages.observe(event, folder.current?.uri)
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
  restorePending(proposals, store, root => conversation.kodeOf(root)).catch(tellError)
  channel.info(`activated in ${(performance.now() - startedAt).toFixed(1)} ms`)
}

/** Comments of a bundle are for translators. */
function wordsOf(bundle: typeof vscode.l10n.bundle): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bundle ?? {}).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  )
}

function tellError(error: unknown): void {
  void vscode.window.showErrorMessage(messageOf(error))
}

/** Puts back what waited when the window was closed or killed; shows it where it was, opens nothing. */
async function restorePending(
  proposals: Proposals,
  store: PendingStore | undefined,
  kodeOf: (root: string) => Promise<Kode>,
): Promise<void> {
  const kept = (await store?.load()) ?? []
  const isOpen = ({ files, landedIn }: Proposal) => landedIn || files.some(file => file.decision === 'open')
  for (const proposal of kept.filter(isOpen)) proposals.restore(proposal)
  for (const proposal of kept.filter(proposal => !isOpen(proposal))) {
    const outcome = await settleInterrupted(proposal, kodeOf)
    proposals.restore(proposal)
    if (outcome === 'landed') proposals.remove(proposal.id)
    else proposals.reopen(proposal.id)
    if (outcome === 'finish') proposals.acceptAll(proposal.id)
  }
}

function projectFacts(folder: ConversationFolder): Pick<PanelFacts, 'project' | 'hasFolders' | 'missing'> {
  const project = folder.current?.name ?? ''
  const hasFolders = (vscode.workspace.workspaceFolders?.length ?? 0) > 1
  if (!project) return { project, hasFolders, missing: 'folder' }
  return { project, hasFolders, missing: vscode.workspace.isTrusted ? '' : 'trust' }
}

async function openFile(folder: ConversationFolder, path: string, line?: number): Promise<void> {
  const root = folder.current?.uri
  if (!root) return
  const uri = isAbsolute(path) ? root.with({ path }) : vscode.Uri.joinPath(root, path)
  const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0)
  await vscode.window.showTextDocument(uri, { preview: true, ...(line && { selection: new vscode.Range(at, at) }) })
}

async function insertAtCursor(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor
  if (!editor) throw new Error(vscode.l10n.t('Open a file and put the cursor where the code should go.'))
  await editor.edit(edit => edit.replace(editor.selection, text))
}

/** Code of an answer takes the place of the selection, as a change that is checked and waits for review. */
async function applyToEditor(code: string, folder: ConversationFolder, proposals: Proposals): Promise<void> {
  const editor = vscode.window.activeTextEditor
  const root = folder.current
  const path = editor && pathIn(root, editor.document.uri)
  if (!editor || !root || !path || isAbsolute(path) || editor.document.uri.scheme !== root.uri.scheme) {
    throw new Error(vscode.l10n.t('Open the file that the code belongs to, and select what it replaces.'))
  }
  const { document, selection } = editor
  const before = document.getText()
  const [start, end] = [document.offsetAt(selection.start), document.offsetAt(selection.end)]
  // A whole line stays a whole line.
  const text = selection.end.character === 0 ? code : code.replace(/\n$/, '')
  const after = before.slice(0, start) + text + before.slice(end)
  proposals.add({ id: crypto.randomUUID(), title: path, files: [{ path, before, after }] }, root.uri.fsPath)
}

/** What can be mentioned of these, each once. */
function mentionsOf(folder: ConversationFolder, uris: readonly vscode.Uri[]): string[] {
  const paths = uris.map(uri => mentionOf(folder.current, uri)).filter(path => path !== undefined)
  return [...new Set(paths)]
}

/** Files of the project as mentions in the composer. */
async function addMentions(chat: ChatView, folder: ConversationFolder, uris: readonly vscode.Uri[]): Promise<void> {
  const paths = mentionsOf(folder, uris)
  if (paths.length === 0) return
  chat.compose(`${paths.map(mentionText).join(' ')} `)
  await vscode.commands.executeCommand('kode.chat.focus')
}

/** Known models only: what is not known may well take them. */
async function warnOfBlindModel(conversation: Conversation): Promise<void> {
  const { factsOf } = await import('#shared/config/model-catalog')
  const model = conversation.facts.model || conversation.state.model
  if (factsOf(model).takesImages !== false) return
  conversation.tell(
    'warning',
    vscode.l10n.t('{0} does not take images; choose another model to have them seen.', model),
  )
}

/** @param intro stands before what is selected */
function addSelection(chat: ChatView, folder: ConversationFolder, intro = ''): void {
  const editor = vscode.window.activeTextEditor
  if (!editor) return
  const path = pathIn(folder.current, editor.document.uri)
  const { start, end } = editor.selection
  const code = editor.document.getText(editor.selection)
  chat.compose(
    `${intro}${path}:${start.line + 1}-${end.line + 1}\n\`\`\`${editor.document.languageId}\n${code}\n\`\`\`\n`,
  )
  void vscode.commands.executeCommand('kode.chat.focus')
}
