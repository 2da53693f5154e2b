import * as vscode from 'vscode'
import type { Session } from '#shared/kode'
import { runChatCommand } from './chat-commands'
import type { Conversation } from './conversation'
import { applyToEditor, insertAtCursor, openFile } from './editor-text'
import { mentionsOf } from './folders'
import { EDITOR_COMMANDS } from './palette'
import type { Parts } from './parts'
import type { RequestTable } from './views/chat-view'

/** How long the menu of commands waits for the prompts of MCP servers. */
const PROMPTS_WAIT_MS = 2_000

/**
 * What the host does for each request of the chat page.
 *
 * @param slash the editor's own slash commands
 * @param offer lets the page offer dropped messages again
 */
export function panelRequests(
  parts: Parts,
  slash: Record<string, (argument: string) => unknown>,
  offer: (texts: readonly string[]) => void,
): RequestTable {
  const { conversation, folder, proposals, approvals, review, desk, landed, editorContext, mentions, texts } = parts
  return {
    prompt: async ({ parts, lane, max_turns }) => {
      const [words] = parts
      const found = words?.type === 'text' ? await editorContext.partsFor(words.text) : []
      if (parts.some(part => part.type === 'image')) await warnOfBlindModel(conversation)
      await conversation.prompt([...parts, ...found.map(text => ({ type: 'text' as const, text }))], lane, max_turns)
    },
    stop: () => offer(conversation.stop()),
    clear_queue: () => offer(conversation.clearQueue()),
    move_queued: ({ id, by }) => conversation.moveQueued(id, by),
    unqueue: ({ id }) => conversation.removeQueued(id),
    answer: async ({ id, answer }) => {
      if (answer.kind !== 'reject') {
        await review.saveEdits(id)
        const refusal = await desk.refusalOf(id)
        if (refusal) throw new Error(refusal)
      }
      approvals.answer(id, answer)
    },
    answer_question: ({ id, text }) => approvals.answerQuestion(id, text),
    undo_turn: ({ id }) => conversation.undoTurn(id),
    review_turn: async ({ id }) => {
      const first = await landed.open(id, folder.current?.uri.fsPath ?? '')
      if (first === undefined) throw new Error(vscode.l10n.t('Nothing of this turn is left to review.'))
      // An editor that loses the focus again at once never asks for its lenses.
      await review.show(first)
      await vscode.commands.executeCommand('kode.changes.focus')
    },
    cancel_task: ({ id }) => conversation.cancelTask(id),
    show_task: ({ id }) => texts.follow(`${id}.md`, () => conversation.taskTranscript(id), 'markdown'),
    set_mode: ({ mode }) => conversation.setMode(mode),
    set_model: () => slash.model?.(''),
    review: ({ id, path }) => review.show(id, path, false),
    open_file: ({ path, line }) => openFile(folder, path, line),
    show_output: async ({ id, title }) => texts.show(title, outputOf(await conversation.session(), id)),
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
        kode.shelf.commands(),
        Promise.race([kode.shelf.serverPrompts(), inTime]),
      ])
      const commands = [
        ...EDITOR_COMMANDS,
        ...CHAT_COMMANDS.map(({ name, summary, needsIdle }) => ({ name, description: summary, needsIdle })),
        ...shelf.map(({ name, summary }) => ({ name, description: summary, needsIdle: true })),
        ...prompts.map(({ name, summary }) => ({ name, description: summary, needsIdle: false })),
      ]
      conversation.changeFacts({ commands })
    },
    command: async ({ name, argument }) => {
      const own = slash[name]
      if (own) await own(argument)
      // A prompt of an MCP server has `__` in its name.
      else if (name.includes('__')) {
        await conversation.prompt([{ type: 'text', text: `/${name} ${argument}` }], 'next')
      } else {
        const answer = await runChatCommand(`/${name} ${argument}`, conversation)
        if (answer && 'prompt' in answer) return conversation.prompt(answer.prompt, 'next')
        const words = argument.split(/\s+/).filter(word => word !== '')
        const kode = await conversation.kode()
        const run = () => kode.shelf.run(name, words, new AbortController().signal, conversation.spending)
        conversation.tell('info', answer?.text ?? (await run()))
      }
    },
  }
}

/** Empty where the call has no result yet. */
function outputOf(session: Session, callId: string): string {
  const entry = session.history().find(({ message }) => message.role === 'tool' && message.call_id === callId)
  return entry?.message.role === 'tool' ? (entry.fullText ?? entry.message.text) : ''
}

/** Known models only: what is not known may well take them. */
async function warnOfBlindModel(conversation: Conversation): Promise<void> {
  const { factsOf } = await import('#shared/config/model-catalog')
  const model = conversation.model
  if (factsOf(model).takesImages !== false) return
  conversation.tell(
    'warning',
    vscode.l10n.t('{0} does not take images; choose another model to have them seen.', model),
  )
}
