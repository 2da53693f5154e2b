import { createHash } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import { Semaphore } from '#shared/base/semaphore'
import { IgnoreRules } from '#shared/edits/ignore-rules'
import type { FileSystem, Processes } from '#shared/host/host'
import { SAFE_GIT } from '#shared/host/safe-git'
import { WorkingCopy } from './working-copy'

export interface CopySources {
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  /** Where copies live while they are worked on: a folder of the user's cache. */
  cacheFolder: string
  /** Where work is kept that did not come home: a folder of the user's own. */
  patchFolder: string
}

/** Work of a process that died, found at the next start. */
export interface FoundWork {
  title: string
  /** Folder that holds it. */
  kept: string
  paths: string[]
}

/** What a project needs to run and what is too large to copy. */
const SHARED_FOLDERS = ['node_modules', '.venv', 'venv']
/** kode's own log is nobody's work. */
const NOT_COPIED = 'logs/kode.log'
/** At once; more only wait for the disk. */
const MAX_PARALLEL = 4
const TIMEOUT_MS = 120_000
const LOCK = 'lock'

/**
 * Copies of a project that agents write in, side by side. Each starts from the files as they are, changed and new ones
 * too, and is a git worktree where the project is a repository. What is made here by a process that dies is found at the
 * next start: the work in it is kept as a patch, and everything else goes.
 */
export class WorkingCopies {
  readonly #sources: CopySources
  /** Of all kode processes in this project. */
  readonly #folder: string
  readonly #patchFolder: string
  /** Of this process; its lock says that it lives. */
  readonly #own: string
  readonly #copies = new Set<WorkingCopy>()
  readonly #gate = new Semaphore(MAX_PARALLEL)
  /** Git reads what another `git worktree add` has only half written, and fails. */
  readonly #registering = new Semaphore(1)
  #closing: Promise<void> | undefined
  #unlock: (() => Promise<void>) | undefined
  #opening: Promise<Result<void, string>> | undefined
  /** Packed while nobody finished packing: who comes meanwhile starts from the same state. */
  readonly #packing = new Map<string, Promise<Result<Base, string>>>()

  /** @param root absolute, links resolved: the project that the user works in */
  constructor(root: string, sources: CopySources) {
    const name = createHash('sha256').update(root).digest('hex').slice(0, 12)
    this.#sources = sources
    this.#folder = join(sources.cacheFolder, 'agents', name)
    this.#patchFolder = join(sources.patchFolder, name)
    this.#own = join(this.#folder, newId())
  }

