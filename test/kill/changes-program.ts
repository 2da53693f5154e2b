/**
 * Writes one change set after the other, until it is killed: `write`. Or does what every start of kode does: `recover`.
 * Arguments: mode, project, journal folder, and for `write` at which call to the file system to die (0: never).
 */
import syncFs from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import { hashOf } from '#shared/edits/text-file'
import { type Door, recoverInterrupted, writeChanges } from '#shared/edits/write'
import { nodeFiles } from '#shared/host/node/files'
import { contentsAt, type ProjectState } from './changes-state'

const [mode = '', root = '', journalFolder = '', dieAt = '0', from = '0'] = process.argv.slice(2)
const door: Door = { root, journalFolder, files: nodeFiles(), now: () => Date.now() }

if (mode === 'recover') {
  const recovered = await recoverInterrupted(door)
  if (!recovered.ok) throw new Error(recovered.error.message)
  console.log(JSON.stringify(recovered.value))
} else {
  if (dieAt !== '0') dieAtCall(Number(dieAt))
  for (let version = Number(from); ; version++) {
    const written = await writeChanges(changesBetween(contentsAt(version), contentsAt(version + 1)), door)
    if (!written.ok) throw new Error(written.error.message)
    // Acknowledged: from here on it must never be lost.
    console.log(version + 1)
  }
}

function changesBetween(before: ProjectState, after: ProjectState): ChangeSet {
  const files: FileChange[] = []
  for (const [path, { text, mode }] of Object.entries(after)) {
    const old = before[path]
    if (!old) files.push({ path, kind: 'create', after: text, mode, hunkIds: [] })
    else if (old.text !== text || old.mode !== mode) {
      files.push({ path, kind: 'modify', before: old.text, after: text, base: baseOf(old.text), mode, hunkIds: [] })
    }
  }
  for (const [path, { text }] of Object.entries(before)) {
    if (!after[path]) files.push({ path, kind: 'delete', before: text, base: baseOf(text), hunkIds: [] })
  }
  return { id: 'set', files }
}

function baseOf(text: string) {
  return { hash: hashOf(Buffer.from(text)), encoding: 'utf-8', hasBom: false }
}

/** Every call that reaches the disk is counted; before the n-th the process dies. */
function dieAtCall(last: number): void {
  let calls = 0
  const count = () => {
    if (++calls === last) process.kill(process.pid, 'SIGKILL')
  }
  const counting = (target: object, names: readonly string[]) => {
    for (const name of names) {
      const original = Reflect.get(target, name)
      Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
        count()
        return Reflect.apply(original, this, args)
      })
    }
  }
  counting(fs, ['open', 'unlink', 'mkdir', 'rm', 'writeFile'])
  counting(syncFs, ['renameSync', 'linkSync', 'unlinkSync', 'mkdirSync', 'rmdirSync', 'symlinkSync'])
  syncBuiltinESMExports()
  const open = fs.open
  fs.open = async (...args: Parameters<typeof open>) => {
    const file = await open(...args)
    counting(file, ['write', 'writeFile', 'sync', 'datasync', 'chmod', 'chown', 'close'])
    return file
  }
}
