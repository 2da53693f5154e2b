import { execFileSync } from 'node:child_process'

const ICONV: Record<string, string> = { shift_jis: 'CP932', gbk: 'GBK', 'windows-1252': 'CP1252' }
const BOM = '\ufeff'

/** Text in an encoding, made by somebody else's encoder. */
export function encoded(text: string, encoding: string, hasBom = false): Buffer {
  const full = hasBom ? BOM + text : text
  if (encoding === 'utf-8') return Buffer.from(full, 'utf8')
  if (encoding === 'utf-16le') return Buffer.from(full, 'utf16le')
  if (encoding === 'utf-16be') return Buffer.from(full, 'utf16le').swap16()
  return execFileSync('iconv', ['-f', 'UTF-8', '-t', ICONV[encoding]!], { input: text })
}
