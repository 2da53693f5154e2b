import { deflateSync } from 'node:zlib'

/** A PDF of these pages, each a list of drawing operators; `text` makes those of lines. */
export function makePdf(pages: readonly (string | Uint8Array)[], { compressed = false } = {}): Buffer {
  const font = 3 + pages.length * 2
  const objects: (string | Buffer)[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${3 + index * 2} 0 R`).join(' ')}] >>`,
    ...pages.flatMap((content, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Resources << /Font << /F1 ${font} 0 R >> >> /Contents ${4 + index * 2} 0 R >>`,
      stream(compressed ? deflateSync(content) : Buffer.from(content), compressed ? '/Filter /FlateDecode' : ''),
    ]),
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ]
  return assemble(objects)
}

/** Operators that write lines one below the other. */
export function text(...lines: string[]): string {
  const escaped = lines.map(line => `(${line.replace(/[\\()]/g, '\\$&')}) Tj T*`)
  return `BT /F1 12 Tf 14 TL 20 380 Td ${escaped.join(' ')} ET`
}

function stream(bytes: Buffer, filter: string): Buffer {
  return Buffer.concat([
    Buffer.from(`<< /Length ${bytes.length} ${filter} >>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ])
}

function assemble(objects: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n%âãÏÓ\n', 'latin1')]
  const offsets: number[] = []
  let offset = parts[0]!.length
  for (const [index, object] of objects.entries()) {
    offsets.push(offset)
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')])
    parts.push(part)
    offset += part.length
  }
  const rows = offsets.map(each => `${String(each).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  )
  return Buffer.concat(parts)
}
