import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Message } from '#shared/protocol/messages'
import { Catalog } from '#shared/store/catalog'
import { frame } from '#shared/store/journal'
import { storePaths } from '#shared/store/paths'
import { openStore, type Store } from '#shared/store/sessions'

/** Prints what the store costs, with the machine's own fsync beside it. `npm run bench:store [-- megabytes of history]` */
const historyMb = Number(process.argv[2] ?? 200)
const root = mkdtempSync(join(tmpdir(), 'kode-bench-'))
const HEADER = { project: '/work', agent: 'kode', provider: 'p', model: 'm', mode: 'safe' as const }

try {
  await start()
  print('raw append + fdatasync, 5 KB', rawSync(join(root, 'raw')))
  for (const megabytes of [0, 10, historyMb]) await append(megabytes)
  await open50()
  await list10k()
  await searchAll()
} finally {
  rmSync(root, { recursive: true, force: true })
}

function start(): void {
  const times: number[] = []
  for (let run = 0; run < 20; run++) {
    const at = performance.now()
    storeIn(join(root, `start-${run}`)).createSession(HEADER)
    times.push(performance.now() - at)
  }
  const again: number[] = []
  for (let run = 0; run < 20; run++) {
    const at = performance.now()
    storeIn(join(root, `start-${run}`)).createSession(HEADER)
    again.push(performance.now() - at)
  }
  print('open a new store, create a session', times)
  print('open the store, create a session', again)
}

function rawSync(path: string): number[] {
  const fd = openSync(path, 'a')
  const bytes = Buffer.alloc(5000, 'x')
  const times = Array.from({ length: 200 }, () => {
    const at = performance.now()
    writeSync(fd, bytes)
    fdatasyncSync(fd)
    return performance.now() - at
  })
  closeSync(fd)
  return times
}

async function append(megabytes: number): Promise<void> {
  const store = storeIn(join(root, `append-${megabytes}`))
  const id = writeSession(join(root, `append-${megabytes}`), 'large', megabytes, true)
  const opened = await store.openSession(id)
  if (!opened.ok) throw new Error(opened.error.message)
  const times: number[] = []
  for (let count = 0; count < 200; count++) {
    const at = performance.now()
    await opened.value.log.append(message(`new-${count}`, 5000))
    times.push(performance.now() - at)
  }
  await opened.value.log.close()
  print(`durable message of 5 KB, ${megabytes} MB of history`, times)
}

async function open50(): Promise<void> {
  for (const isArchived of [false, true]) {
    const folder = join(root, `open-${isArchived}`)
    const store = storeIn(folder)
    const id = writeSession(folder, 'large', 50, isArchived)
    const times: number[] = []
    for (let run = 0; run < 5; run++) {
      const at = performance.now()
      const opened = await store.openSession(id)
      if (!opened.ok) throw new Error(opened.error.message)
      opened.value.log.messages()
      times.push(performance.now() - at)
      await opened.value.log.close()
    }
    print(`open a session of 50 MB${isArchived ? ', all but the end archived' : ''}`, times)
  }
}

async function list10k(): Promise<void> {
  const folder = join(root, 'list')
  const store = storeIn(folder)
  const paths = storePaths(folder)
  const catalog = new Catalog(paths.catalog)
  const usage = {
    requests: 0,
    usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 },
    cost_usd: 0,
    unpriced: 0,
  }
  for (let count = 0; count < 10_000; count++) {
    const id = `session-${count}`
    const header = { id, ...HEADER, created_at: count }
    writeFileSync(join(paths.sessions, `${id}.1.log`), frame('session', id, { schema: 1, ...header }))
    catalog.put({
      ...header,
      title: `title of ${id}`,
      updated_at: count,
      messages: 4,
      archived_messages: 0,
      archived_bytes: 0,
      usage,
      bytes: 0,
    })
  }
  const times = Array.from({ length: 7 }, () => {
    const at = performance.now()
    store.listSessions()
    return performance.now() - at
  })
  print('list of 10,000 sessions', times)
}

async function searchAll(): Promise<void> {
  const folder = join(root, 'search')
  const store = storeIn(folder)
  const sessions = Math.max(1, Math.round(historyMb / 10))
  for (let count = 0; count < sessions; count++) writeSession(folder, `s${count}`, 10, false)
  const first = performance.now()
  await store.search('needle')
  print(`first search in ${sessions * 10} MB (makes the index)`, [performance.now() - first])
  const times: number[] = []
  for (let run = 0; run < 5; run++) {
    const at = performance.now()
    await store.search(`word${run}`)
    times.push(performance.now() - at)
  }
  print(`search in ${sessions * 10} MB`, times)
  console.log(`memory after it: ${Math.round(process.memoryUsage().rss / 1e6)} MB`)
}

/** A session of a given size, written as the store writes it. */
function writeSession(folder: string, id: string, megabytes: number, isArchived: boolean): string {
  const { sessions } = storePaths(folder)
  mkdirSync(sessions, { recursive: true })
  const records = [frame('session', id, { schema: 1, id, ...HEADER, created_at: 1 })]
  const count = megabytes * 200
  const ids = Array.from({ length: count }, (_, each) => `m${each}`)
  for (const each of ids) records.push(frame('message', each, { at: 1, message: message(each, 5000) }))
  if (isArchived) records.push(frame('archive', 'a1', { at: 2, ids: ids.slice(0, -4) }))
  writeFileSync(join(sessions, `${id}.1.log`), Buffer.concat(records))
  return id
}

function message(id: string, bytes: number): Message {
  let text = ''
  while (text.length < bytes) text += `word${Math.floor(Math.random() * 30_000)} `
  return { role: 'user', id, parts: [{ type: 'text', text }], origin: 'typed' }
}

function storeIn(folder: string): Store {
  const opened = openStore({ folder, now: Date.now })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

function print(what: string, timesMs: number[]): void {
  const sorted = [...timesMs].sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2)
  console.log(`${what.padEnd(60)} p50 ${at(0.5).padStart(9)} ms   p95 ${at(0.95).padStart(9)} ms`)
}
