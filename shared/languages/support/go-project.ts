import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import { BoundedMap } from './bounded-map'
import { type GoDeclaration, type GoFile, type GoImport, type GoMethod, type GoParameters, readGoFile } from './go-file'
import { parseTree } from './tree-sitter'

/** A `go.mod` and its folder. */
export interface GoModule {
  /** `''` is the root of the project. */
  readonly folder: string
  readonly path: string
  /** 22 for `go 1.22`; undefined when it does not say. */
  readonly minor: number | undefined
  readonly requires: readonly string[]
  /** Module path → folder in the project, or undefined when it leads out of it. */
  readonly replaces: ReadonlyMap<string, string | undefined>
  readonly sums: string
}

const modules = new WeakMap<ProjectView, Map<string, Promise<GoModule | undefined>>>()
const packages = new WeakMap<ProjectView, BoundedMap<Promise<GoPackage>>>()

/** The module a folder belongs to. */
export async function goModuleAround(folder: string, project: ProjectView): Promise<GoModule | undefined> {
  const known = modules.get(project) ?? new Map<string, Promise<GoModule | undefined>>()
  modules.set(project, known)
  const found = known.get(folder) ?? findModule(folder, project)
  known.set(folder, found)
  return found
}

async function findModule(folder: string, project: ProjectView): Promise<GoModule | undefined> {
  const text = await project.read(inFolder(folder, 'go.mod'))
  if (text !== undefined) return readGoMod(folder, text, (await project.read(inFolder(folder, 'go.sum'))) ?? '')
  return folder === '' ? undefined : goModuleAround(parentFolder(folder), project)
}

/** Other modules of a `go.work` above a folder. */
export async function goWorkspaceAround(folder: string, project: ProjectView): Promise<readonly GoModule[]> {
  const text = await project.read(inFolder(folder, 'go.work'))
  if (text === undefined) return folder === '' ? [] : goWorkspaceAround(parentFolder(folder), project)
  const used = blockEntries(text, 'use').map(each => each.replace(/^"|"$/g, ''))
  const found = await Promise.all(used.map(each => goModuleAround(joinPath(folder, each) ?? '', project)))
  return found.filter(each => each !== undefined)
}

function readGoMod(folder: string, text: string, sums: string): GoModule {
  const replaces = new Map<string, string | undefined>()
  for (const entry of blockEntries(text, 'replace')) {
    const match = /^(?<from>\S+)(?:\s+v\S+)?\s*=>\s*(?<to>\S+)/.exec(entry)
    if (match?.groups)
      replaces.set(
        match.groups.from!,
        /^\.{1,2}\//.test(match.groups.to!) ? joinPath(folder, match.groups.to!) : undefined,
      )
  }
  const minor = /^go\s+1\.(\d+)/m.exec(text)?.[1]
  return {
    folder,
    path: /^module\s+"?([^\s"]+)/m.exec(text)?.[1] ?? '',
    minor: minor === undefined ? undefined : Number(minor),
    requires: blockEntries(text, 'require').map(each => each.split(/\s/)[0]!.replace(/^"|"$/g, '')),
    replaces,
    sums,
  }
}

/** The lines of `keyword x` and `keyword ( … )`, without comments. */
function blockEntries(text: string, keyword: string): string[] {
  const entries: string[] = []
  const plain = text.replace(/\/\/.*$/gm, '')
  for (const match of plain.matchAll(
    new RegExp(`^[ \\t]*${keyword}[ \\t]*(?:\\((?<block>[^)]*)\\)|(?<line>[^(\\n]+))`, 'gm'),
  ))
    entries.push(...(match.groups?.block ?? match.groups?.line ?? '').split('\n').map(each => each.trim()))
  return entries.filter(Boolean)
}

/** What other files of a package or its users see of a file. */
export interface GoOutline {
  readonly path: string
  readonly packageName: string
  readonly imports: readonly Pick<GoImport, 'path' | 'alias'>[]
  readonly declarations: ReadonlyMap<string, readonly Omit<GoDeclaration, 'node'>[]>
  readonly methods: readonly Omit<GoMethod, 'node'>[]
}

/** All that the files of one folder declare together. */
export interface GoPackage {
  readonly files: readonly GoOutline[]
  /** Some file does not parse, or is made by a program: more may be declared than is seen. */
  readonly isOpen: boolean
}

/** The Go files of a folder; those for other platforms too. */
export function goPackageIn(folder: string, project: ProjectView, loadAsset: AssetLoader): Promise<GoPackage> {
  const known = packages.get(project) ?? new BoundedMap<Promise<GoPackage>>(MAX_PACKAGES)
  packages.set(project, known)
  return known.remember(folder, () => readPackage(folder, project, loadAsset))
}

const MAX_PACKAGES = 300

