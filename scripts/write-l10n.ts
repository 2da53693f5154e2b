// Collects the user-visible texts of extension/ and webview/ into l10n/bundle.l10n.json, the file translators start from.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
export const BUNDLE = join(ROOT, 'l10n/bundle.l10n.json')

/** Every text that is handed to `t` or `vscode.l10n.t`, sorted. */
export function collectTexts(): string[] {
  const texts = ['extension', 'webview'].flatMap(folder => sourcesIn(folder).flatMap(({ source }) => textsIn(source)))
  return [...new Set(texts)].sort()
}

/** TypeScript and Svelte files of a folder, with their path relative to the project. */
export function sourcesIn(folder: string): { path: string; source: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(ts|svelte)$/.test(name))
    .map(name => ({ path: `${folder}/${name}`, source: readFileSync(join(ROOT, folder, name), 'utf8') }))
}

function textsIn(source: string): string[] {
  const quoted = /(?<![\w.])(?:vscode\.l10n\.)?t\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g
  return [...source.matchAll(quoted)].map(([, single = '', double = '']) => (single || double).replace(/\\(.)/g, '$1'))
}

if (import.meta.main) {
  mkdirSync(join(ROOT, 'l10n'), { recursive: true })
  const bundle = Object.fromEntries(collectTexts().map(text => [text, text]))
  writeFileSync(BUNDLE, `${JSON.stringify(bundle, null, 2)}\n`)
}
