import { CHAT_COMMANDS } from '#shared/commands/chat/registry'
import { kodePaths } from '#shared/config/paths'
import type { Settings } from '#shared/config/settings'
import { createKode, type Kode, lacksKey, type SessionOptions } from '#shared/kode'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import { agentSettings, sessionOptions } from '../agent-run'
import type { ParsedArgs } from '../args'
import { cliHost } from '../cli-host'
import { commandContext } from '../command-door'
import type { Interruption } from '../interruption'
import type { Output } from '../output'
import { VERSION } from '../version'
import { Completion } from './completion'
import { Conversation, type Opened } from './conversation'
import { LineEditor } from './line-editor'
import { LOCAL_COMMANDS } from './local-commands'
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
  const open = async (changes: Partial<Settings>, which: SessionOptions): Promise<Opened | Failure> => {
    const settings = { ...agentSettings(flags), ...changes }
    const kode = await createKode(host, { root, settings, env: process.env, version: VERSION, isInteractive: true })
    if (!kode.ok) return kode.error
    const session = await kode.value.openSession(which)
    if (session.ok) return { kode: kode.value, session: session.value }
    await kode.value.close()
    return session.error
  }
  const first = await firstChoice(run)
  const opened = await open(first ?? {}, sessionOptions(flags))
  if (!('kode' in opened)) {
    terminal.note(`error: ${opened.message}`)
    return opened.exitCode
  }
  if (first) await remember(opened)
  const { kode } = opened
  let leave = () => {}
  const left = new Promise<void>(resolve => {
    leave = resolve
  })
  const conversation = new Conversation({
    opened,
    open,
    terminal,
    copy: text => void process.stdout.write(clipboardSequence(text)),
    remember,
    askSecret: (question, signal) => editor.secret(question, signal),
    keepKey: (provider, key, signal) => keepKey(provider, key, { root, output: terminal, signal }),
    leave: () => editor.close(),
  })
  const commands = [
    ...LOCAL_COMMANDS,
    ...CHAT_COMMANDS,
    ...(await kode.shelf.commands()),
    ...(await kode.shelf.skills()),
  ]
    .map(({ name, summary }) => ({ name, summary }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  void kode.shelf.serverPrompts().then(prompts => commands.push(...prompts))
  const completion = new Completion(root, commands)
  const editor = new LineEditor({
    input: process.stdin,
    output: process.stdout,
    history: await kode.sessions.inputs(),
    complete: line => completion.of(line),
    isPlain: process.env.TERM === 'dumb',
    onLine: text => {
      if (!questions.takeLine(text) && text.trim() !== '') void conversation.take(text, 'next')
    },
    onLater: text => void conversation.take(text, 'later'),
    onInterrupt: isEmpty => conversation.interrupt(isEmpty),
    onSwitch: () => conversation.switchMode(),
    onEnd: () => leave(),
  })
  conversation.start(editor)
  void tellLargeHistory(kode, text => editor.print(text))
  interruption.signal.addEventListener('abort', () => editor.close())
  await left
  await conversation.close()
  const { kept } = conversation
  if (kept !== undefined && !interruption.signal.aborted) terminal.note(`kode --resume ${kept} goes on from here.`)
  return interruption.exitCode ?? EXIT.done
}

/** Whom to ask, where only a key is missing; undefined where nothing is, or nothing was chosen. */
async function firstChoice({
  flags,
  root,
  output,
  interruption,
}: InteractiveRun): Promise<Partial<Settings> | undefined> {
  const { files, processes } = cliHost()
  if (!(await lacksKey({ root, files, processes, env: process.env, flags: agentSettings(flags) }))) return undefined
  const [{ chooseFirst }, { providersCommand }] = await Promise.all([
    import('./first-run'),
    import('#shared/commands/providers'),
  ])
  const context = commandContext(providersCommand, root, {}, output, interruption.signal)
  const { signal } = interruption
  return chooseFirst({ context, output, keepKey: (provider, key) => keepKey(provider, key, { root, output, signal }) })
}

async function remember({ kode, session }: Opened): Promise<void> {
  const { provider, model } = kode.sessionEvent(session)
  const { rememberModel } = await import('#shared/commands/support/remember-model')
  await rememberModel(provider, model, cliHost().files, kodePaths(process.env))
}

/** What compaction put away stays searchable until it is purged. Source of the size: spec/koda.md §1.6. */
async function tellLargeHistory({ sessions }: Kode, print: (text: string) => void): Promise<void> {
  const listed = await sessions.list()
  const bytes = listed.ok ? listed.value.reduce((sum, session) => sum + session.archived_bytes, 0) : 0
  if (bytes > LARGE_HISTORY_BYTES) print(`Old messages take ${Math.round(bytes / 1e6)} MB; /purge removes them.`)
}

const LARGE_HISTORY_BYTES = 500e6

/** OSC 52: the terminal puts it into the clipboard of the machine it runs on, over SSH too. */
function clipboardSequence(text: string): string {
  return `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`
}

/** As `kode providers login` does, with a key that was typed. */
async function keepKey(
  provider: string,
  key: string,
  { root, output, signal }: { root: string; output: Output; signal: AbortSignal },
): Promise<string> {
  const { providersCommand } = await import('#shared/commands/providers')
  const context = { ...commandContext(providersCommand, root, {}, output, signal), askSecret: async () => key }
  const { text = '' } = await providersCommand.run(context, { words: ['login', provider], flags: {} })
  return text
}
