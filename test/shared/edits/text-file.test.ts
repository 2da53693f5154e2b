import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeText, encodeText } from '#shared/edits/text-file'
import { encoded } from './support/encodings'

const JAPANESE = '設定ファイルを読み込む。エラーの場合は既定値を使う\n'
const CHINESE = '读取配置文件，如果出错则使用默认值。这是一个测试\n'

describe('bytes as text', () => {
  test.each([
    ['ASCII', 'plain\n', 'utf-8', false, 'utf-8'],
    ['nothing', '', 'utf-8', false, 'utf-8'],
    ['UTF-8', 'Größe → 3\n', 'utf-8', false, 'utf-8'],
    ['UTF-8 with BOM', 'Größe\r\n', 'utf-8', true, 'utf-8'],
    ['UTF-16 LE with BOM', 'Größe 設定\r\n', 'utf-16le', true, 'utf-16le'],
    ['UTF-16 BE with BOM', 'Größe 設定\r\n', 'utf-16be', true, 'utf-16be'],
    ['UTF-16 LE without BOM', 'plain text\n', 'utf-16le', false, 'utf-16le'],
    ['UTF-16 BE without BOM', 'plain text\n', 'utf-16be', false, 'utf-16be'],
    ['German Latin-1', 'die Größe der Fläche\n', 'windows-1252', false, 'windows-1252'],
    ['French Latin-1', "l'élève a été reçu à Noël\n", 'windows-1252', false, 'windows-1252'],
    ['Windows quotes and dashes', '“quoted” – it’s 5 €\n', 'windows-1252', false, 'windows-1252'],
    ['capitals in Latin-1', 'ÄÖÜ ÉÈÊ\n', 'windows-1252', false, 'windows-1252'],
    ['Shift-JIS', JAPANESE, 'shift_jis', false, 'shift_jis'],
    ['Shift-JIS among code', `const a = 1 // ${JAPANESE}`, 'shift_jis', false, 'shift_jis'],
    ['half-width katakana among kanji', 'ｴﾗｰ ﾃﾞｰﾀの設定\n', 'shift_jis', false, 'shift_jis'],
    ['GBK', CHINESE, 'gbk', false, 'gbk'],
    ['GBK among code', `int a; /* ${CHINESE} */`, 'gbk', false, 'gbk'],
  ] as const)('%s is recognised', (_, text, encoding, hasBom, expected) => {
    const decoded = decodeText(encoded(text, encoding, hasBom))
    expect(decoded).toMatchObject({ text, base: { encoding: expected, hasBom } })
  })

  test('a Latin-1 name in a UTF-8 file stays as it is while the rest is UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('// Größe, Fläche → Übersicht\n// J'),
      Buffer.of(0xf6),
      Buffer.from('rg\n'),
    ])
    const decoded = decodeText(bytes)!
    expect(decoded.base.encoding).toBe('utf-8-stray')
    const edited = encodeText(decoded.text.replace('Übersicht', 'Überblick'), decoded.base)
    expect(edited.ok && Buffer.from(edited.value).toString('latin1')).toBe(
      bytes.toString('latin1').replace('bersicht', 'berblick'),
    )
  })

  test.each([
    ['a NUL among text', Buffer.from('text\0text')],
    ['a PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0])],
    ['control codes', Buffer.from(Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 0x03 : 0xf0)))],
  ])('%s is binary', (_, bytes) => expect(decodeText(bytes)).toBeUndefined())

  test('whatever is read as text is written again byte for byte', () => {
    const byte = fc.oneof(fc.integer({ min: 9, max: 126 }), fc.integer({ min: 0x80, max: 0xff }))
    const bytes = fc.array(byte, { maxLength: 60 }).map(values => Buffer.from(values))
    fc.assert(
      fc.property(bytes, original => {
        const decoded = decodeText(original)
        if (!decoded) return
        const again = encodeText(decoded.text, decoded.base)
        expect(again.ok && Buffer.from(again.value).equals(original)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('text as bytes', () => {
  test.each([
    ['windows-1252', 'a → b', '→', 2],
    ['shift_jis', 'a é', 'é', 2],
    ['gbk', 'x 😀', '😀', 2],
    ['utf-8', 'half \ud83d', '\ud83d', 5],
  ])('%s refuses what it cannot express, and says where', (encoding, text, character, offset) => {
    expect(encodeText(text, { encoding, hasBom: false })).toEqual({ ok: false, error: { character, offset } })
  })
})
