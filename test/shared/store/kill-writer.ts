import { writeSync } from 'node:fs'
import { openStore } from '#shared/store/sessions'
import { textOf } from './kill-text'

/**
 * A process that uses the store until it is killed, and prints what the store acknowledged: `acked <session> <message>`.
 * It works on sessions of its own, and on one that all writers want to run.
 */
const [folder = '', name = '', round = ''] = process.argv.slice(2)
const opened = openStore({ folder, now: Date.now })
if (!opened.ok) throw new Error(opened.error.message)
const store = opened.value
const print = (line: string) => writeSync(1, `${line}\n`)
const run = `${name}-${round}`

const HEADER = { project: 'shared', agent: 'kode', provider: 'openai', model: 'm', mode: 'safe' as const }

for (let count = 0; ; count++) {
  const log = await nextSession(count)
  if (!log) continue
  const turns = 3 + Math.floor(Math.random() * 10)
  for (let turn = 0; turn < turns; turn++) {
    const id = `${run}-${count}-${turn}`
    await log.append({ role: 'user', id, parts: [{ type: 'text', text: textOf(id) }], origin: 'typed' })
    print(`acked ${log.id} ${id}`)
    log.draft(`${id}-a`, 'half')
    await log.append({
      role: 'assistant',
      id: `${id}-a`,
      parts: [{ type: 'text', text: textOf(`${id}-a`) }],
      model: 'm',
      stop: 'end',
    })
    print(`acked ${log.id} ${id}-a`)
    await log.setMeta('turn', id)
    if (turn === 2 && Math.random() < 0.5) {
      await log.archive([id], {
        role: 'user',
        id: `${id}-s`,
        parts: [{ type: 'text', text: 'so far' }],
        origin: 'summary',
      })
      print(`archived ${log.id} ${id}`)
    }
  }
  await log.close()
  if (Math.random() < 0.1) await store.purge({ olderThanMs: 60_000_000 })
  if (Math.random() < 0.1) await store.search('message')
  if (Math.random() < 0.2) store.listSessions()
}

async function nextSession(count: number) {
  if (count % 3 === 2) {
    const shared = await store.openSession('shared')
    if (shared.ok) return shared.value.log
    if (shared.error.kind !== 'owned') throw new Error(shared.error.message)
    return undefined
  }
  const own = store.listSessions(name).find(each => !each.running)
  if (own && count % 3 === 1) {
    const resumed = await store.openSession(own.id)
    if (!resumed.ok) return undefined
    if (resumed.value.damage) print(`damage ${own.id}`)
    return resumed.value.log
  }
  const created = store.createSession({ ...HEADER, project: name })
  return created.ok ? created.value : undefined
}
