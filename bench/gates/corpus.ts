import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import names from './corpus.data.json' with { type: 'json' }

/** A folder of real code, laid out as its authors lay it out: with a manifest at its root. */
export interface Project {
  readonly name: string
  readonly root: string
  /** A repository, with the manifest that its tests and tools rely on. */
  readonly isWhole?: boolean
}

/** Consecutive versions of one package, oldest first. */
export interface History {
  readonly name: string
  readonly versions: readonly Project[]
}

export interface Corpus {
  readonly folder: string
  readonly histories: readonly History[]
  readonly python: readonly Project[]
  readonly go: readonly Project[]
  readonly rust: readonly Project[]
  /** What could not be had, and why. */
  readonly missing: readonly string[]
}

const run = promisify(execFile)
const FETCHED_AT_ONCE = 20

/**
 * Fetches what `corpus.data.json` names, once: versions of packages with `npm pack`, sources that Debian ships with
 * `apt-get download`. Whatever is not to be had is left out and named.
 */
export async function buildCorpus(): Promise<Corpus> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kode-bench/gates')
  mkdirSync(folder, { recursive: true })
  const missing: string[] = []
  const histories = await npmHistories(join(folder, 'npm'), missing)
  const system = await debianRoot(join(folder, 'debian'), missing)
  return {
    folder,
    histories,
    python: pythonProjects(join(system, 'usr/lib/python3/dist-packages'), join(folder, 'python')),
    go: [
      ...projectsBelow(join(system, 'usr/share/gocode/src'), 'go.mod').filter(hasOwnManifest),
      ...readFolder(join(system, 'usr/share')).flatMap(name =>
        /^go-\d/.test(name) ? projectsBelow(join(system, 'usr/share', name, 'src'), 'go.mod') : [],
      ),
    ],
    rust: projectsBelow(join(system, 'usr/share/cargo/registry'), 'Cargo.toml').map(withOwnManifest),
    missing,
  }
}

async function npmHistories(folder: string, missing: string[]): Promise<History[]> {
  mkdirSync(folder, { recursive: true })
  const wanted = Object.entries(names.npm).flatMap(([name, versions]) => versions.map(version => ({ name, version })))
  const absent = wanted.filter(each => !existsSync(join(folder, folderName(each.name, each.version))))
  for (let at = 0; at < absent.length; at += FETCHED_AT_ONCE) {
    const batch = absent.slice(at, at + FETCHED_AT_ONCE)
    const specs = batch.map(({ name, version }) => `${name}@${version}`)
    process.stderr.write(`fetching ${specs.join(' ')}\n`)
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder, ...specs]).catch(
      (error: Error) => missing.push(`npm pack: ${error.message.split('\n')[0]}`),
    )
    for (const { name, version } of batch) {
      const tarball = join(folder, `${folderName(name, version)}.tgz`)
      if (!existsSync(tarball)) {
        missing.push(`${name}@${version}`)
        continue
      }
      const unpacked = join(folder, `${folderName(name, version)}.part`)
      mkdirSync(unpacked, { recursive: true })
      await run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1', '--no-same-owner'])
      renameSync(unpacked, join(folder, folderName(name, version)))
      rmSync(tarball)
    }
  }
  return Object.entries(names.npm).map(([name, versions]) => ({
    name,
    versions: versions
      .map(version => ({ name: `${name}@${version}`, root: join(folder, folderName(name, version)) }))
      .filter(each => existsSync(each.root)),
  }))
}

