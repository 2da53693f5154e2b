/**
 * False alarms of the syntax check over every source file below the folders given.
 * Usage: npm run bench:gates-sys -- gates-sys-syntax LANGUAGE FOLDER…
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readAsset } from '#shared/host/node/assets'
import { css } from '#shared/languages/css'
import { createGo } from '#shared/languages/go'
import { html } from '#shared/languages/html'
import { json } from '#shared/languages/json'
import type { Language } from '#shared/languages/language'
import { markdown } from '#shared/languages/markdown'
import { createPython } from '#shared/languages/python'
import { createRust } from '#shared/languages/rust'
import { toml } from '#shared/languages/toml'
import { yaml } from '#shared/languages/yaml'

const LANGUAGES: Record<string, { extension: RegExp; language: Language }> = {
  python: { extension: /\.pyi?$/, language: createPython(readAsset) },
  go: { extension: /\.go$/, language: createGo(readAsset) },
  rust: { extension: /\.rs$/, language: createRust(readAsset) },
  json: { extension: /\.jsonc?$/, language: json },
  yaml: { extension: /\.ya?ml$/, language: yaml },
  toml: { extension: /\.toml$/, language: toml },
  css: { extension: /\.css$/, language: css },
  html: { extension: /\.html?$/, language: html },
  markdown: { extension: /\.md$/, language: markdown },
}

const [name = '', ...folders] = process.argv.slice(2)
const chosen = LANGUAGES[name]
if (!chosen || folders.length === 0) throw new Error(`usage: ${Object.keys(LANGUAGES).join('|')} FOLDER…`)

const times: number[] = []
let bytes = 0
let warned = 0
const rejected: string[] = []
const unknown: string[] = []
for (const path of folders.flatMap(folder => sources(folder, chosen.extension))) {
  const raw = readFileSync(path)
  const text = raw.toString('utf8').replace(/^\uFEFF/, '')
  // Sources in another encoding are decoded by edits/text-file before they get here.
  if (text.includes('\uFFFD')) continue
  bytes += raw.length
  const start = performance.now()
  const verdict = await chosen.language.checkSyntax({ path: relative('/', path), text })
  times.push(performance.now() - start)
  if (verdict.kind === 'unknown') unknown.push(`unknown ${path}: ${verdict.reason}`)
  else {
    const [problem] = verdict.problems.filter(each => each.certainty === 'certain')
    if (problem) rejected.push(`rejected ${path}:${lineOf(text, problem.start)}: ${problem.message}`)
    else if (verdict.problems.length > 0) warned++
  }
}
times.sort((a, b) => a - b)
const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(2)
for (const line of [...rejected, ...unknown]) console.log(line)
console.log(
  `${name}: ${times.length} files, ${(bytes / 1e6).toFixed(1)} MB; rejected ${rejected.length}, warned ${warned}, unknown ${unknown.length}; ` +
    `ms a file p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`,
)

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function sources(folder: string, extension: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return sources(path, extension)
      return entry.isFile() && extension.test(entry.name) ? [path] : []
    })
    .sort()
}
