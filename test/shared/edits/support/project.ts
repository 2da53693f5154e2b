import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildChangeSet } from '#shared/edits/build-change-set'
import type { ChangeSet } from '#shared/edits/change-set'
import { readProposal } from '#shared/edits/proposal'
import { type Door, type WrittenFiles, writeChanges } from '#shared/edits/write'
import { nodeFiles } from '#shared/host/node/files'

/** A project in a temporary folder, with the door into it. */
export interface TestProject {
  door: Door
  /** Absolute path of a file in it. */
  at(path: string): string
  put(path: string, content: string | Uint8Array): void
  text(path: string): string
  /** Everything in it: path → kind, mode and content. */
  tree(): Record<string, string>
  /** Reads a proposal and builds the change set; throws when it does not fit. */
  propose(proposal: string | object): Promise<ChangeSet>
  /** … and writes it. */
  land(proposal: string | object, turnId?: string): Promise<WrittenFiles>
}

/** @param folder where to make it; default: the system's temporary folder */
export function testProject(folder: string = tmpdir()): TestProject {
  const top = realpathSync(mkdtempSync(join(folder, 'kode-edits-')))
  const root = join(top, 'project')
  mkdirSync(root)
  let now = 1_700_000_000_000
  const door: Door = { root, files: nodeFiles(), journalFolder: join(top, 'journal'), now: () => now++ }
  const at = (path: string) => join(root, path)
  const project: TestProject = {
    door,
    at,
    put(path, content) {
      mkdirSync(dirname(at(path)), { recursive: true })
      writeFileSync(at(path), content)
    },
    text: path => readFileSync(at(path), 'utf8'),
    tree: () => treeOf(root),
    async propose(proposal) {
      const read = readProposal(typeof proposal === 'string' ? proposal : JSON.stringify(proposal))
      if (!read.ok) throw new Error(JSON.stringify(read.error))
      const built = await buildChangeSet(read.value, door)
      if (!built.ok) throw new Error(JSON.stringify(built.error))
      return built.value
    },
    async land(proposal, turnId) {
      const changes = await project.propose(proposal)
      const written = await writeChanges(changes, door, { turnId: turnId ?? changes.id, title: turnId ?? '' })
      if (!written.ok) throw new Error(JSON.stringify(written.error))
      return written.value
    },
  }
  return project
}

/** Everything below a folder: path → kind, mode and content. */
export function treeOf(root: string): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(root, name)
    const stat = lstatSync(path)
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isSymbolicLink()) tree[name] = `link ${readlinkSync(path)}`
    else if (stat.isDirectory()) tree[name] = `folder ${mode}`
    else if (!stat.isFile()) tree[name] = 'special'
    else tree[name] = `file ${mode} ${readFileSync(path).toString('latin1')}`
  }
  return tree
}