/** As `npm pack` names its tarballs. */
function folderName(name: string, version: string): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}`
}

/** @returns a folder with what the packages would install */
async function debianRoot(folder: string, missing: string[]): Promise<string> {
  const [packages, system, done] = [join(folder, 'packages'), join(folder, 'root'), join(folder, 'unpacked')]
  for (const each of [packages, system, done]) mkdirSync(each, { recursive: true })
  const wanted = [...names.debian.python, ...names.debian.go, ...names.debian.rust]
  const fetched = () => new Map(readdirSync(packages).map(file => [file.split('_')[0]!, file]))
  const absent = wanted.filter(name => !fetched().has(name))
  for (let at = 0; at < absent.length; at += FETCHED_AT_ONCE) {
    const batch = absent.slice(at, at + FETCHED_AT_ONCE)
    process.stderr.write(`fetching ${batch.join(' ')}\n`)
    const all = await run('apt-get', ['download', '-qq', ...batch], { cwd: packages }).catch(() => undefined)
    // One unknown name fails the whole batch.
    for (const name of all ? [] : batch)
      await run('apt-get', ['download', '-qq', name], { cwd: packages }).catch(() => missing.push(name))
  }
  const files = fetched()
  for (const name of wanted) {
    const file = files.get(name)
    if (!file || existsSync(join(done, file))) continue
    await run('dpkg-deb', ['-x', join(packages, file), system])
    writeFileSync(join(done, file), '')
  }
  return system
}

/**
 * Debian writes a `go.mod` of one line for projects that keep theirs under another name (`vendor.mod`): without version and requirements it
 * declares none of the modules that they import, and Go itself builds none of their files with it.
 */
function hasOwnManifest({ root }: Project): boolean {
  return /^(?:go|require)\b/m.test(readFileSync(join(root, 'go.mod'), 'utf8'))
}

/**
 * Cargo rewrites manifests when it publishes a crate, and Debian takes out of them what it does not ship, but not out of the sources. What
 * the authors wrote lies beside it and takes its place again.
 */
function withOwnManifest(project: Project): Project {
  const original = join(project.root, 'Cargo.toml.orig')
  if (existsSync(original)) renameSync(original, join(project.root, 'Cargo.toml'))
  return project
}

/** Folders with a manifest, and no folder inside another. */
function projectsBelow(folder: string, manifest: string, prefix = ''): Project[] {
  const entries = readFolder(folder)
  if (entries.includes(manifest)) return [{ name: prefix, root: folder }]
  return entries
    .filter(name => !name.startsWith('.') && statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory())
    .flatMap(name => projectsBelow(join(folder, name), manifest, prefix === '' ? name : `${prefix}/${name}`))
}

/**
 * Debian installs Python packages side by side, without their `pyproject.toml`: each becomes a project of its own again, with the
 * requirements that its metadata names.
 */
function pythonProjects(installed: string, folder: string): Project[] {
  const projects: Project[] = []
  for (const info of readFolder(installed).filter(name => /\.(?:dist|egg)-info$/.test(name))) {
    const metadata = textOf(join(installed, info, 'METADATA')) ?? textOf(join(installed, info, 'PKG-INFO'))
    const name = metadata && /^Name:\s*(\S+)/m.exec(metadata)?.[1]
    if (!metadata || !name) continue
    const root = join(folder, name)
    const listed = textOf(join(installed, info, 'RECORD')) ?? textOf(join(installed, info, 'top_level.txt')) ?? ''
    const tops = new Set(listed.split('\n').map(line => line.split(/[/,]/)[0]!))
    const isNew = !existsSync(join(root, 'pyproject.toml'))
    const found = [...tops, name, name.toLowerCase().replaceAll(/[-.]/g, '_')].filter(
      top => /^\w+(?:\.py)?$/.test(top) && top !== '__pycache__' && existsSync(join(installed, top)),
    )
    if (isNew && found.length === 0) continue
    mkdirSync(root, { recursive: true })
    if (isNew) for (const top of new Set(found)) renameSync(join(installed, top), join(root, top))
    const requires = textOf(join(installed, info, 'requires.txt')) ?? ''
    writeFileSync(join(root, 'pyproject.toml'), pyproject(name, metadata, requires))
    projects.push({ name, root })
  }
  return projects
}

function pyproject(name: string, metadata: string, requires: string): string {
  const list = (items: readonly string[]) => `[${items.map(item => JSON.stringify(item)).join(', ')}]`
  const requirements = [...metadata.matchAll(/^Requires-Dist:\s*(.+)$/gm)].map(match => match[1]!.trim())
  requirements.push(...requires.split('\n').filter(line => /^\w/.test(line)))
  const python = /^Requires-Python:\s*(.+)$/m.exec(metadata)?.[1]?.trim()
  return [
    '[project]',
    `name = ${JSON.stringify(name)}`,
    ...(python ? [`requires-python = ${JSON.stringify(python)}`] : []),
    `dependencies = ${list(requirements.filter(each => !/extra\s*==/.test(each)))}`,
    '[project.optional-dependencies]',
    `all = ${list(requirements.filter(each => /extra\s*==/.test(each)))}`,
    '',
  ].join('\n')
}

function readFolder(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

function textOf(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : undefined
}
