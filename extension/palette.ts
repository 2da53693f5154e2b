import * as vscode from 'vscode'
import type { ModelFacts } from '#shared/config/model-catalog'
import type { Kode, Session } from '#shared/kode'
import type { SlashCommand } from '#shared/protocol/requests'
import type { Conversation } from './conversation'
import { titleOf } from './history'
import type { Keys } from './host/secrets'
import { DEFAULT_PROVIDER } from './host/settings'
import { EDITOR_PROVIDER, idOf } from './vscode-lm'

const PROVIDERS = ['openai', 'anthropic', 'gemini', 'openrouter', 'ollama', 'lmstudio', EDITOR_PROVIDER]

/** Slash commands of the editor's side. */
export const EDITOR_COMMANDS: SlashCommand[] = [
  { name: 'new', description: vscode.l10n.t('Begin a new conversation'), needsIdle: true },
  { name: 'sessions', description: vscode.l10n.t('Open an earlier conversation'), needsIdle: true },
  { name: 'model', description: vscode.l10n.t('Choose the model'), needsIdle: true },
  { name: 'provider', description: vscode.l10n.t('Choose the provider'), needsIdle: true },
  { name: 'key', description: vscode.l10n.t('Set the key of the provider'), needsIdle: true },
  { name: 'folder', description: vscode.l10n.t('Choose the folder to work in'), needsIdle: true },
  { name: 'mode', description: vscode.l10n.t('Switch the trust mode: plan, safe or auto'), needsIdle: false },
  { name: 'review', description: vscode.l10n.t('Show the changes that wait'), needsIdle: false },
  { name: 'transcript', description: vscode.l10n.t('Open the conversation as text'), needsIdle: false },
  { name: 'verbose', description: vscode.l10n.t('Show the output of calls as it comes: on or off'), needsIdle: false },
  { name: 'agent', description: vscode.l10n.t('Let another agent answer from now on'), needsIdle: true },
  { name: 'setup', description: vscode.l10n.t('Choose the provider and give its key'), needsIdle: true },
  { name: 'vim', description: vscode.l10n.t('Turn modal editing of the prompt on or off'), needsIdle: false },
  { name: 'help', description: vscode.l10n.t('Tell the keys of the chat'), needsIdle: false },
  { name: 'settings', description: vscode.l10n.t('Open the settings of kode'), needsIdle: false },
  { name: 'log', description: vscode.l10n.t('Show the log of kode'), needsIdle: false },
]

/** The keys of the chat, one a line. */
export function keyHelp(): string {
  return [
    vscode.l10n.t('Enter: send; while kode works: steer it'),
    vscode.l10n.t('Alt+Enter or Ctrl+J: queue for the next turn'),
    vscode.l10n.t('Shift+Enter: a new line'),
    vscode.l10n.t('Esc: stop the turn'),
    vscode.l10n.t('Shift+Tab: switch between safe and auto'),
    vscode.l10n.t('Up, Ctrl+R: earlier prompts; while messages wait, Up takes the last one back'),
    vscode.l10n.t('Ctrl+U: drop the messages that wait'),
    vscode.l10n.t('/ commands · @ files, folders, #symbols, problems, selection, terminal, diff'),
    vscode.l10n.t('In a question: y approve, n reject, f say why, a always, r remember a rule'),
  ].join('\n')
}

/** Asks for the key of the provider in use, and keeps it in the secret storage. */
export async function askForKey(keys: Keys): Promise<boolean> {
  const provider = vscode.workspace.getConfiguration('kode').get<string>('provider') || DEFAULT_PROVIDER
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('Key for {0}', provider),
    prompt: vscode.l10n.t('Kept in the secret storage of the editor, never in a file. Empty removes it.'),
    password: true,
    ignoreFocusOut: true,
  })
  if (key === undefined) return false
  if (key.trim() === '') await keys.delete(provider)
  else await keys.set(provider, key.trim())
  return true
}

/** Lets the user choose a provider; written to the user's settings on this choice alone. */
export async function chooseProvider(): Promise<boolean> {
  const chosen = await vscode.window.showQuickPick(PROVIDERS, { title: vscode.l10n.t('Provider') })
  if (!chosen) return false
  await vscode.workspace.getConfiguration('kode').update('provider', chosen, vscode.ConfigurationTarget.Global)
  return true
}

