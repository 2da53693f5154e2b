import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { buildProgram } from './support/own-process'
import { testProject } from './support/project'

/** Says, in order, which files and folders a write made durable and which it put in place; short names. */
const PROGRAM = `
  import syncFs from 'node:fs'
  import fs from 'node:fs/promises'
  import { syncBuiltinESMExports } from 'node:module'
  import { basename } from 'node:path'
  import { writeChanges } from '#shared/edits/write'
  import { nodeFiles } from '#shared/host/node/files'
  const [root, journalFolder, changes] = process.argv.slice(2)
  const events = []
  const open = fs.open
  fs.open = async (path, ...rest) => {
    const file = await open(path, ...rest)
    const real = syncFs.readlinkSync('/proc/self/fd/' + file.fd)
    const sync = file.sync
    file.sync = async () => {
      await sync.call(file)
      events.push(['sync', real])
    }
    return file
  }
  for (const name of ['renameSync', 'linkSync']) {
    const original = syncFs[name]
    syncFs[name] = (from, to) => {
      const target = syncFs.realpathSync(to.slice(0, to.lastIndexOf('/'))) + '/' + basename(to)
      const source = syncFs.realpathSync(from.slice(0, from.lastIndexOf('/'))) + '/' + basename(from)
      events.push(['place', target, source])
      original(from, to)
    }
  }
  syncBuiltinESMExports()
  const written = await writeChanges(JSON.parse(changes), { root, journalFolder, files: nodeFiles(), now: () => 0 })
  if (!written.ok) throw new Error(written.error.message)
  console.log(JSON.stringify(events))`

type Event = ['sync', string] | ['place', string, string]

test.skipIf(process.platform !== 'linux')(
  'nothing is put in place before it, and what it replaces, would survive a power cut',
  async () => {
    const project = testProject()
    const { root, journalFolder } = project.door
    project.put('sub/a.txt', 'old\n')
    const changes = await project.propose([
      { file_path: 'sub/a.txt', action: 'MODIFY', anchor_text: 'old', new_text: 'new' },
      { file_path: 'n.txt', action: 'CREATE', new_text: 'new\n' },
    ])
    const args = [buildProgram(PROGRAM), root, journalFolder, JSON.stringify(changes)]
    const events = JSON.parse(execFileSync(process.execPath, args).toString()) as Event[]
    const indexOf = (wanted: (event: Event) => boolean) => events.findIndex(wanted)

    const placed = events.filter(event => event[0] === 'place')
    for (const [, target, source] of placed) {
      if (source.includes('.pending.')) continue
      expect(
        indexOf(event => event[0] === 'sync' && event[1] === source),
        `${target} is durable`,
      ).not.toBe(-1)
      expect(indexOf(event => event[0] === 'sync' && event[1] === source)).toBeLessThan(
        indexOf(event => event[0] === 'place' && event[1] === target),
      )
    }
    const firstInWorkspace = indexOf(event => event[0] === 'place' && event[1].startsWith(`${root}/`))
    const lastInWorkspace = events.findLastIndex(event => event[0] === 'place' && event[1].startsWith(`${root}/`))
    const journalIsDurable = indexOf(event => event[0] === 'sync' && event[1] === journalFolder)
    expect(journalIsDurable).toBeGreaterThan(indexOf(event => event[0] === 'place' && event[1].includes('.pending.')))
    expect(journalIsDurable).toBeLessThan(firstInWorkspace)
    const settled = indexOf(event => event[0] === 'place' && event[1].includes('.done.'))
    for (const folder of [root, `${root}/sub`]) {
      const synced = events.findLastIndex(event => event[0] === 'sync' && event[1] === folder)
      expect(synced).toBeGreaterThan(lastInWorkspace)
      expect(synced).toBeLessThan(settled)
    }
  },
)
