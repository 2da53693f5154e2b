import { dirname, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import { parseRule, parseRules, type TrustRule } from './rules'

/** Where rules are kept; absolute. One rule a line, `#` begins a comment. */
export interface RulePlaces {
  /** The user's own: may loosen. */
  user: string
  /** The administrator's: may only tighten. */
  machine: string
  /** Of the user's own only those count that tighten; for `--bare`. */
  onlyTighten?: boolean
}

const MAX_FILE_BYTES = 1_000_000
const LOCK_WAIT_MS = 5_000

/** The rules that hold here: the user's, the machine's and the workspace's. Read anew each time, so that a revoked one ends at once. */
export class RuleBook {
  readonly #files: FileSystem
  readonly #places: RulePlaces
  readonly #workspace: readonly string[]

  /** @param workspace rules of the project's own file; what would loosen among them does not count */
  constructor(files: FileSystem, places: RulePlaces, workspace: readonly string[]) {
    this.#files = files
    this.#places = places
    this.#workspace = workspace
  }

  /** @returns what to tell the user about lines that do not count; a policy of the machine that cannot be read fails */
  async load(): Promise<Result<{ rules: TrustRule[]; problems: string[] }, { message: string }>> {
    const [user, machine] = await Promise.all([this.#lines(this.#places.user), this.#lines(this.#places.machine)])
    if (!machine.ok) return machine
    const policy = parseRules(machine.value, 'machine')
    // A policy that only half counts would not be the administrator's any more.
    const [broken] = policy.problems
    if (broken) return fail({ message: `${this.#places.machine}: ${broken}` })
    const own = parseRules(user.ok ? user.value : [], 'user')
    const project = parseRules(this.#workspace, 'workspace')
    const problems = [...(user.ok ? [] : [user.error.message]), ...own.problems, ...project.problems]
    const counted = this.#places.onlyTighten ? own.rules.filter(rule => rule.decision !== 'allow') : own.rules
    return ok({ rules: [...policy.rules, ...project.rules, ...counted], problems })
  }

  /** For a decision: when the machine's policy cannot be read, nothing may change. */
  async rules(): Promise<readonly TrustRule[]> {
    const loaded = await this.load()
    if (loaded.ok) return loaded.value.rules
    const text = loaded.error.message
    return [{ text, source: 'machine', decision: 'deny', class: 'local_mutation', programs: [], hosts: [] }]
  }

  /** Keeps a rule of the user's; one that is there already is not kept twice. */
  remember(text: string): Promise<Result<TrustRule, { message: string }>> {
    const rule = parseRule(text, 'user')
    if (!rule.ok) return Promise.resolve(rule)
    return this.#change(lines => (lines.includes(rule.value.text) ? lines : [...lines, rule.value.text]), rule.value)
  }

  /** Takes a rule of the user's back, by its text. */
  async revoke(text: string): Promise<Result<void, { message: string }>> {
    const user = await this.#lines(this.#places.user)
    if (!user.ok) return user
    if (!user.value.includes(text)) return fail({ message: `there is no rule "${text}" of yours` })
    return this.#change(lines => lines.filter(line => line !== text), undefined)
  }

  async #change<T>(change: (lines: string[]) => string[], result: T): Promise<Result<T, { message: string }>> {
    const { user } = this.#places
    const release = await this.#files.lock(join(dirname(user), 'rules.lock'), LOCK_WAIT_MS)
    if (!release.ok) return fail({ message: release.error.message })
    try {
      const lines = await this.#lines(user)
      if (!lines.ok) return lines
      const text = change(lines.value).map(line => `${line}\n`)
      const written = await this.#files.replace(user, new TextEncoder().encode(text.join('')), 0o600)
      return written.ok ? ok(result) : fail({ message: written.error.message })
    } finally {
      await release.value()
    }
  }

  /** None where there is no such file. */
  async #lines(path: string): Promise<Result<string[], { message: string }>> {
    const bytes = await this.#files.read(path, MAX_FILE_BYTES)
    if (!bytes.ok) {
      const isMissing = bytes.error.kind === 'not-found' || bytes.error.kind === 'not-directory'
      return isMissing ? ok([]) : fail({ message: `${path}: ${bytes.error.message}` })
    }
    const lines = new TextDecoder().decode(bytes.value).split('\n')
    return ok(lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#')))
  }
}