/**
 * Lets the user choose a model, with its window and price, or type a name.
 *
 * @param kode undefined where it cannot start yet, such as without a key; then names are typed
 */
export async function chooseModel(current: string, kode: Kode | undefined): Promise<boolean> {
  const { factsOf } = await import('#shared/config/model-catalog')
  const aliases = Object.entries((await kode?.shelf.modelAliases()) ?? {}).map(([alias, { model, provider }]) => ({
    label: alias,
    description: model,
    detail: `${provider} · ${factsText(factsOf(model))}`,
  }))
  const usesEditor = vscode.workspace.getConfiguration('kode').get<string>('provider') === EDITOR_PROVIDER
  const known = usesEditor ? await editorModels() : aliases
  const inUse = current
    ? [{ label: current, description: vscode.l10n.t('in use'), detail: factsText(factsOf(current)) }]
    : []
  const pick = vscode.window.createQuickPick()
  pick.title = vscode.l10n.t('Model')
  pick.placeholder = vscode.l10n.t('Choose one, or type a name as the provider calls it')
  pick.matchOnDescription = true
  const rows = [...inUse, ...known]
  pick.items = rows
  // What is typed is a choice too: no list knows every model.
  pick.onDidChangeValue(value => {
    const typed = value.trim()
    const isListed = typed === '' || rows.some(row => row.label === typed)
    pick.items = isListed ? rows : [...rows, { label: typed, detail: factsText(factsOf(typed)), alwaysShow: true }]
  })
  const model = await choiceOf(pick)
  if (!model) return false
  await vscode.workspace.getConfiguration('kode').update('model', model.label, vscode.ConfigurationTarget.Global)
  return true
}

/** Models that the editor itself offers. */
async function editorModels(): Promise<vscode.QuickPickItem[]> {
  const models = await vscode.lm.selectChatModels()
  return models.map(model => ({
    label: idOf(model),
    description: model.name,
    detail: vscode.l10n.t('{0}k tokens', Math.round(model.maxInputTokens / 1000)),
  }))
}

/** Lets the user choose who answers; undefined when the list is closed without a choice. */
export async function chooseAgent(kode: Kode, current: string): Promise<string | undefined> {
  const agents = await kode.shelf.agents()
  const pick = vscode.window.createQuickPick()
  pick.title = vscode.l10n.t('Agent')
  pick.placeholder = vscode.l10n.t('Who answers from now on, with its own instructions, model and tools')
  pick.matchOnDetail = true
  pick.items = agents.map(({ name, summary }) => ({
    label: name,
    detail: summary,
    ...(name === current && { description: vscode.l10n.t('in use') }),
  }))
  return (await choiceOf(pick))?.label
}

/** Lets the user choose one of the calls of this conversation, newest first, and shows its whole output. */
export async function chooseOutput(session: Session, show: (title: string, text: string) => unknown): Promise<void> {
  const calls = new Map(
    session.history().flatMap(({ message }) => {
      if (message.role !== 'assistant') return []
      return message.parts.flatMap(part => (part.type === 'tool_call' ? [[part.id, titleOf(part)] as const] : []))
    }),
  )
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { text: string }>()
  pick.title = vscode.l10n.t('Full output of a tool call')
  pick.matchOnDetail = true
  pick.items = session
    .history()
    .flatMap(entry => {
      if (entry.message.role !== 'tool') return []
      const { name, call_id, status } = entry.message
      const text = entry.fullText ?? entry.message.text
      const label = `${name} ${calls.get(call_id) ?? ''}`.trimEnd()
      return [{ label, description: status, detail: text.trim().split('\n', 1)[0] ?? '', text }]
    })
    .reverse()
  const chosen = await choiceOf(pick)
  if (chosen) await show(chosen.label, chosen.text)
}

interface SessionRow extends vscode.QuickPickItem {
  id: string
}

const RENAME: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('edit'),
  tooltip: vscode.l10n.t('Rename this conversation'),
}
const FORK: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('repo-forked'),
  tooltip: vscode.l10n.t('Go on with a copy of this conversation'),
}
const DELETE: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('trash'),
  tooltip: vscode.l10n.t('Delete this conversation'),
}

/** Fewer letters find everything. */
const SEARCH_FROM_LETTERS = 3

