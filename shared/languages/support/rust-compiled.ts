import type { ProjectView } from '../project-view'
import { crateRoots, inFolder, parentModules, parentOf } from './rust-modules'
import { crateAround, type RustCrate } from './rust-project'
import { sourcesOf } from './rust-sources'

/** Where `crate` leads from a file: binaries, tests, benchmarks and examples are crates of their own. Empty when that is not known. */
export async function ownRoots(path: string, crate: RustCrate, project: ProjectView): Promise<string[]> {
  const inside = relativeTo(crate, path)
  const own = /^(?:src\/bin|tests|benches|examples)\/(?:[^/]+\.rs$|([^/]+\/))/.exec(inside)
  if (own?.[1] === undefined && (own || inside === 'build.rs')) return [path]
  if (own) {
    const root = inFolder(crate.folder, `${own[0]}main.rs`)
    return (await project.kindOf(root)) === 'file' ? [root] : []
  }
  return inside.startsWith('src/') ? crateRoots(path, project) : []
}

/** The path of a file in its crate. */
export function relativeTo({ folder }: RustCrate, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1)
}

/** Those of the possible parents that have this file as a module. */
export async function declaringParents(path: string, project: ProjectView): Promise<string[]> {
  const found: string[] = []
  for (const each of await parentModules(path, project))
    if (lineDeclaring(path, ((await project.read(each)) ?? '').split('\n')) >= 0) found.push(each)
  if (found.length > 0) return found
  const crate = await crateAround(parentOf(path), project)
  return (crate && (await sourcesOf(crate, project))?.filesPathing(path)) ?? []
}

/** The line that makes a file a module, `mod name;` or its `#[path = "…"]`; -1 when none does. */
function lineDeclaring(path: string, lines: readonly string[]): number {
  const file = path.slice(path.lastIndexOf('/') + 1).replaceAll('.', '\\.')
  const declares = new RegExp(
    `^(?!\\s*//).*(?:\\bmod\\s+(?:r#)?${moduleName(path)}\\s*;|\\bpath\\s*=\\s*"(?:[^"]*/)?${file}")`,
  )
  return lines.findIndex(line => declares.test(line))
}

/** Whether cargo would compile a file: a root by place or by name in the manifest, or a module that some file declares. */
export async function isCompiled(path: string, crate: RustCrate, project: ProjectView): Promise<boolean> {
  if (crate.targets.includes(path) || (await crateRoots(path, project)).includes(path)) return true
  if (/^(?:build|(?:src\/bin|tests|benches|examples)\/(?:[^/]+|[^/]+\/main))\.rs$/.test(relativeTo(crate, path)))
    return true
  return (await declaringParents(path, project)).length > 0
}

/** Texts of the conditions, `#[cfg(…)]` or macros around `mod name;`, under which a file is part of its crate; undefined for one that is not seen. */
export async function conditionsOf(
  path: string,
  crate: RustCrate,
  project: ProjectView,
): Promise<(string | undefined)[]> {
  const conditions: (string | undefined)[] = conditionsIn(((await project.read(path)) ?? '').split('\n'))
  const seen = new Set<string>()
  let files = [path]
  while (files.length > 0) {
    const above: string[] = []
    for (const file of files) {
      if (seen.has(file)) continue
      seen.add(file)
      let isDeclared = (await crateRoots(file, project)).includes(file)
      for (const parent of await parentModules(file, project)) {
        const text = (await project.read(parent)) ?? ''
        const lines = text.split('\n')
        const at = lineDeclaring(file, lines)
        if (at < 0) continue
        isDeclared = true
        for (let above = at - 1; /^\s*(?:#\[|\/\/)/.test(lines[above] ?? ''); above--)
          if (/#\[cfg\(/.test(lines[above]!)) conditions.push(lines[above]!)
        conditions.push(...conditionsIn(lines))
        const macro = macroAround(lines, at)
        if (macro) {
          const rules = (await sourcesOf(crate, project))?.macroRules(macro.name) ?? ''
          const whole = rules + macro.text
          // A macro without any condition of its own stands for one that is not known.
          conditions.push(/\bcfg\b|feature/.test(whole) ? whole : undefined)
        }
        above.push(parent)
      }
      // By `#[path = "…"]`, or as a root whose conditions are not seen.
      if (!isDeclared && file !== path) conditions.push(undefined)
    }
    files = above
  }
  return conditions
}

function conditionsIn(lines: readonly string[]): string[] {
  return lines.filter(each => /^\s*#!\[cfg\(/.test(each))
}

/** The macro whose block a line stands in: `cfg_rt! {`, at the start of a line and not closed before. */
function macroAround(lines: readonly string[], at: number): { name: string; text: string } | undefined {
  const indent = /^\s*/.exec(lines[at]!)![0].length
  for (let line = at; line >= 0; line--) {
    const opened = /^(\s*)(\w+)!\s*[({]/.exec(lines[line]!)
    if (opened && (line === at || opened[1]!.length < indent))
      return { name: opened[2]!, text: lines.slice(line, at + 1).join('\n') }
    if (line < at && /^[})]/.test(lines[line]!)) return undefined
  }
  return undefined
}

/** What the module in a file is called. */
function moduleName(path: string): string {
  const parts = path
    .replace(/\/mod\.rs$/, '')
    .replace(/\.rs$/, '')
    .split('/')
  return parts.at(-1) ?? ''
}
