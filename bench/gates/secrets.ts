import { SECRET_RULES } from '#shared/gates/support/secret-rules'
import { findSecrets } from '#shared/gates/support/secrets'
import { fakeSecrets } from '../../test/support/fake-secrets'
import type { Project } from './corpus'
import { pathsBelow, percent, readText, table } from './support'

const SEEDS = 10
const SOURCE = /\.(?:[mc]?[jt]s|[jt]sx|pyi?|go|rs|json|ya?ml|toml)$/
const OF_TESTS =
  /(?:^|\/)(?:__)?(?:tests?|testdata|fixtures?|examples?|docs?|specs?|mocks?)(?:__)?\/|[._-](?:test|spec)s?\./i
const MAX_CHARS = 1_000_000

/**
 * Credentials made up for each kind that kode knows, and hits in ordinary source outside of tests, where there is none.
 *
 * @param supplies of ordinary source, by name
 * @param mostBytes of each supply
 */
export async function measureSecrets(
  supplies: Readonly<Record<string, readonly Project[]>>,
  mostBytes: number,
): Promise<string> {
  const all = Array.from({ length: SEEDS }, (_, seed) => fakeSecrets(100 + seed)).flat()
  const missed = all.filter(
    ([kind, text]) => !findSecrets(`${text}\n`, 'src/config.py').some(each => each.kind === kind),
  )
  const kinds = new Set(all.map(([kind]) => kind))
  const found = table([
    ['made up', 'kinds as data', 'kinds tried', 'texts', 'found'],
    [
      `${SEEDS} seeds`,
      `${SECRET_RULES.length}`,
      `${kinds.size}`,
      `${all.length}`,
      percent(all.length - missed.length, all.length),
    ],
  ])
  const sources = await Promise.all(
    Object.entries(supplies).map(async ([name, projects]) => [name, await hitsIn(projects, mostBytes)] as const),
  )
  const hits = table([
    ['ordinary source', 'files', 'MB', 'hits that block', 'hits that warn'],
    ...sources.map(([name, { files, bytes, blocking, warning }]) => [
      name,
      `${files}`,
      (bytes / 1e6).toFixed(1),
      `${blocking.length}`,
      `${warning.length}`,
    ]),
  ])
  const lines = [
    ...[...new Set(missed.map(([kind]) => kind))].map(kind => `missed: ${kind}`),
    ...sources.flatMap(([, { blocking, warning }]) => [...blocking, ...warning]),
  ]
  return [found, '', hits, ...lines.map(line => `  ${line}`)].join('\n')
}

interface OrdinarySource {
  files: number
  bytes: number
  blocking: string[]
  warning: string[]
}

async function hitsIn(projects: readonly Project[], mostBytes: number): Promise<OrdinarySource> {
  const found: OrdinarySource = { files: 0, bytes: 0, blocking: [], warning: [] }
  for (const { name, root } of projects) {
    const paths = await pathsBelow(root, { isWanted: path => SOURCE.test(path) && !OF_TESTS.test(path) })
    for (const path of paths) {
      if (found.bytes > mostBytes) return found
      const text = await readText(root, path)
      if (text === undefined || text.length > MAX_CHARS) continue
      found.files++
      found.bytes += text.length
      for (const { kind, certainty, start } of findSecrets(text, path)) {
        const line = `${kind} ${name}/${path}:${text.slice(0, start).split('\n').length}`
        found[certainty === 'certain' ? 'blocking' : 'warning'].push(line)
      }
    }
  }
  return found
}
