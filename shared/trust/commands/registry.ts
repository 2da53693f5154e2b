import type { EffectClass } from '#shared/protocol/approvals'
import { archives } from './archives'
import { cloud } from './cloud'
import { clusters } from './clusters'
import { codeHosts } from './code-hosts'
import { type Command, type CommandTable, namesOf } from './command'
import { containers } from './containers'
import { coreutils } from './coreutils'
import { databases } from './databases'
import { git } from './git'
import { languages } from './languages'
import { network } from './network'
import { nodeTools } from './node'
import { python } from './python'
import { shell } from './shell'
import { system } from './system'
import { textTools } from './text-tools'
import { wrappers } from './wrappers'

/** Where two tables know a name, the later one wins. */
const TABLES: readonly CommandTable[] = [
  system,
  languages,
  python,
  nodeTools,
  databases,
  cloud,
  clusters,
  containers,
  codeHosts,
  network,
  archives,
  textTools,
  coreutils,
  git,
  wrappers,
  shell,
]

let entries: Map<string, EffectClass | Command> | undefined

/** What is known of a program, by the base name of its file. */
export function commandNamed(name: string): EffectClass | Command | undefined {
  entries ??= new Map(
    TABLES.flatMap(table => Object.entries(table)).flatMap(([names, entry]) =>
      namesOf(names).map(each => [each, entry] as const),
    ),
  )
  return entries.get(name) ?? entries.get(plainName(name))
}

/** mkfs.ext4 is mkfs, clang-15 is clang, grm is GNU rm, and a file system that ignores case runs RM as rm. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(mkfs|fsck)\..*$/, '$1')
    .replace(/^([a-z+]{2,})-?\d+(\.\d+)*$/, '$1')
    .replace(
      /^g(rm|rmdir|sed|awk|find|xargs|cp|mv|ln|dd|chmod|chown|sort|head|tail|cat|ls|date|stat|readlink|realpath|grep|shred|truncate|tee|mkdir|touch|install|unlink|env|nice|nohup|split)$/,
      '$1',
    )
}

/** Every program that a table knows, for tests and documents. */
export function knownPrograms(): string[] {
  return TABLES.flatMap(table => Object.keys(table)).flatMap(namesOf)
}
