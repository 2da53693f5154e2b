import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A project in a temporary folder with a home of its own beside it; removed when the test is over. */
export function tempProject(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'kode test ü ')))
  // What was killed may still be writing.
  onTestFinished(() => rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  const root = join(base, 'project')
  mkdirSync(root)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

/** Puts everything into a git repository. */
export function gitInit(root: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' })
  git('init', '--quiet', '--initial-branch=main')
  git('add', '-A')
  git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '--allow-empty', '-m', 'start')
}

/** One hash over every path, kind, mode and content below a folder; logs and git's own files left out. */
export function treeHash(root: string): string {
  const hash = createHash('sha256')
  const visit = (folder: string) => {
    for (const name of readdirSync(join(root, folder)).sort()) {
      const path = join(folder, name)
      if (path === '.git' || path === 'logs') continue
      const stat = lstatSync(join(root, path))
      hash.update(`${path}\0${stat.mode}\0`)
      if (stat.isDirectory()) visit(path)
      else if (stat.isSymbolicLink()) hash.update(readlinkSync(join(root, path)))
      else if (stat.isFile()) hash.update(readFileSync(join(root, path)))
    }
  }
  visit('.')
  return hash.digest('hex')
}
