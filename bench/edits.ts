/**
 * What the change engine costs: a set of 20 files through journal and rename, a write of one file, and the look for what
 * a command changed in 20,000 files. Beside each what the same writes, fsyncs and renames cost on this machine.
 * `node scripts/bench.mjs edits`
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileChange } from '#shared/edits/change-set'
import { undo } from '#shared/edits/checkpoint'
import { WorkspaceScanner } from '#shared/edits/scan'
import { hashOf } from '#shared/edits/text-file'
import { type Door, writeChanges } from '#shared/edits/write'
import { nodeFiles } from '#shared/host/node/files'

const ROUNDS = 40
const top = mkdtempSync(join(tmpdir(), 'kode-bench-'))
const root = join(top, 'project')
const door: Door = { root, journalFolder: join(top, 'journal'), files: nodeFiles(), now: () => Date.now() }
mkdirSync(root)
const body = 'export const value = 1\n'.repeat(220)

const floor20 = await measure(() => rawWrites(20))
const floor1 = await measure(() => rawWrites(1))
report('20-file change set', await measure(() => changeFiles(20)), floor20, 60)
report('1-file change set', await measure(() => changeFiles(1)), floor1)

for (let folder = 0; folder < 1000; folder++) {
  const path = join(root, `part${folder % 20}`, `folder${folder}`)
  mkdirSync(path, { recursive: true })
  for (let file = 0; file < 20; file++) writeFileSync(join(path, `file${file}.ts`), body)
}
const scanner = new WorkspaceScanner(door)
const first = performance.now()
await (await watch()).finish()
console.log(`first look at 20,000 files (reads and keeps them)  ${Math.round(performance.now() - first)} ms`)
report('one warm look at 20,000 files', await measure(oneLook, 15), undefined, 250)
const undoStart = performance.now()
await undo({}, door)
console.log(`undo of the last turn  ${Math.round(performance.now() - undoStart)} ms`)
rmSync(top, { recursive: true })

/** What safety asks of the disk: the journal's two files and their folder, the new files, their renames, their folder. */
async function rawWrites(count: number): Promise<number> {
  const write = async (name: string) => {
    await using file = await open(join(top, name), 'w')
    await file.writeFile(body)
    await file.sync()
  }
  const syncFolder = async () => {
    await using folder = await open(top)
    await folder.sync()
  }
  const numbers = Array.from({ length: count }, (_, index) => index)
  for (const index of numbers) writeFileSync(join(top, `raw-${index}`), body)
  const start = performance.now()
  await Promise.all([write('raw-record'), write('raw-contents')])
  await syncFolder()
  await Promise.all(numbers.map(index => write(`raw-${index}.new`)))
  for (const index of numbers) renameSync(join(top, `raw-${index}.new`), join(top, `raw-${index}`))
  await syncFolder()
  return performance.now() - start
}

async function changeFiles(count: number): Promise<number> {
  const files = Array.from({ length: count }, (_, index): FileChange => {
    const path = `file${index}.ts`
    writeFileSync(join(root, path), body)
    const base = { hash: hashOf(Buffer.from(body)), encoding: 'utf-8', hasBom: false }
    return { path, kind: 'modify', before: body, after: `${body}// ${Math.random()}\n`, base, hunkIds: [] }
  })
  const start = performance.now()
  const written = await writeChanges({ id: '', files }, door)
  if (!written.ok) throw new Error(written.error.message)
  return performance.now() - start
}

async function watch() {
  const begun = await scanner.begin({ turnId: String(Math.random()), title: '' })
  if (!begun.ok) throw new Error(begun.error.message)
  return begun.value
}

/** Half of begin and finish, with one file changed in between. */
async function oneLook(): Promise<number> {
  const start = performance.now()
  const command = await watch()
  writeFileSync(join(root, 'part0', 'folder0', 'file0.ts'), `${body}// ${Math.random()}\n`)
  await command.finish()
  return (performance.now() - start) / 2
}

/** @returns what each round took, in ascending order */
async function measure(use: () => Promise<number>, rounds = ROUNDS): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await use())
  return times.sort((a, b) => a - b)
}

function report(name: string, times: number[], floor?: number[], limitMs?: number): void {
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  const beside = floor
    ? `; the same writes, fsyncs and renames alone p50 ${floor[floor.length >> 1]!.toFixed(1)} ms, p95 ${floor[Math.floor(floor.length * 0.95)]!.toFixed(1)} ms, ratio ${(at(0.5) / floor[floor.length >> 1]!).toFixed(1)}`
    : ''
  const limit = limitMs === undefined ? '' : ` (limit ${limitMs})`
  console.log(`${name}  p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms${limit}${beside}`)
}
