import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'svelte/compiler'
import { describe, expect, test } from 'vitest'
import { BUNDLE, collectTexts, sourcesIn } from '../../scripts/write-l10n'
import { t, useWords } from '../../webview/l10n'

const ROOT = join(import.meta.dirname, '../..')
const readJson = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))

describe('every text for users', () => {
  test('of extension and chat page is in the bundle that translators start from: npm run l10n', () => {
    expect(Object.keys(JSON.parse(readFileSync(BUNDLE, 'utf8')))).toEqual(collectTexts())
  })

  test('of a component goes through t', () => {
    const bare = sourcesIn('webview')
      .filter(({ path }) => path.endsWith('.svelte'))
      .flatMap(({ path, source }) =>
        bareTexts(parse(source, { modern: true }).fragment).map(text => `${path}: ${text}`),
      )
    expect(bare).toEqual([])
  })

  test.each([
    ['<p>Bare words</p>', ['Bare words']],
    ['<p aria-label="A label">{t("fine")}</p>', ['A label']],
    ['<button title="Stop {name}">×</button>', ['Stop ']],
    ['<p class="row">{t("fine")} · <kbd>1</kbd></p>', []],
  ])('is found in %s', (source, found) => expect(bareTexts(parse(source, { modern: true }).fragment)).toEqual(found))

  test('that the extension shows goes through l10n', () => {
    const bare = sourcesIn('extension').flatMap(({ path, source }) =>
      [...source.matchAll(SHOWN)].map(match => `${path}: ${match[0]}`),
    )
    expect(bare).toEqual([])
  })

  test('of the manifest is in package.nls.json, and nothing else is', () => {
    const manifest = JSON.stringify(readJson('package.json'))
    const used = [...manifest.matchAll(/"%([\w.]+)%"/g)].map(match => match[1] ?? '')
    expect([...new Set(used)].sort()).toEqual(Object.keys(readJson('package.nls.json')).sort())
    const { commands, configuration, walkthroughs } = readJson('package.json').contributes
    const shown = [commands, configuration.properties, walkthroughs].map(part => JSON.stringify(part)).join()
    expect([...shown.matchAll(/"(?:title|description)":"(?!%)[^"]*"/g)].map(match => match[0])).toEqual([])
  })
})

describe('a text', () => {
  test('is shown in the language of the editor, with its arguments where that language wants them', () => {
    useWords({ '{0} of {1} files': 'von {1} Dateien {0}' })
    expect(t('{0} of {1} files', 2, 5)).toBe('von 5 Dateien 2')
    useWords({})
    expect(t('{0} of {1} files', 2, 5)).toBe('2 of 5 files')
  })
})

/** Strings where users would read them. */
const SHOWN =
  /(?:show(?:Information|Warning|Error)Message|new Error|\.(?:tooltip|placeholder|title) =|\b(?:prompt|placeHolder|tooltip|detail):)\s*\(?['"`][A-Z][^'"`\n]*/g

/** The product's name is the same everywhere. */
const NAME = 'kode'

/** Attributes that are shown or read out. */
const READ_OUT = ['aria-label', 'label', 'title', 'placeholder', 'alt']

interface Node {
  type: string
  name?: string
  data?: string
  [field: string]: unknown
}

function bareTexts(node: unknown, isShown = true): string[] {
  if (Array.isArray(node)) return node.flatMap(each => bareTexts(each, isShown))
  if (!isNode(node)) return []
  if (node.type === 'Text') {
    const text = (node.data ?? '').replace(/^\s+/, '')
    return isShown && text !== NAME && /[A-Za-z]{2}/.test(text) ? [text] : []
  }
  if (node.type === 'Attribute') return bareTexts(node.value, READ_OUT.includes(node.name ?? ''))
  return Object.entries(node).flatMap(([field, value]) => (FIELDS.includes(field) ? bareTexts(value, isShown) : []))
}

/** Where a node of the template keeps others. */
const FIELDS = ['nodes', 'fragment', 'attributes', 'consequent', 'alternate', 'body', 'fallback', 'pending', 'then']

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && ('type' in value || 'nodes' in value)
}