  /** @param root the folder to copy: the project, or a copy of it */
  async make(root: string, title: string): Promise<Result<WorkingCopy, string>> {
    this.#opening ??= this.#open()
    const opened = await this.#opening
    if (!opened.ok) return opened
    const packing = this.#packing.get(root) ?? this.#pack(root)
    this.#packing.set(root, packing)
    const base = await packing.finally(() => {
      if (this.#packing.get(root) === packing) this.#packing.delete(root)
    })
    if (!base.ok) return base
    base.value.users++
    const copy = await this.#gate.run(() => this.#unpack(base.value, root, title))
    if (!copy.ok) await this.#release(base.value)
    return copy
  }

  /** Takes up what dead processes left. */
  async recover(): Promise<FoundWork[]> {
    const { files } = this.#sources
    const listed = await files.list(this.#folder)
    if (!listed.ok) return []
    const found: FoundWork[] = []
    for (const { name } of listed.value) {
      const folder = join(this.#folder, name)
      if (folder === this.#own) continue
      const lock = await files.lock(join(folder, LOCK), 0)
      // It is alive.
      if (!lock.ok) continue
      const copies = await files.list(join(folder, 'copies'))
      let mustStay = false
      for (const each of copies.ok ? copies.value : []) {
        const copy = await WorkingCopy.leftBehind(join(folder, 'copies', each.name), this.#placeOf(folder, each.name))
        const kept = await copy?.keep('the process that ran it died')
        if (copy && kept?.ok && kept.value) found.push({ title: copy.title, ...kept.value })
        await copy?.remove()
        mustStay ||= copy?.mustStay === true
      }
      await lock.value()
      if (!mustStay) await files.remove(folder, true)
    }
    await files.remove(this.#folder)
    return found
  }

  /** Once every agent has ended; safe to call again. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (!this.#opening) return
    await this.#opening
    await Promise.all([...this.#copies].map(copy => copy.remove()))
    await this.#unlock?.()
    // Found by the next start, which tries again to keep it.
    if ([...this.#copies].some(copy => copy.mustStay)) return
    await this.#sources.files.remove(this.#own, true)
    await this.#sources.files.remove(this.#folder)
  }

  async #open(): Promise<Result<void, string>> {
    const lock = await this.#sources.files.lock(join(this.#own, LOCK), 0)
    if (!lock.ok) return fail(`no copy of the project can be made: ${lock.error.message}`)
    this.#unlock = lock.value
    return ok(undefined)
  }

  /** Everything that counts as work, in one archive. */
  async #pack(root: string): Promise<Result<Base, string>> {
    const { files } = this.#sources
    const rules = await IgnoreRules.above(root, files)
    const walked = await files.walk(root, {
      enters: (path, names) => rules.enters(path, names),
      includes: path => path !== NOT_COPIED && rules.includes(path),
    })
    if (!walked.ok) return fail(`no copy of the project can be made: ${walked.error.message}`)
    const git = await this.#repositoryAt(root)
    // What git knows is work, whatever is ignored by now.
    const known = git
      ? await this.#run('git', ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'], root)
      : ok('')
    const paths = new Set(walked.value.filter(file => file.type !== 'other').map(file => file.path))
    for (const path of known.ok ? known.value.split('\0') : []) {
      if (path !== '' && (await files.lstat(join(root, path))).ok) paths.add(path)
    }
    const archive = join(this.#own, 'bases', `${newId()}.tar`)
    const made = await files.makeFolder(dirname(archive))
    if (!made.ok) return fail(`no copy of the project can be made: ${made.error.message}`)
    const list = [...paths].map(path => `./${path}`).join('\0')
    const packed = await this.#run('tar', ['-c', '-f', archive, '-C', root, '--null', '-T', '-'], root, list)
    if (!packed.ok) return fail(`no copy of the project can be made: ${packed.error}`)
    return ok({ archive, users: 0, paths, ...(git && { git }) })
  }

  async #unpack(base: Base, root: string, title: string): Promise<Result<WorkingCopy, string>> {
    const id = newId()
    const place = this.#placeOf(this.#own, id)
    // Before the first file of it is there, so that it is found whenever the process dies.
    const copy = await WorkingCopy.begin(join(this.#own, 'copies', id), place, {
      title,
      source: root,
      archive: base.archive,
      links: await this.#sharedFolders(root),
      ...(base.git && { gitFolder: join(base.git.folder, 'worktrees', id) }),
    })
    if (!copy.ok) return copy
    const filled = await this.#fill(copy.value, base, root)
    if (!filled.ok) {
      await copy.value.remove()
      return filled
    }
    this.#copies.add(copy.value)
    copy.value.onRemoved(async () => {
      this.#copies.delete(copy.value)
      await this.#release(base)
    })
    return copy
  }

  async #release(base: Base): Promise<void> {
    if (--base.users === 0) await this.#sources.files.remove(base.archive)
  }

  async #fill(copy: WorkingCopy, base: Base, root: string): Promise<Result<void, string>> {
    const { files } = this.#sources
    const worktree = ['worktree', 'add', '--quiet', '--no-checkout', '--detach', copy.root, 'HEAD']
    // A repository without a commit has nothing to make a worktree of.
    const { git } = base
    const isWorktree = git !== undefined && (await this.#registering.run(() => this.#run('git', worktree, root))).ok
    // What is staged is staged in the copy too.
    if (isWorktree && git.index && copy.gitFolder) await files.append(join(copy.gitFolder, 'index'), git.index)
    if (!isWorktree) await files.makeFolder(copy.root)
    const unpacked = await this.#run(
      'tar',
      ['-x', '-p', '--no-same-owner', '-f', base.archive, '-C', copy.root],
      copy.root,
    )
    if (!unpacked.ok) return fail(`no copy of the project can be made: ${unpacked.error}`)
    return copy.noteStart(base.paths)
  }

  /** The repository whose top the folder is. */
  async #repositoryAt(root: string): Promise<Repository | undefined> {
    const { files } = this.#sources
    if (!(await files.lstat(join(root, '.git'))).ok) return undefined
    const names = ['rev-parse', '--git-common-dir', '--git-path', 'index']
    const found = await this.#run('git', names, root)
    const [folder, index] = found.ok ? found.value.trimEnd().split('\n') : []
    if (folder === undefined || index === undefined) return undefined
    const bytes = await files.read(resolve(root, index))
    return { folder: resolve(root, folder), ...(bytes.ok && { index: bytes.value }) }
  }

  async #sharedFolders(root: string): Promise<{ name: string; target: string }[]> {
    const links = SHARED_FOLDERS.map(name => ({ name, target: join(root, name) }))
    const there = await Promise.all(links.map(link => this.#sources.files.realpath(link.target)))
    return links.flatMap(({ name }, index) => {
      const real = there[index]
      return real?.ok ? [{ name, target: real.value }] : []
    })
  }

  #placeOf(folder: string, id: string) {
    const { files } = this.#sources
    return {
      files,
      root: join(folder, 'trees', id),
      patchFolder: join(this.#patchFolder, id),
      run: (program: string, args: readonly string[], cwd: string, input?: string) =>
        this.#run(program, args, cwd, input),
    }
  }

  async #run(program: string, args: readonly string[], cwd: string, input?: string): Promise<Result<string, string>> {
    const { processes, env } = this.#sources
    const ended = await processes.run({
      program,
      args: program === 'git' ? [...SAFE_GIT, ...args] : args,
      cwd,
      env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C' },
      timeoutMs: TIMEOUT_MS,
      ...(input !== undefined && { input }),
    })
    if (!ended.ok) return fail(ended.error.message)
    if (ended.value.exitCode === 0) return ok(ended.value.stdout)
    return fail(`${program}: ${ended.value.stderr.trim().split('\n')[0]}`)
  }
}

/** The state that copies start from. */
interface Base {
  archive: string
  git?: Repository
  /** Copies that need it still. */
  users: number
  paths: ReadonlySet<string>
}

interface Repository {
  /** Absolute; shared by all its worktrees. */
  folder: string
  /** What is staged. */
  index?: Uint8Array
}
