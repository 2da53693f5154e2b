import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { textOfMessage } from '#shared/store/recall'
import { openStore, type Store } from '#shared/store/sessions'
import { textOf } from './kill-text'

/** What happened in a loop of kills. */
export interface KillCounts {
  kills: number
  acknowledged: number
  /** Acknowledged, but gone or altered. */
  lost: number
  /** Messages that are in the store twice. */
  twice: number
  /** Sessions that could not be opened afterwards. */
  unopened: number
  /** Sessions reported as damaged, although nothing but kills happened to them. */
  damaged: number
  sessions: number
}

/**
 * Several processes write to one store and are killed with SIGKILL at random moments, again and again; then everything
 * they were told is saved is looked for.
 */
export async function runKillLoop(options: { folder: string; kills: number; writers: number }): Promise<KillCounts> {
  const program = join(process.cwd(), 'dist/test', `kill-writer-${process.pid}.mjs`)
  await build({
    entryPoints: ['test/shared/store/kill-writer.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname",
    },
  })
  const store = openOrThrow(options.folder)
  const shared = store.createSession({ id: 'shared', project: '', agent: '', provider: '', model: '', mode: 'safe' })
  if (!shared.ok) throw new Error(shared.error.message)
  await shared.value.append({ role: 'user', id: 'first', parts: [{ type: 'text', text: 'first' }], origin: 'typed' })
  await shared.value.close()
  await store.close()

  let kills = 0
  const lines: string[] = []
  await Promise.all(
    Array.from({ length: options.writers }, async (_, writer) => {
      for (let round = 0; kills < options.kills; round++) {
        kills++
        lines.push(...(await runAndKill(program, [options.folder, `w${writer}`, String(round)])))
      }
    }),
  )
  rmSync(program)
  return { kills, ...(await judge(options.folder, lines)) }
}

/** Lets a writer work for a random while after its first acknowledgement, then kills it; returns what it printed. */
function runAndKill(program: string, args: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', piece => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * LONGEST_LIFE_MS)
      output += piece
    })
    child.stderr.on('data', piece => {
      errors += piece
    })
    child.on('close', (code, signal) => {
      // A line that was cut was not acknowledged.
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1))
      else reject(new Error(`A writer ended by itself (${code}): ${errors}`))
    })
  })
}

const LONGEST_LIFE_MS = 150

async function judge(folder: string, lines: readonly string[]): Promise<Omit<KillCounts, 'kills'>> {
  const store = openOrThrow(folder)
  const counts = {
    acknowledged: 0,
    lost: 0,
    twice: 0,
    unopened: 0,
    damaged: lines.filter(line => line.startsWith('damage')).length,
    sessions: 0,
  }
  const found = new Map<string, string>()
  for (const { id } of store.listSessions()) {
    counts.sessions++
    const opened = await store.openSession(id)
    if (!opened.ok) {
      counts.unopened++
      continue
    }
    if (opened.value.damage) counts.damaged++
    for (const { message } of opened.value.log.history()) {
      const key = `${id} ${message.id}`
      if (found.has(key)) counts.twice++
      found.set(key, textOfMessage(message))
    }
    await opened.value.log.close()
  }
  for (const line of lines) {
    const [what, session, message = ''] = line.split(' ')
    if (what !== 'acked') continue
    counts.acknowledged++
    if (found.get(`${session} ${message}`) !== textOf(message)) counts.lost++
  }
  await store.close()
  return counts
}

function openOrThrow(folder: string): Store {
  const opened = openStore({ folder, now: Date.now })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}
