import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Each folder of shared/ imports only from those before it. The same list is the map in ARCHITECTURE.md. */
const ORDER = [
  'protocol',
  'base',
  'host',
  'config',
  'providers',
  'trust',
  'sandbox',
  'edits',
  'languages',
  'code-index',
  'gates',
  'store',
  'audit',
  'context',
  'tools',
  'mcp',
  'agent',
  'tasks',
  'pipelines',
  'commands',
  'kode.ts',
  'servers',
]

/** What each surface may import of the project. */
const SURFACES: Record<string, string[]> = {
  webview: ['webview/', 'shared/protocol/'],
  extension: [
    'extension/',
    'shared/base/message-of',
    'shared/kode',
    'shared/host/',
    'shared/protocol/',
    'shared/config/',
    'shared/commands/',
    'shared/providers/provider',
  ],
  cli: [
    'cli/',
    'shared/base/message-of',
    'shared/kode',
    'shared/host/',
    'shared/protocol/',
    'shared/config/',
    'shared/commands/',
    'shared/servers/',
    'shared/sandbox/working-wall',
  ],
}

/** Where the outside world may be touched directly. */
const MAY_TOUCH_THE_WORLD = [
  'shared/host/node/',
  'shared/sandbox/',
  'shared/providers/',
  'shared/mcp/',
  'shared/servers/',
  'shared/store/',
]

interface SourceFile {
  path: string
  text: string
  imports: string[]
}

const files = [...sources('shared'), ...sources('extension'), ...sources('cli'), ...sources('webview')]

describe('the order of folders', () => {
  test('shared/ holds only folders of the order', () => {
    for (const name of readdirSync(join(ROOT, 'shared'))) expect(ORDER).toContain(name)
  })

  test('a folder of shared/ imports only from folders before it', () => {
    const wrong = eachImport('shared/').filter(({ from, to }) => {
      if (!to.startsWith('shared/')) return false
      return ORDER.indexOf(placeOf(to)) > ORDER.indexOf(placeOf(from))
    })
    expect(wrong).toEqual([])
  })

  test('surfaces import only what they may', () => {
    for (const [surface, allowed] of Object.entries(SURFACES)) {
      const wrong = eachImport(`${surface}/`).filter(
        ({ to }) => isProjectPath(to) && !allowed.some(prefix => to.startsWith(prefix)),
      )
      expect(wrong).toEqual([])
    }
  })
})

describe('what is absent', () => {
  test('shared/ knows no surface and no terminal', () => {
    const foreign = /^(vscode|svelte|picocolors|ink|extension\/|webview\/|cli\/)/
    expect(eachImport('shared/').filter(({ to }) => foreign.test(to))).toEqual([])
  })

  test('protocol/ and base/ import nothing of the project beyond themselves and no Node module', () => {
    for (const place of ['shared/protocol/', 'shared/base/']) {
      expect(eachImport(place).filter(({ to }) => !to.startsWith(place) && !isPureLibrary(to))).toEqual([])
    }
  })

  test('the disk, processes and the network are touched only in few places', () => {
    const world = /^node:(fs|fs\/promises|child_process|net|http|https|http2|dgram|tls)$/
    const wrong = eachImport('shared/').filter(
      ({ from, to }) => world.test(to) && !MAY_TOUCH_THE_WORLD.some(place => from.startsWith(place)),
    )
    expect(wrong).toEqual([])
  })

  test('no file re-exports another', () => {
    expect(files.filter(file => /^export\s+(\*|\{[^}]*\})\s+from\s/m.test(file.text)).map(file => file.path)).toEqual(
      [],
    )
  })

  test('no import cycle', () => {
    expect(findCycle()).toBeUndefined()
  })

  test('tool-call.ts mentions no tool by name', () => {
    const file = files.find(each => each.path === 'shared/agent/tool-call.ts')
    const toolNames = /'(Read|Write|Edit|Delete|Bash|Grep|Glob|ListFiles|WebFetch|WebSearch)'/
    expect(file?.text ?? '').not.toMatch(toolNames)
  })
})

function sources(folder: string): SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(ts|svelte)$/.test(name) && !name.endsWith('.d.ts') && !name.includes('node_modules'))
    .map(name => {
      const path = `${folder}/${name}`
      const text = readFileSync(join(ROOT, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

function importsOf(path: string, text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const specifiers = [
    ...code.matchAll(/^\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g),
  ].map(match => match[1]!)
  return specifiers.map(specifier => {
    if (specifier.startsWith('#shared/')) return `${specifier.slice(1)}.ts`
    if (!specifier.startsWith('.')) return specifier
    const target = normalize(join(dirname(path), specifier))
    return /\.(ts|svelte|css|md|json)$/.test(target) ? target : `${target}.ts`
  })
}

function eachImport(prefix: string): { from: string; to: string }[] {
  return files
    .filter(file => file.path.startsWith(prefix))
    .flatMap(file => file.imports.map(to => ({ from: file.path, to })))
}

function placeOf(path: string): string {
  return relative('shared', path).split('/')[0]!
}

function isProjectPath(target: string): boolean {
  return /^(shared|extension|cli|webview|test)\//.test(target)
}

function isPureLibrary(target: string): boolean {
  return ['diff', 'yaml', 'valibot'].includes(target)
}

/** Depth-first search over static imports; type-only imports count too, they tie files together all the same. */
function findCycle(): string[] | undefined {
  const graph = new Map(files.map(file => [file.path, file.imports]))
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const target of graph.get(path) ?? []) {
      const cycle = graph.has(target) ? visit(target, [...trail, path]) : undefined
      if (cycle) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle) return cycle
  }
  return undefined
}
