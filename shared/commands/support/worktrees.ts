import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { SAFE_GIT } from '#shared/host/safe-git'
import { EXIT } from '#shared/protocol/exit-codes'
import { type CommandContext, CommandFailure } from '../command'

const GIT_TIMEOUT_MS = 30_000
/** What a project needs to run and git does not hold. */
const SHARED_FOLDERS = ['node_modules', '.venv', 'venv']

/** Working copies of a project beside it, in the state its files are in now; the project itself is not touched. */
export class Worktrees {
  readonly #context: CommandContext
  readonly #folder: string
  readonly #base: string

  private constructor(context: CommandContext, folder: string, base: string) {
    this.#context = context
    this.#folder = folder
    this.#base = base
  }

  /** Rejects where there is no git repository, or files that git does not know yet. */
  static async open(context: CommandContext): Promise<Worktrees> {
    const name = createHash('sha256').update(context.root).digest('hex').slice(0, 12)
    const folder = join(context.paths.cache, 'branches', name)
    const untracked = await git(['ls-files', '--others', '--exclude-standard'], context)
    const strange = untracked.split('\n').filter(path => path !== '' && !path.startsWith('logs/'))
    if (strange.length > 0) {
      const message = `--branches works on what git knows; add these first (git add): ${strange.slice(0, 5).join(', ')}`
      throw new CommandFailure(message, EXIT.usage)
    }
    // A commit of what is changed and staged, made beside the branch; empty when nothing is.
    const state = (await git(['stash', 'create'], context)).trim()
    const base = state || (await git(['rev-parse', 'HEAD'], context)).trim()
    await context.files.remove(folder, true)
    await git(['worktree', 'prune'], context)
    return new Worktrees(context, folder, base)
  }

  /** @returns the absolute folder */
  async add(id: string): Promise<string> {
    const { files, root } = this.#context
    const path = join(this.#folder, id)
    await git(['worktree', 'add', '--quiet', '--detach', path, this.#base], this.#context)
    for (const name of SHARED_FOLDERS) {
      const isThere = (await files.stat(join(root, name))).ok && !(await files.lstat(join(path, name))).ok
      if (isThere) await files.symlink(join(root, name), join(path, name))
    }
    return await files.realpath(path).then(real => (real.ok ? real.value : path))
  }

  /** Paths that git knew and that are gone in a copy. */
  async deletedIn(path: string): Promise<string[]> {
    const listed = await git(['ls-files', '--deleted', '-z'], { ...this.#context, root: path })
    return listed.split('\0').filter(each => each !== '')
  }

  async stage(paths: readonly string[]): Promise<void> {
    await git(['add', '--all', '--', ...paths], this.#context)
  }

  async close(): Promise<void> {
    await this.#context.files.remove(this.#folder, true)
    await git(['worktree', 'prune'], this.#context)
  }
}

async function git(args: readonly string[], { processes, root, env }: CommandContext): Promise<string> {
  const ended = await processes.run({
    program: 'git',
    args: [...SAFE_GIT, '-c', 'user.name=kode', '-c', 'user.email=kode@localhost', ...args],
    cwd: root,
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C' },
    timeoutMs: GIT_TIMEOUT_MS,
  })
  if (!ended.ok) throw new CommandFailure(`--branches needs git: ${ended.error.message}`, EXIT.usage)
  if (ended.value.exitCode === 0) return ended.value.stdout
  throw new CommandFailure(
    `--branches needs a git repository with a commit: ${ended.value.stderr.trim().split('\n')[0]}`,
    EXIT.usage,
  )
}
