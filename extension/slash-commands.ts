import * as vscode from 'vscode'
import { initialMode } from './host/settings'
import { askForKey, chooseAgent, chooseModel, chooseProvider, chooseSession, keyHelp } from './palette'
import type { Parts } from './parts'
import { transcriptText } from './transcript-text'

/** kode itself, as the core names it. */
const DEFAULT_AGENT = 'default'

type SlashParts = Pick<Parts, 'conversation' | 'folder' | 'keys' | 'texts' | 'channel' | 'noteProject'>

/** The slash commands that are the editor's own; see EDITOR_COMMANDS for what the menu says of them. */
export function slashCommands(parts: SlashParts): Record<string, (argument: string) => unknown> {
  const { conversation, folder, keys, texts, channel, noteProject } = parts
  const commands: Record<string, (argument: string) => unknown> = {
    new: () => conversation.startNew(),
    model: async () => {
      const kode = await conversation.kode().catch(() => undefined)
      if (await chooseModel(conversation.model, kode)) await conversation.refresh()
    },
    provider: async () => (await chooseProvider()) && conversation.refresh(),
    key: async () => {
      if (!(await askForKey(keys))) return
      await conversation.refresh()
      await noteProject()
    },
    setup: async () => (await chooseProvider()) && commands.key?.(''),
    agent: async argument => {
      const before = conversation.facts.agent
      const chosen = argument.trim() || (await chooseAgent(await conversation.kode(), before || DEFAULT_AGENT))
      const agent = chosen === DEFAULT_AGENT ? '' : chosen
      if (agent === undefined || agent === before) return
      conversation.changeFacts({ agent })
      try {
        await conversation.restart()
        // Another agent brings its own mode, within what the user set.
        conversation.setMode(initialMode())
        await conversation.session()
      } catch (error) {
        conversation.changeFacts({ agent: before })
        throw error
      }
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
    'workspace-trust': () => vscode.commands.executeCommand('workbench.trust.manage'),
  }
  return commands
}
