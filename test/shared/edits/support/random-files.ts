import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import type { TextFormat } from '#shared/edits/change-set'
import { encodeText } from '#shared/edits/text-file'

/** A file with random text; `format` says which bytes it is. */
export interface RandomFile {
  text: string
  format: TextFormat
  mode: number
}

export type RandomTree = Record<string, RandomFile>

/** Few different lines, many of which look like a part of a diff, so that places resemble each other. */
const LINES = [
  '',
  'a',
  'b',
  'function f() {',
  '  return 1',
  '\treturn 1',
  '}',
  '-- x',
  '-- ',
  '++ y',
  '- z',
  '+ w',
  '\\ v',
  '\\ No newline at end of file',
  'ä',
  '@@ -1 +1 @@',
  '--- q',
  '+++ q',
  'diff --git a/x b/x',
  'Index: x',
  'From x',
  '<<<<<<< SEARCH',
  '*** Begin Patch',
  '```',
  ' ',
  'a ',
]
export const randomLine = fc.constantFrom(...LINES)
const lineEnd = fc.constantFrom('\n', '\n', '\r\n')

/** Mixed line ends; perhaps no newline at the end. */
export const randomText = fc
  .tuple(fc.array(fc.tuple(randomLine, lineEnd), { maxLength: 25 }), fc.boolean())
  .map(([lines, endsInNewline]) => {
    const joined = lines.map(([content, end]) => content + end).join('')
    return endsInNewline ? joined : joined.replace(/\r?\n$/, '')
  })

const UTF_8 = { encoding: 'utf-8', hasBom: false }

/** What git takes for text. */
const formatOfGit = fc.constantFrom<TextFormat>(
  UTF_8,
  UTF_8,
  { encoding: 'utf-8', hasBom: true },
  { encoding: 'windows-1252', hasBom: false },
)

export const randomFormat = fc.constantFrom<TextFormat>(
  UTF_8,
  { encoding: 'utf-8', hasBom: true },
  { encoding: 'utf-16le', hasBom: true },
  { encoding: 'utf-16be', hasBom: true },
  { encoding: 'windows-1252', hasBom: false },
  { encoding: 'utf-8-stray', hasBom: false },
)

export const randomMode = fc.constantFrom(0o644, 0o644, 0o755)

/** Blanks, quotes, umlauts, escapes, and names that look like the marks of a diff. */
const NAMES = [
  'a.txt',
  'b c.txt',
  'end ',
  ' start',
  'dir/d.txt',
  'dir/deep/ü.txt',
  'tab\tbed.txt',
  'quote"d.txt',
  "it's.txt",
  'back\\slash',
  'new\nline',
  'b/a/x',
  'a/x b/x',
  'dev/null',
  '--- a',
  'x.orig',
  '日本.txt',
]
export const randomName = fc.constantFrom(...NAMES)

function treeOf(format: fc.Arbitrary<TextFormat>): fc.Arbitrary<RandomTree> {
  const file = fc.record({ text: randomText, format, mode: randomMode })
  return fc.dictionary(randomName, file, { maxKeys: 4, noNullPrototype: true })
}

/** Two states of a project; some files stay nearly as they are, so that git finds renames and small hunks. */
export const beforeAndAfter = treeOf(formatOfGit)
  .chain(before => {
    const fate = fc.tuple(fc.nat(), fc.constantFrom('keep', 'edit', 'move', 'swap', 'copy'), randomLine)
    return fc.tuple(fc.constant(before), treeOf(formatOfGit), fc.array(fate, { maxLength: 4 }))
  })
  .map(([before, fresh, fates]) => {
    const after: RandomTree = { ...fresh }
    const names = Object.keys(before)
    for (const [index, [path, file]] of Object.entries(before).entries()) {
      const [place, fate, newLine] = fates[index] ?? [0, 'keep', '']
      const lines = file.text.split('\n')
      if (fate === 'edit' || fate === 'copy') lines.splice(place % lines.length, 1, newLine, 'new')
      const changed = { ...file, text: lines.join('\n') }
      if (fate === 'swap') after[names[(index + 1) % names.length]!] = file
      else after[fate === 'move' ? `moved/${index}.txt` : path] = changed
      if (fate === 'copy') after[`copied/${index}.txt`] = file
    }
    return { before, after }
  })

export function bytesOf({ text, format }: RandomFile): Uint8Array {
  const bytes = encodeText(text, format)
  if (!bytes.ok) throw new Error(`${format.encoding} has no ${bytes.error.character}`)
  return bytes.value
}

export function writeTree(root: string, tree: RandomTree): void {
  for (const [path, file] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), bytesOf(file))
    chmodSync(join(root, path), file.mode)
  }
}