/** Lets the user choose an earlier conversation of this project by its title or by what was said, and goes on with it. */
export async function chooseSession(conversation: Conversation): Promise<void> {
  const kode = await conversation.kode()
  const pick = vscode.window.createQuickPick<SessionRow>()
  pick.title = vscode.l10n.t('Conversations of this project')
  pick.placeholder = vscode.l10n.t('Title, or words that were said')
  pick.matchOnDescription = true
  pick.matchOnDetail = true
  const titled = await sessionRows(kode)
  pick.items = titled
  let latest = ''
  pick.onDidChangeValue(async value => {
    latest = value
    const hits = value.trim().length < SEARCH_FROM_LETTERS ? [] : await hitRows(kode, value)
    // A slow search must not replace the list of what was typed since.
    if (latest !== value) return
    const words = value.trim().toLowerCase()
    const shown = new Set(titled.filter(row => row.label.toLowerCase().includes(words)).map(row => row.id))
    const inside = hits.filter(hit => !shown.has(hit.id))
    const others = new Set(inside.map(hit => hit.id))
    // Below what is there: no row moves away from whoever reaches for it.
    pick.items = [...titled.filter(row => !others.has(row.id)), ...inside]
  })
  pick.onDidTriggerItemButton(async ({ button, item }) => {
    pick.hide()
    if (button === FORK) await conversation.resumeCopy(item.id)
    else await (button === RENAME ? renameSession(kode, item) : deleteSession(kode, item))
  })
  const chosen = await choiceOf(pick)
  if (chosen) await conversation.resume(chosen.id)
}

async function sessionRows(kode: Kode): Promise<SessionRow[]> {
  const listed = await kode.sessions.list()
  if (!listed.ok) throw new Error(listed.error.message)
  return listed.value.map(session => ({
    id: session.id,
    label: session.title || session.id,
    description: new Date(session.updated_at).toLocaleString(),
    detail: vscode.l10n.t('{0} messages, {1}', session.messages, session.model),
    // One that runs somewhere belongs to that window.
    buttons: session.running ? [FORK] : [FORK, RENAME, DELETE],
  }))
}

/** One row per conversation in which the words were said. */
async function hitRows(kode: Kode, query: string): Promise<SessionRow[]> {
  const found = await kode.sessions.search(query)
  if (!found.ok) throw new Error(found.error.message)
  const first = new Map(found.value.toReversed().map(hit => [hit.session_id, hit]))
  return [...first.values()].map(hit => ({
    id: hit.session_id,
    label: hit.title || hit.session_id,
    detail: hit.snippet,
    alwaysShow: true,
    buttons: [FORK, RENAME, DELETE],
  }))
}

async function renameSession(kode: Kode, { id, label }: SessionRow): Promise<void> {
  const title = await vscode.window.showInputBox({ title: vscode.l10n.t('New title'), value: label })
  if (!title?.trim()) return
  const renamed = await kode.sessions.rename(id, title.trim())
  if (!renamed.ok) void vscode.window.showErrorMessage(renamed.error.message)
}

async function deleteSession(kode: Kode, { id, label }: SessionRow): Promise<void> {
  const remove = vscode.l10n.t('Delete')
  const message = vscode.l10n.t('Delete “{0}” for good?', label)
  if ((await vscode.window.showWarningMessage(message, { modal: true }, remove)) !== remove) return
  const deleted = await kode.sessions.delete(id)
  if (!deleted.ok) void vscode.window.showErrorMessage(deleted.error.message)
}

/** Shows a list and waits for the choice; undefined when it is closed without one. */
function choiceOf<Row extends vscode.QuickPickItem>(pick: vscode.QuickPick<Row>): Promise<Row | undefined> {
  return new Promise(resolve => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0])
      pick.hide()
    })
    pick.onDidHide(() => {
      resolve(undefined)
      pick.dispose()
    })
    pick.show()
  })
}

/** Window and price of a model for people, such as `200k tokens · US$ 3 in, 15 out per million`. */
export function factsText({ windowTokens, price }: ModelFacts): string {
  const size = vscode.l10n.t('{0}k tokens', Math.round(windowTokens / 1000))
  const cost = price
    ? vscode.l10n.t('US$ {0} in, {1} out per million', price.input, price.output)
    : vscode.l10n.t('price not known')
  return `${size} · ${cost}`
}
