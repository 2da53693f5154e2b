import * as vscode from 'vscode'
import type { SlashCommand } from '#shared/protocol/requests'
import type { Conversation } from './conversation'
import type { Keys } from './host/secrets'
import { DEFAULT_PROVIDER } from './host/settings'

const PROVIDERS = ['openai', 'anthropic', 'gemini', 'openrouter', 'ollama', 'lmstudio']

/** Slash commands of the editor's side. */
export const EDITOR_COMMANDS: SlashCommand[] = [
  { name: 'new', description: vscode.l10n.t('Begin a new conversation'), needsIdle: true },
  { name: 'sessions', description: vscode.l10n.t('Open an earlier conversation'), needsIdle: true },
  { name: 'model', description: vscode.l10n.t('Choose the model'), needsIdle: true },
  { name: 'provider', description: vscode.l10n.t('Choose the provider'), needsIdle: true },
  { name: 'key', description: vscode.l10n.t('Set the key of the provider'), needsIdle: true },
  { name: 'mode', description: vscode.l10n.t('Switch the trust mode: plan, safe or auto'), needsIdle: false },
  { name: 'review', description: vscode.l10n.t('Show the changes that wait'), needsIdle: false },
  { name: 'transcript', description: vscode.l10n.t('Open the conversation as text'), needsIdle: false },
  { name: 'settings', description: vscode.l10n.t('Open the settings of kode'), needsIdle: false },
  { name: 'log', description: vscode.l10n.t('Show the log of kode'), needsIdle: false },
]

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

/** Lets the user type a model's name. */
export async function chooseModel(current: string): Promise<boolean> {
  const model = await vscode.window.showInputBox({
    title: vscode.l10n.t('Model'),
    prompt: vscode.l10n.t('Name or alias, as the provider calls it.'),
    value: current,
  })
  if (!model?.trim()) return false
  await vscode.workspace.getConfiguration('kode').update('model', model.trim(), vscode.ConfigurationTarget.Global)
  return true
}

/** Lets the user choose an earlier conversation of this project, and goes on with it. */
export async function chooseSession(conversation: Conversation): Promise<void> {
  const listed = await (await conversation.kode()).listSessions()
  if (!listed.ok) throw new Error(listed.error.message)
  const rows = listed.value.map(session => ({
    id: session.id,
    label: session.title || session.id,
    description: new Date(session.updated_at).toLocaleString(),
    detail: vscode.l10n.t('{0} messages, {1}', session.messages, session.model),
  }))
  const chosen = await vscode.window.showQuickPick(rows, {
    title: vscode.l10n.t('Conversations of this project'),
    matchOnDescription: true,
    matchOnDetail: true,
  })
  if (chosen) await conversation.resume(chosen.id)
}
