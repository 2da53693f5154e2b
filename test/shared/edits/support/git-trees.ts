import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RandomTree, writeTree } from './random-files'

/** A repository that only makes diffs, with git's own settings. */
export class GitTrees {
  readonly #top = mkdtempSync(join(tmpdir(), 'kode-git-'))
  #count = 0

  constructor() {
    this.#git(this.#top, 'init', '-q', '--bare', this.#gitFolder)
  }

  /** What `git diff` prints between two states of a project; empty where they are the same. */
  diff(before: RandomTree, after: RandomTree, options: readonly string[]): Buffer {
    const trees = [before, after].map(tree => this.#treeOf(tree))
    const settings = options.filter(option => option.includes('.')).flatMap(option => ['-c', option])
    const flags = options.filter(option => !option.includes('.'))
    return this.#git(this.#top, ...settings, 'diff', ...flags, ...trees)
  }

  close(): void {
    rmSync(this.#top, { recursive: true })
  }

  #treeOf(tree: RandomTree): string {
    const folder = join(this.#top, `tree${this.#count++}`)
    execFileSync('mkdir', [folder])
    writeTree(folder, tree)
    this.#git(folder, '-c', 'core.autocrlf=false', 'add', '-A', '-f', '.')
    const name = this.#git(folder, 'write-tree').toString().trim()
    rmSync(folder, { recursive: true })
    rmSync(`${folder}.index`, { force: true })
    return name
  }

  #git(folder: string, ...args: string[]): Buffer {
    const env = {
      PATH: process.env.PATH ?? '',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      ...(folder === this.#top
        ? { GIT_DIR: this.#gitFolder }
        : { GIT_DIR: this.#gitFolder, GIT_WORK_TREE: folder, GIT_INDEX_FILE: `${folder}.index` }),
    }
    return execFileSync('git', args, { cwd: folder, env })
  }

  get #gitFolder(): string {
    return join(this.#top, 'repository.git')
  }
}

/** Applies a diff as `git apply` does; false where it refuses. */
export function gitApplies(root: string, diff: Uint8Array, options: readonly string[]): boolean {
  try {
    const args = ['apply', '--whitespace=nowarn', ...options, '-']
    const env = { PATH: process.env.PATH ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
    execFileSync('git', args, { cwd: root, input: diff, env, stdio: ['pipe', 'ignore', 'ignore'] })
    return true
  } catch (error) {
    if (error instanceof Error && 'status' in error) return false
    throw error
  }
}
