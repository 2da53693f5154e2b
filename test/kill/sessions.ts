import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { kodePaths } from '#shared/config/paths'
import type { KodeEvent } from '#shared/protocol/events'
import type { Message } from '#shared/protocol/messages'
import { planRepair } from '#shared/store/conversation'
import { textOfMessage } from '#shared/store/recall'
import { openStore } from '#shared/store/sessions'
import { CLI } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'

/** What killed runs of the command line left. Everything below `cutReplies` has to be 0. */
export interface SessionKills {
  kills: number
  /** Runs that were through before their turn came. */
  ended: number
  /** Messages that the runs had announced. */
  acknowledged: number
  /** Replies that were cut in the middle, and whose text is still there. */
  cutReplies: number
  /** Announced, but gone or altered. */
  lost: number
  /** Messages that are there twice. */
  twice: number
  /** Sessions reported as damaged, although nothing but kills happened to them. */
  damaged: number
  /** Calls without a result, or results without a call, after a session was resumed. */
  unrepaired: number
  /** Texts of cut replies that the model never said so. */
  garbled: number
  /** Runs that ended by themselves, but not well. */
  failed: string[]
}

/**
 * Several runs of the command line work on one project and are ended with SIGKILL at random moments; who comes next resumes
 * the session. All of them also want to run one session that they share. Then everything they announced is looked for.
 */
export async function killSessions(options: {
  kills: number
  writers: number
  random: () => number
}): Promise<SessionKills> {
  const { random } = options
  const said = new Set<string>()
  const model = await startScriptedProvider(request => {
    const isAnswered = request.body.messages.at(-1)?.role === 'tool'
    const text = `${said.size} ${isAnswered ? 'It says: the file is fine. ' : 'Let me look at the file. '}`.repeat(12)
    said.add(text)
    const calls = isAnswered ? [] : [{ name: 'Read', arguments: { path: 'a.txt' }, id: `call_${said.size}` }]
    return { text, toolCalls: calls, delayBetweenMs: 15 }
  })
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kode-kill-sessions-')))
  const root = join(folder, 'project')
  mkdirSync(root)
  writeFileSync(join(root, 'a.txt'), 'content\n')
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'm',
  }
  const counts: SessionKills = {
    kills: 0,
    ended: 0,
    acknowledged: 0,
    cutReplies: 0,
    lost: 0,
    twice: 0,
    damaged: 0,
    unrepaired: 0,
    garbled: 0,
    failed: [],
  }
  const announced: { session: string; message: Message }[] = []
  const { db } = kodePaths(env)
  // A run that was killed before it announced anything may have begun its session all the same.
  const isBegun = (session: string) => existsSync(join(db, 'sessions', `${session}.1.log`))

  const run = async (session: string, killAfterMs: number | undefined) => {
    const choice = isBegun(session) ? '--resume' : '--session-id'
    const end = await runAndKill([choice, session, '--output-format', 'stream-json', 'look'], root, env, killAfterMs)
    const messages = end.events.flatMap(event => ('message' in event ? [event.message] : []))
    announced.push(...messages.map(message => ({ session, message })))
    if (end.signal === 'SIGKILL') counts.kills++
    else counts.ended++
    const isRefused = session === SHARED && end.output.includes('is running in process')
    if (end.code !== 0 && end.signal !== 'SIGKILL' && !isRefused) counts.failed.push(`${session}: ${end.output}`)
  }

  try {
    await run(SHARED, undefined)
    await Promise.all(
      Array.from({ length: options.writers }, async (_, writer) => {
        for (let round = 0; counts.kills < options.kills; round++) {
          // A session of its own is resumed a few times before the next one begins.
          const session = random() < 0.2 ? SHARED : `w${writer}-${Math.floor(round / 6)}`
          await run(session, random() * LONGEST_LIFE_MS)
        }
      }),
    )
    const store = openStore({ folder: db, now: Date.now })
    if (!store.ok) throw new Error(store.error.message)
    for (const { id } of store.value.listSessions()) {
      const opened = await store.value.openSession(id)
      if (!opened.ok) throw new Error(opened.error.message)
      const { log, damage } = opened.value
      if (damage) counts.damaged++
      const repair = planRepair(log.messages())
      counts.unrepaired += repair.missing.length + repair.orphans.length
      const kept = new Map(log.messages().map(message => [message.id, message]))
      counts.twice += log.messages().length - kept.size
      for (const { session, message } of announced) {
        if (session !== id) continue
        counts.acknowledged++
        if (!isDeepStrictEqual(kept.get(message.id), message)) counts.lost++
      }
      for (const message of kept.values()) {
        if (message.role !== 'assistant' || message.stop !== 'cut') continue
        counts.cutReplies++
        if (![...said].some(text => text.startsWith(textOfMessage(message)))) counts.garbled++
      }
      await log.close()
    }
    await store.value.close()
    return counts
  } finally {
    await model.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const SHARED = 'shared'

/** After the first line was printed; a run that nobody ends takes about as long. */
const LONGEST_LIFE_MS = 1500

async function runAndKill(args: string[], cwd: string, env: NodeJS.ProcessEnv, killAfterMs: number | undefined) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', piece => {
    if (output === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    output += piece
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve => {
    child.on('close', (...end) => resolve(end))
  })
  // A line that was cut was not announced.
  const lines = output.split('\n').slice(0, -1)
  const events = lines.map(line => JSON.parse(line) as KodeEvent)
  return { code, signal, output, events }
}
