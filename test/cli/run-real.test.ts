import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject, treeHash } from '../support/temp-project'

/** Sources of real projects: what npm has installed, and what the set-up brings from Debian. */
const PROJECTS: readonly Project[] = [
  {
    language: 'TypeScript (openai)',
    fill: root => copy(realpathSync('node_modules/openai'), root, ['package.json', 'src']),
    file: 'src/internal/utils/values.ts',
    declaration: 'export const isAbsoluteURL = (url: string): boolean => {',
    code: name => `export const isRelativeURL = (url: string): boolean => !${name}(url);\n\n`,
    known: 'isAbsoluteURL',
    invented: 'isAbsoluteUri',
  },
  {
    language: 'JavaScript (svelte)',
    fill: root => copy(realpathSync('node_modules/svelte'), root, ['package.json', 'src']),
    file: 'src/utils.js',
    declaration: 'export function is_void(name) {',
    code: name => `export function is_paired(tag) {\n\treturn !${name}(tag);\n}\n\n`,
    known: 'is_void',
    invented: 'is_void_element',
  },
  {
    language: 'Python (the standard library)',
    fill: root => copy(standardLibrary(), root, ['asyncio', 'email', 'http', 'json', 'unittest', 'xml']),
    file: 'asyncio/coroutines.py',
    declaration: 'def iscoroutine(obj):',
    code: name => `def isplain(obj):\n    return not ${name}(obj)\n\n\n`,
    known: 'iscoroutine',
    invented: 'is_coroutine_object',
  },
  {
    language: 'Go (pflag)',
    fill: root => copy('/usr/share/gocode/src/github.com/spf13/pflag', root),
    file: 'flag.go',
    declaration: 'func sortFlags(flags map[NormalizedName]*Flag) []*Flag {',
    code: name => `func firstFlag(flags map[NormalizedName]*Flag) *Flag {\n\treturn ${name}(flags)[0]\n}\n\n`,
    known: 'sortFlags',
    invented: 'sortedFlags',
  },
  {
    language: 'Rust (regex-syntax)',
    fill: root => copy(regexSyntax(), root),
    file: 'src/lib.rs',
    declaration: 'pub fn is_meta_character(c: char) -> bool {',
    code: name => `pub fn is_ordinary_character(c: char) -> bool {\n    !${name}(c)\n}\n\n`,
    known: 'is_meta_character',
    invented: 'is_meta_char',
  },
]

interface Project {
  language: string
  fill(root: string): void
  file: string
  /** The line the new function goes in front of. */
  declaration: string
  /** A function that calls `name`. */
  code(name: string): string
  known: string
  invented: string
}

describe.each(PROJECTS)('kode run on a real project: $language', project => {
  const { file, declaration, known, invented } = project
  const hunk = (name: string) => insertion(file, declaration, project.code(name))

  test('a call of a function that exists is written', async () => {
    const { root, end, before } = await run(project, [hunk(known)])
    expect(end.code, end.stderr).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'PASS', rounds_used: 1, applied_files: [file] })
    expect(readFileSync(join(root, file), 'utf8')).toBe(before.replace(declaration, project.code(known) + declaration))
  })

  test('a call of an invented function is refused with advice, and mended in round 2', async () => {
    const { root, end, before, model } = await run(project, [hunk(invented), hunk(known)])
    expect(end.code, end.stderr).toBe(0)
    const summary = JSON.parse(end.stdout)
    expect(summary).toMatchObject({ status: 'PASS', rounds_used: 2, rounds: [{ status: 'FAIL' }, { status: 'PASS' }] })
    expect(JSON.stringify(summary.rounds[0].failed_hunks)).toContain(invented)
    expect(JSON.stringify(model.requests[1]?.body.messages.at(-1))).toContain(invented)
    expect(readFileSync(join(root, file), 'utf8')).toBe(before.replace(declaration, project.code(known) + declaration))
  })

  test('three invented functions fail, and the tree is as it was', async () => {
    const script = [hunk(invented), hunk(`${invented}2`), hunk(`${invented}3`)]
    const { root, end, hash } = await run(project, script)
    expect(end.code).toBe(1)
    expect(JSON.parse(end.stdout)).toMatchObject({ status: 'FAIL', applied_files: [], rounds_used: 3 })
    expect(treeHash(root)).toBe(hash)
  })
})

async function run(project: Project, script: readonly object[]) {
  const model = await startScriptedProvider(script.map(hunk => ({ text: JSON.stringify([hunk]) })))
  onTestFinished(() => model.close())
  const root = tempProject()
  project.fill(root)
  gitInit(root)
  const before = readFileSync(join(root, project.file), 'utf8')
  const hash = treeHash(root)
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const end = await runCli(['run', 'add a helper beside', project.known], { cwd: root, env })
  return { root, end, before, hash, model }
}

function insertion(file: string, anchor: string, code: string) {
  return { id: 'hunk-1', file_path: file, action: 'MODIFY', anchor_text: anchor, new_text: code + anchor }
}

function copy(from: string, root: string, parts: readonly string[] = ['.']): void {
  if (!existsSync(from)) throw new Error(`${from} is missing; npm test installs it`)
  for (const part of parts) cpSync(join(from, part), join(root, part), { recursive: true, dereference: true })
}

function standardLibrary(): string {
  return execFileSync('python3', ['-c', 'import sysconfig; print(sysconfig.get_path("stdlib"))'], {
    encoding: 'utf8',
  }).trim()
}

function regexSyntax(): string {
  const registry = '/usr/share/cargo/registry'
  const name = readdirSync(registry).find(entry => entry.startsWith('regex-syntax-'))
  return join(registry, name ?? 'regex-syntax')
}
