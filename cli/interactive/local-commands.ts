import type { Settings } from '#shared/config/settings'
import type { Kode, Session, SessionOptions } from '#shared/kode'
import type { TrustMode } from '#shared/protocol/approvals'

/** What the line can do besides prompting; the rest comes from the shelves of commands. */
export interface LocalCommand {
  name: string
  summary: string
  /** Refused while a turn runs. */
  needsIdle?: boolean
  /** Rejects with one line for people. @returns what is told; nothing where it shows by itself */
  run(talk: Talk, words: readonly string[]): Promise<string | undefined> | string | undefined
}

/** The conversation, as its own commands see it. */
export interface Talk {
  readonly kode: Kode
  readonly session: Session
  /** Until the command is stopped. */
  readonly signal: AbortSignal
  isVerbose: boolean
  prompt(text: string, lane: 'later'): void
  setMode(mode: TrustMode): string | undefined
  /** Goes on in the same conversation, or in another one, with these settings changed. */
  reopen(changes: Partial<Settings>, which?: SessionOptions): Promise<void>
  /** Asks for a text that is not shown and not kept; undefined when the user gave up. */
  askSecret(question: string): Promise<string | undefined>
  /** Tries a key and keeps it. @returns what is told */
  keepKey(provider: string, key: string): Promise<string>
  help(): Promise<string>
  leave(): void
}

const MODES: readonly TrustMode[] = ['plan', 'safe', 'auto']
const SHOWN_SESSIONS = 20
const SHOWN_ID = 12

export const LOCAL_COMMANDS: readonly LocalCommand[] = [
  { name: 'help', summary: 'what can be typed here', run: talk => talk.help() },
  {
    name: 'mode',
    summary: 'plan, safe or auto; Shift+Tab switches too',
    run: (talk, [name]) => {
      const mode = MODES.find(each => each === name)
      return mode ? talk.setMode(mode) : `mode: ${talk.session.mode}; /mode plan, safe or auto`
    },
  },
  { name: 'model', summary: 'the models there are, or another one from now on', needsIdle: true, run: chooseModel },
  { name: 'provider', summary: 'the providers there are, or another one', needsIdle: true, run: chooseProvider },
  { name: 'agent', summary: 'the agents there are, or another one from now on', needsIdle: true, run: chooseAgent },
  { name: 'key', summary: 'keeps the key of the provider, or of another one', needsIdle: true, run: askKey },
  { name: 'sessions', summary: 'earlier conversations; resume <id>, delete <id>', run: sessions },
  {
    name: 'verbose',
    summary: 'on or off: shows thinking and long outputs whole',
    run: (talk, [word]) => {
      talk.isVerbose = word === undefined ? !talk.isVerbose : word === 'on'
      return talk.isVerbose ? 'Everything is shown.' : 'Long outputs are cut; /expand shows them whole.'
    },
  },
  { name: 'new', summary: 'begin a new conversation', needsIdle: true, run: startNew },
  {
    name: 'later',
    summary: 'a prompt for after this turn; Alt+Enter does it too',
    run: (talk, words) => void talk.prompt(words.join(' '), 'later'),
  },
  { name: 'exit', summary: 'leave; Ctrl-D does it too', run: talk => void talk.leave() },
]

async function chooseProvider(talk: Talk, [name]: readonly string[]): Promise<string> {
  if (name === undefined) return talk.kode.shelf.run('providers', ['list'], talk.signal)
  await talk.reopen({ provider: name, model: undefined })
  return `Going on with ${talk.kode.model}.`
}

async function chooseAgent(talk: Talk, [name]: readonly string[]): Promise<string> {
  if (name === undefined) return talk.kode.shelf.run('agents', [], talk.signal)
  await talk.reopen({ agent: name })
  return `Going on as ${name}, in ${talk.session.mode} mode.`
}

async function chooseModel(talk: Talk, [name]: readonly string[]): Promise<string> {
  if (name === undefined) {
    const aliases = Object.keys(await talk.kode.shelf.modelAliases()).join(', ')
    const listed = await talk.kode.shelf.run('models', [], talk.signal).catch((error: Error) => error.message)
    return `${listed}\nnow: ${talk.kode.model}; short names: ${aliases}`
  }
  const alias = (await talk.kode.shelf.modelAliases())[name]
  await talk.reopen(alias ? { provider: alias.provider, model: alias.model } : { model: name })
  return `Going on with ${talk.kode.model}.`
}

async function askKey(talk: Talk, [name]: readonly string[]): Promise<string> {
  const provider = name ?? talk.kode.sessionEvent(talk.session).provider
  const key = await talk.askSecret(`Key of ${provider} (Enter keeps it, Esc leaves it):`)
  if (!key) return 'No key was changed.'
  const told = await talk.keepKey(provider, key)
  await talk.reopen({})
  return told
}

async function startNew(talk: Talk): Promise<string> {
  await talk.reopen({}, {})
  return 'A new conversation.'
}

async function sessions(talk: Talk, [action, prefix]: readonly string[]): Promise<string> {
  const listed = await talk.kode.sessions.list()
  if (!listed.ok) throw new Error(listed.error.message)
  if (action === undefined) {
    const lines = listed.value.slice(0, SHOWN_SESSIONS).map(session => {
      const mark = session.id === talk.session.id ? ' (this one)' : ''
      return `${session.id.slice(0, SHOWN_ID)}  ${String(session.messages).padStart(4)}  ${session.title}${mark}`
    })
    return [...lines, '/sessions resume <id> goes on with one, /sessions delete <id> forgets it.'].join('\n')
  }
  const [wanted, isDelete] = action === 'delete' ? [prefix, true] : [action === 'resume' ? prefix : action, false]
  if (wanted === undefined) throw new Error(`Name a session: /sessions ${action} <id>.`)
  const [found, ...others] = listed.value.filter(session => session.id.startsWith(wanted))
  if (!found) throw new Error(`No session begins with "${wanted}".`)
  if (others.length > 0) throw new Error(`${others.length + 1} sessions begin with "${wanted}"; say more of the id.`)
  const { id, title } = found
  if (id === talk.session.id) throw new Error('That is the conversation you are in.')
  if (!isDelete) {
    if (talk.session.isRunning) throw new Error(TURN_RUNS)
    await talk.reopen({}, { resume: id })
    return `Going on with "${title}", after ${talk.session.messages().length} messages.`
  }
  const deleted = await talk.kode.sessions.delete(id)
  if (!deleted.ok) throw new Error(deleted.error.message)
  return `"${title}" is forgotten.`
}

/** Why a command has to wait. */
export const TURN_RUNS = 'A turn runs; Ctrl-C stops it.'
