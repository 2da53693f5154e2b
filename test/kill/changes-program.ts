/**
 * Writes one change set after the other, until it is killed: `write`. Or does what every start of kode does: `recover`.
 * Arguments: mode, project, journal folder, and for `write` at which call to the file system to die (0: never).
 */
import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import { hashOf } from '#shared/edits/text-file'
import { type Door, recoverInterrupted, writeChanges } from '#shared/edits/write'
import { nodeFiles } from '#shared/host/node/files'
import { contentsAt, type ProjectState } from './changes-state'
import { dieAtCall } from './die-at-call'

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