async function readPackage(folder: string, project: ProjectView, loadAsset: AssetLoader): Promise<GoPackage> {
  const names = (await project.list(folder)).filter(name => name.endsWith('.go'))
  const files: GoOutline[] = []
  let isOpen = false
  let generates = (await project.list(folder)).some(name => GENERATED_FROM.test(name))
  const texts = new Map<string, string>()
  for (const name of names) {
    const path = inFolder(folder, name)
    const text = await project.read(path)
    if (text !== undefined && !isIgnored(text)) texts.set(path, text)
  }
  const isLarge = [...texts.values()].reduce((sum, text) => sum + text.length, 0) > MAX_PARSED_CHARS
  for (const [path, text] of texts) {
    if (isLarge) {
      files.push(scanOutline(path, text))
      generates ||= /^\/\/go:generate /m.test(text)
      continue
    }
    const tree = await parseTree('go', text, loadAsset)
    const file = tree && readGoFile(tree)
    if (!file || file.isBroken) isOpen = true
    generates ||= file?.generates === true
    if (file) files.push(outlineOf(path, file))
  }
  // Where one generated file is, the others are too.
  if (generates && ![...texts.values()].some(text => /^\/\/ Code generated .*DO NOT EDIT\.$/m.test(text))) isOpen = true
  return { files, isOpen }
}

const GENERATED_FROM = /\.(?:proto|y|rl|swig|swigcxx|peg|templ|qtpl)$/

/** A package of this size is parsed in about 200 ms; in a larger one fields are not looked for. */
const MAX_PARSED_CHARS = 400_000

/** What gofmt puts at the start of a line; members stay unknown. */
function scanOutline(path: string, text: string): GoOutline {
  const declarations = new Map<string, Omit<GoDeclaration, 'node'>[]>()
  const declare = (name: string, kind: GoDeclaration['kind']) => {
    const members = kind === 'type' ? { members: MEMBERS_NOT_READ } : {}
    declarations.set(name, [{ name, kind, head: name, ...members }])
  }
  for (const match of text.matchAll(
    /^(?:func (?<function>\w+)|type (?<type>\w+)|(?:var|const) (?<value>\w+(?:, \w+)*))/gm,
  )) {
    const { function: called, type, value } = match.groups ?? {}
    if (called) {
      const parameters = parametersAfter(text, match.index + match[0].length)
      const end = text.indexOf('{\n', match.index)
      const head = text.slice(match.index, end < 0 ? match.index + match[0].length : end).trim()
      const other = declarations.get(called) ?? []
      declarations.set(called, [...other, { name: called, kind: 'function', head, ...(parameters && { parameters }) }])
    }
    if (type) declare(type, 'type')
    for (const name of value?.split(', ') ?? []) declare(name, 'variable')
  }
  for (const block of text.matchAll(/^(?:var|const|type) \((?<body>[\s\S]*?)^\)/gm))
    for (const entry of (block.groups?.body ?? '').matchAll(/^\t(?<names>\w+(?:, \w+)*)/gm))
      for (const name of entry.groups!.names!.split(', ')) declare(name, 'variable')
  const packageName = /^package (\w+)/m.exec(text)?.[1] ?? ''
  return { path, packageName, imports: [], declarations, methods: scanMethods(text) }
}

function scanMethods(text: string): GoOutline['methods'] {
  const found: GoOutline['methods'][number][] = []
  for (const match of text.matchAll(/^func \((?:\w+ )?\*?(\w+)(?:\[[^\]\n]*\])?\) (\w+)/gm)) {
    const parameters = parametersAfter(text, match.index + match[0].length)
    const [head, receiver = '', name = ''] = match
    if (parameters) found.push({ receiver, name, head, parameters })
  }
  return found
}

/** Something may be embedded that was not looked at. */
const MEMBERS_NOT_READ = { names: new Map(), embedded: [undefined] }

/** The parameters of a function whose name ends at an offset, behind those of its types. */
function parametersAfter(text: string, start: number): GoParameters | undefined {
  const open = text[start] === '[' ? closingOf(text, start) + 1 : start
  const close = text[open] === '(' ? closingOf(text, open) : -1
  const inside = text.slice(open + 1, close)
  if (close < 0 || /\/[/*]/.test(inside)) return undefined
  const parts = ['']
  let depth = 0
  for (const char of inside) {
    if ('([{'.includes(char)) depth++
    if (')]}'.includes(char)) depth--
    if (char === ',' && depth === 0) parts.push('')
    else parts.push(`${parts.pop()}${char}`)
  }
  const given = parts.filter(part => part.trim() !== '')
  const isVariadic = given.at(-1)?.includes('...') ?? false
  return { count: given.length - (isVariadic ? 1 : 0), isVariadic }
}

/** Where the bracket at an offset is closed; -1 when that is too far away. */
function closingOf(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < Math.min(text.length, open + 4_000); at++) {
    if ('([{'.includes(text[at]!)) depth++
    else if (')]}'.includes(text[at]!) && --depth === 0) return at
  }
  return -1
}

/** Without nodes: one would keep the whole tree. */
export function outlineOf(path: string, file: GoFile): GoOutline {
  const declarations = [...file.declarations].map(
    ([name, declared]) => [name, declared.map(({ node: _, ...rest }) => rest)] as const,
  )
  const methods = file.methods.map(({ node: _, ...rest }) => rest)
  const imports = file.imports.map(({ path, alias }) => ({ path, alias }))
  return { path, packageName: file.packageName, imports, declarations: new Map(declarations), methods }
}

/** A program of its own that only happens to lie in the folder. */
export function isIgnored(text: string): boolean {
  return /^\/\/(?:go:build|\s*\+build)\s+ignore\b/m.test(text.slice(0, 4000))
}

/** Undefined when the dots climb out of the project. */
function joinPath(folder: string, path: string): string | undefined {
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : name === '' ? folder : `${folder}/${name}`
}

export function parentFolder(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
