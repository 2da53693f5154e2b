import { createKode } from '#shared/kode'
import { EXIT } from '#shared/protocol/exit-codes'
import { agentSettings, sessionOptions } from '../agent-run'
import type { ParsedArgs } from '../args'
import { cliHost } from '../cli-host'
import type { Interruption } from '../interruption'
import type { Output } from '../output'
import { VERSION } from '../version'
import { completions } from './completion'
import { Conversation, LOCAL_COMMANDS } from './conversation'
import { LineEditor } from './line-editor'
import { outputAbove } from './output-above'
import { Questions } from './questions'

export interface InteractiveRun {
  flags: ParsedArgs['flags']
  root: string
  output: Output
  interruption: Interruption
}

/** A conversation on a terminal, until the user leaves. */
export async function runInteractive(run: InteractiveRun): Promise<number> {
  const { flags, root, output: terminal, interruption } = run
  const questions = new Questions(
    outputAbove(terminal, () => editor),
    () => editor,
  )
  const host = {
    ...cliHost(),
    approve: questions.approve.bind(questions),
    ask: questions.ask.bind(questions),
  }
  const opened = await createKode(host, {
    root,
    settings: agentSettings(flags),
    env: process.env,
    version: VERSION,
    isInteractive: true,
  })
  if (!opened.ok) {
    terminal.note(`error: ${opened.error.message}`)
    return opened.error.exitCode
  }
  const kode = opened.value
  const session = await kode.openSession(sessionOptions(flags))
  if (!session.ok) {
    terminal.note(`error: ${session.error.message}`)
    return session.error.exitCode
  }
  let leave = () => {}
  const left = new Promise<void>(resolve => {
    leave = resolve
  })
  const conversation = new Conversation(kode, session.value, terminal, () => editor.close())
  const shelf = [...(await kode.chatCommands()), ...(await kode.skills())]
  const commands = [...LOCAL_COMMANDS.keys(), ...shelf.map(command => command.name)]
  void kode.serverPrompts().then(prompts => commands.push(...prompts.map(prompt => prompt.name)))
  const editor = new LineEditor({
    input: process.stdin,
    output: process.stdout,
    history: await kode.sessions.inputs(),
    complete: line => completions(line, root, commands),
    onLine: text => {
      if (!questions.takeLine(text)) void conversation.take(text, 'next')
    },
    onLater: text => void conversation.take(text, 'later'),
    onInterrupt: isEmpty => conversation.interrupt(isEmpty),
    onSwitch: () => conversation.switchMode(),
    onEnd: () => leave(),
  })
  conversation.start(editor)
  interruption.signal.addEventListener('abort', () => editor.close())
  await left
  await conversation.close()
  return interruption.exitCode ?? EXIT.done
}
