import { createHash } from 'node:crypto'

const ALPHABETS: Record<string, string> = {
  hex: '0123456789abcdef',
  digits: '7391582460',
  letters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  caps: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  word: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  base64: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  bech: 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L',
}

/** Puts random characters where a text says `~hex32~`: always the same for the same hole, so that a text can be named twice. */
export function fillHoles(text: string): string {
  return text.replace(/~(base32|base64|[a-z]+)(\d+)~/g, (hole, name: string, length: string) => {
    const alphabet = ALPHABETS[name]
    if (alphabet === undefined) return hole
    const bytes = createHash('shake256', { outputLength: Number(length) })
      .update(hole)
      .digest()
    return [...bytes].map(byte => alphabet[byte % alphabet.length]).join('')
  })
}
