import { spawnSync } from 'node:child_process'
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Message } from '#shared/protocol/messages'
import { Catalog } from '#shared/store/catalog'
import { frame } from '#shared/store/journal-record'
import { storePaths } from '#shared/store/paths'
import { openStore, type Store } from '#shared/store/sessions'

/**
 * Prints what the store costs, with the machine's own fsync beside it: `npm run bench:store [-- megabytes of history]`.
 * Each line is measured in a process of its own, so that no other one's memory or warm code counts.
 */
const MEASURES: Record<string, () => Promise<void> | void> = {
  start,
  sync: rawSync,
  'append-0': () => append(0),
  'append-10': () => append(10),
  [`append-${historyMbFrom(process.argv)}`]: () => append(historyMb),
  open: () => open50(false),
  'open-archived': () => open50(true),
  list: list10k,
  search: searchAll,
  ...forFolder(process.argv[4]),
}
const historyMb = historyMbFrom(process.argv)
const [measure = ''] = process.argv.slice(3)
const root = mkdtempSync(join(tmpdir(), 'kode-bench-'))
const HEADER = { project: '/work', agent: 'kode', provider: 'p', model: 'm', mode: 'safe' as const }

try {
  const chosen = MEASURES[measure]
  if (chosen) await chosen()
  else for (const name of Object.keys(MEASURES)) runSelf(String(historyMb), name)
} finally {
  rmSync(root, { recursive: true, force: true })
}

function historyMbFrom(args: readonly string[]): number {
  return Number(args[2] ?? 200)
}

function runSelf(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [process.argv[1] ?? '', ...args], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`)
}

function start(): void {
  const open = (run: number) => {
    storeIn(join(root, `start-${run}`)).createSession(HEADER)
  }
  measured('open a new store, create a session', 20, open)
  measured('open the store, create a session', 20, open)
}

function rawSync(): Promise<void> {
  const fd = openSync(join(root, 'raw'), 'a')
  const bytes = Buffer.alloc(5000, 'x')
  return measured('raw append + fdatasync, 5 KB', 200, () => {
    writeSync(fd, bytes)
    fdatasyncSync(fd)
  })
}

async function append(megabytes: number): Promise<void> {
  const folder = join(root, 'append')
  const store = storeIn(folder)
  const opened = await store.openSession(writeSession(folder, 'large', megabytes, true))
  if (!opened.ok) throw new Error(opened.error.message)
  const { log } = opened.value
  const messages = Array.from({ length: 200 }, (_, count) => message(`new-${count}`, 5000))
  await measured(`durable message of 5 KB, ${megabytes} MB of history`, messages.length, async run => {
    const next = messages[run]
    if (next) await log.append(next)
  })
  await log.close()
}

async function open50(isArchived: boolean): Promise<void> {
  const folder = join(root, 'open')
  const store = storeIn(folder)
  const id = writeSession(folder, 'large', 50, isArchived)
  await measured(`open a session of 50 MB${isArchived ? ', all but the end archived' : ''}`, 9, async () => {
    const opened = await store.openSession(id)
    if (!opened.ok) throw new Error(opened.error.message)
    opened.value.log.messages()
    await opened.value.log.close()
  })
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
  await measured('list of 10,000 sessions, the first time in a process', 1, () => {
    store.listSessions()
  })
  await measured('list of 10,000 sessions', 9, () => {
    store.listSessions()
  })
}

function searchAll(): void {
  const folder = join(root, 'search')
  const sessions = Math.max(1, Math.round(historyMb / 10))
  storeIn(folder)
  for (let count = 0; count < sessions; count++) writeSession(folder, `s${count}`, 10, false)
  // What was made here counts as memory of this process for good, so each is measured in another.
  for (const name of Object.keys(forFolder(folder))) runSelf(String(historyMb), name, folder)
}

/** Measures over a folder that another process made. */
function forFolder(folder: string | undefined): typeof MEASURES {
  if (folder === undefined) return {}
  return {
    'list-in': () => memory('list without a catalog', () => void storeIn(folder).listSessions()),
    'index-in': () => memory('first search, which makes the index,', () => storeIn(folder).search('needle')),
    'search-in': () => searchIn(folder),
    'append-in': () => memory('200 messages of a new session', () => appendTo(storeIn(folder))),
  }
}

async function appendTo(store: Store): Promise<void> {
  const created = store.createSession(HEADER)
  if (!created.ok) throw new Error(created.error.message)
  for (let count = 0; count < 200; count++) await created.value.append(message(`m${count}`, 5000))
  await created.value.close()
}

/** The most memory the process took, and how much of that before the store was opened. */
async function memory(what: string, action: () => unknown): Promise<void> {
  const most = () => Math.round(process.resourceUsage().maxRSS / 1000)
  const before = most()
  await measured(`${historyMb} MB: ${what}`, 1, async () => void (await action()))
  console.log(`  at most ${most()} MB of memory, ${most() - before} MB of them for it`)
}

async function searchIn(folder: string): Promise<void> {
  const store = storeIn(folder)
  await memory('search', () => store.search('word1 word2'))
  for (const [what, query] of [
    ['words that many messages hold', (run: number) => `word${run} word`],
    ['two rare words', (run: number) => `word${run}123 word2${run}21`],
    ['a word that nobody said', (run: number) => `needle${run}`],
  ] as const) {
    await measured(`search in ${historyMb} MB, ${what}`, 9, async run => {
      await store.search(query(run))
    })
  }
}

/** A session of a given size, written as the store writes it. */
function writeSession(folder: string, id: string, megabytes: number, isArchived: boolean): string {
  const { sessions } = storePaths(folder)
  mkdirSync(sessions, { recursive: true })
  const fd = openSync(join(sessions, `${id}.1.log`), 'w')
  writeSync(fd, frame('session', id, { schema: 1, id, ...HEADER, created_at: 1 }))
  const ids = Array.from({ length: megabytes * 200 }, (_, each) => `m${each}`)
  for (const each of ids) writeSync(fd, frame('message', each, { at: 1, message: message(each, 5000) }))
  if (isArchived) writeSync(fd, frame('archive', 'a1', { at: 2, ids: ids.slice(0, -4) }))
  closeSync(fd)
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

/** Processor time is beside it, since other programs on the machine do not count in it. */
async function measured(what: string, runs: number, action: (run: number) => Promise<void> | void): Promise<void> {
  const times: number[] = []
  const before = process.cpuUsage()
  for (let run = 0; run < runs; run++) {
    const at = performance.now()
    await action(run)
    times.push(performance.now() - at)
  }
  const { user, system } = process.cpuUsage(before)
  const sorted = times.sort((a, b) => a - b)
  const share = (part: number) => ms(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
  const cpu = ms((user + system) / 1000 / runs)
  console.log(`${what.padEnd(58)} p50 ${share(0.5)} ms  p95 ${share(0.95)} ms  CPU ${cpu} ms`)
}

function ms(time: number): string {
  return time.toFixed(2).padStart(9)
}
