import { type Arg, UNKNOWN } from './commands/command'
import type { Judgement } from './judgement'
import { isInstalled, isSystemPath, normalizePath, type PathScope, placeOf, relativeTo } from './path-scope'

/** The files and hosts that the commands of a line name, and what that makes of each command. */
export class TouchedPlaces {
  readonly #scope: PathScope
  /** Project-relative inside the project, absolute elsewhere. */
  readonly reads = new Set<string>()
  readonly writes = new Set<string>()
  readonly hosts = new Set<string>()
  /** Absolute. */
  readonly agentFiles = new Set<string>()
  readonly controlFiles = new Set<string>()
  /** Above zero: on another machine or in a container, whose paths are not ours. */
  #elsewhere = 0

  constructor(scope: PathScope) {
    this.#scope = scope
  }

  get isElsewhere(): boolean {
    return this.#elsewhere > 0
  }

  elsewhere(work: () => void): void {
    this.#elsewhere++
    work()
    this.#elsewhere--
  }

  /** @param cwds folders that the command may run in */
  read(arg: Arg, cwds: readonly string[], judgement: Judgement): void {
    for (const path of this.#resolve(arg.text, cwds)) {
      this.reads.add(this.#shown(path))
      if (placeOf(path, this.#scope) === 'outside' && !isSystemPath(path)) judgement.outside.add(path)
    }
  }

  /** @param what "tee writes" */
  write(arg: Arg, cwds: readonly string[], judgement: Judgement, what: string): void {
    const paths = this.#resolve(arg.text, cwds)
    if (paths.length === 0) {
      judgement.raise('local_mutation', `${what} a file`)
      return
    }
    for (const path of paths) {
      const place = placeOf(path, this.#scope)
      if (place === 'scratch' && path.startsWith('/dev/')) continue
      const shown = this.#shown(path)
      judgement.raise('local_mutation', `${what} ${shown}`)
      this.writes.add(shown)
      if (place === 'outside' || place === 'device') judgement.outside.add(path)
      if (place === 'device') judgement.raise('destructive', `${what} ${path}, which is no ordinary file`)
      if (place === 'agents') this.agentFiles.add(path)
      if (place === 'control') this.controlFiles.add(path)
    }
  }

  /** A path of which nobody knows what for. */
  mention(arg: Arg, cwds: readonly string[], judgement: Judgement): void {
    for (const path of this.#resolve(arg.text, cwds)) {
      const place = placeOf(path, this.#scope)
      if (place === 'device' || (place === 'outside' && !isInstalled(path))) judgement.outside.add(path)
    }
  }

  /** A word that may be a path. */
  guess(arg: Arg, cwds: readonly string[], judgement: Judgement): void {
    const text = pathWithin(arg.text)
    if (text !== undefined) this.mention({ ...arg, text }, cwds, judgement)
  }

  reach(target: string): void {
    this.hosts.add(hostOf(target))
  }

  #resolve(text: string, cwds: readonly string[]): string[] {
    if (text === '' || text === '-' || this.isElsewhere) return []
    const known = text.includes(UNKNOWN) ? text.slice(0, text.indexOf(UNKNOWN)) : text
    if (known === '' && text !== known) return []
    // What is not known is taken to lie below the folder that is.
    const path = text === known ? text : known.slice(0, known.lastIndexOf('/') + 1)
    const { home } = this.#scope
    const tilde = /^~(\/|$)/.test(path) ? home + path.slice(1) : /^~\w/.test(path) ? `/home/${path.slice(1)}` : path
    if (tilde.startsWith('/')) return [normalizePath(tilde, '/')]
    return cwds.map(cwd => normalizePath(tilde, cwd))
  }

  #shown(path: string): string {
    return relativeTo(this.#scope.root, path) || path
  }
}

/** The path in a word that nobody explained: `/x`, `~/x`, `../x`, `key=/x`. Nothing for patterns, URLs and ranges. */
function pathWithin(text: string): string | undefined {
  if (text.startsWith('-') && text.length > 2) {
    const glued = /^-[A-Za-z]((?:\/|~\/|\.\.\/).*)$/.exec(text)?.[1] ?? /^--?[\w-]+[=:](.*)$/.exec(text)?.[1]
    return glued === undefined ? undefined : pathWithin(glued)
  }
  const file = /^file:\/\/(\/.*)$/.exec(text)?.[1]
  if (file) return file
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /[\s^$|\\()+]/.test(text)) return undefined
  const assigned = /^[A-Za-z_][\w.-]*=(.+)$/.exec(text)?.[1]
  if (assigned) return pathWithin(assigned)
  if (/^(\/|~)/.test(text) || text.split('/').includes('..')) return text
  return undefined
}

function hostOf(target: string): string {
  const text = target.replaceAll(UNKNOWN, '?')
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/:?#]+)/i.exec(text)?.[1]
  if (url) return url
  return /^(?:[\w.-]+@)?(\[[0-9a-f:]+\]|[\w.?-]+)(?::|$|\/)/i.exec(text)?.[1] ?? text
}
