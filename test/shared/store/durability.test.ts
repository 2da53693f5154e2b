import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildProgram } from '../edits/support/own-process'

/** Uses the store, and says in order what reached the file system: `write`, `sync`, `place` and `remove` of which path. */
const PROGRAM = `
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  import { openStore } from '#shared/store/sessions'
  const [folder] = process.argv.slice(2)
  const events = []
  const pathOf = fd => fs.readlinkSync('/proc/self/fd/' + fd)
  const wrap = (name, note) => {
    const original = fs[name]
    fs[name] = (...args) => {
      const event = note(...args)
      const last = args.at(-1)
      if (typeof last === 'function') args[args.length - 1] = (...end) => (events.push(event), last(...end))
      else events.push(event)
      return original(...args)
    }
  }
  wrap('writeSync', fd => ['write', pathOf(fd)])
  wrap('fsyncSync', fd => ['sync', pathOf(fd)])
  wrap('fdatasync', fd => ['sync', pathOf(fd)])
  wrap('renameSync', (from, to) => ['place', to, from])
  wrap('linkSync', (from, to) => ['place', to, from])
  wrap('rmSync', path => ['remove', path])
  wrap('mkdirSync', path => ['make', path])
  syncBuiltinESMExports()
  const opened = openStore({ folder, now: Date.now })
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  const created = store.createSession({ id: 's', project: '/p', agent: '', provider: '', model: '', mode: 'safe' })
  if (!created.ok) throw new Error(created.error.message)
  const log = created.value
  const user = (id, text) => ({ role: 'user', id, parts: [{ type: 'text', text }], origin: 'typed' })
  await log.append(user('u1', 'first'))
  events.push(['saved', 'first'])
  await log.append(user('u2', 'second'))
  events.push(['saved', 'second'])
  await log.append(user('u3', 'long '.repeat(20_000)))
  events.push(['saved', 'long'])
  await log.archive(['u1'])
  events.push(['saved', 'archive'])
  await log.close()
  await store.purge()
  events.push(['saved', 'purge'])
  console.log(JSON.stringify(events))`

type Event = ['write' | 'sync' | 'remove' | 'make' | 'saved', string] | ['place', string, string]

describe.skipIf(process.platform !== 'linux')('what the store calls saved would survive a power cut', () => {
  const top = mkdtempSync(join(tmpdir(), 'kode-durable-'))
  afterAll(() => rmSync(top, { recursive: true }))
  const folder = join(top, 'made', 'db')
  const journal = join(folder, 'sessions', 's.1.log')
  let events: Event[] = []
  beforeAll(() => {
    events = JSON.parse(execFileSync(process.execPath, [buildProgram(PROGRAM), folder]).toString())
  })
  const saved = (what: string) => events.findIndex(event => event[0] === 'saved' && event[1] === what)
  /** The last one of a kind before a moment; -1 when there is none. */
  const last = (kind: Event[0], path: RegExp, before = events.length) =>
    events.slice(0, before).findLastIndex(event => event[0] === kind && path.test(event[1]))

  test.each(['first', 'second', 'long', 'archive'])(
    'the %s message is on the disk with everything written before it',
    what => {
      const written = last('write', /s\.1\.log$/, saved(what))
      expect(written).not.toBe(-1)
      expect(last('sync', /s\.1\.log$/, saved(what))).toBeGreaterThan(written)
    },
  )

  test('so are the names of the journal and of the folders it is in', () => {
    expect(events.some(event => event[0] === 'write' && event[1] === journal)).toBe(true)
    expect(last('sync', /\/sessions$/, saved('first'))).toBeGreaterThan(last('write', /s\.1\.log$/, saved('first')))
    expect(last('sync', /\/db$/, saved('first'))).toBeGreaterThan(last('make', /\/db\/leases$/))
    expect(last('sync', /\/made$/, saved('first'))).not.toBe(-1)
  })

  test.each([
    ['a long text', /blobs\/s\/[0-9a-f]{64}$/, /blobs\/s$/, 'long'],
    ['the number of the schema', /db\/schema\.json$/, /db$/, 'first'],
    ['a rewritten journal', /sessions\/s\.2\.log$/, /sessions$/, 'purge'],
  ])('%s is whole before it gets its name, and the name is there before it counts', (_, file, parent, what) => {
    const placed = last('place', file, saved(what))
    const source = events[placed]?.[2] ?? ''
    const isSource = (event: Event) => event[0] === 'sync' && event[1] === source
    expect(events.slice(0, placed).some(isSource)).toBe(true)
    expect(last('sync', parent, saved(what))).toBeGreaterThan(placed)
  })

  test('a long text is there before the message that names it, also the folder it is in', () => {
    const named = last('write', /s\.1\.log$/, saved('long'))
    expect(last('sync', /blobs\/s$/, named)).not.toBe(-1)
    expect(last('sync', /\/blobs$/, named)).not.toBe(-1)
    expect(last('sync', /blobs\/s$/, named)).toBeGreaterThan(last('place', /blobs\/s/))
  })

  test('the old generation goes only when the new one is there for good', () => {
    const removed = last('remove', /s\.1\.log$/)
    expect(removed).not.toBe(-1)
    const placed = last('place', /s\.2\.log$/)
    expect(events.slice(placed, removed).some(event => event[0] === 'sync' && event[1].endsWith('/sessions'))).toBe(
      true,
    )
  })
})
