import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { readPdf } from '#shared/host/node/pdf-text'
import type { ToolStatus } from '#shared/protocol/messages'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { makePdf, text } from '../../support/make-pdf'
import { tempProject } from '../../support/temp-project'

vi.mock('#shared/host/node/pdf-text', { spy: true })

const long = makePdf(
  Array.from({ length: 40 }, (_, page) =>
    text(...Array.from({ length: 25 }, (_, line) => `${page}.${line} ${'x'.repeat(60)}`)),
  ),
)
const FILES = {
  ...Object.fromEntries(['cairo', 'chromium', 'locked', 'restricted'].map(name => [`${name}.pdf`, real(name)])),
  'long.pdf': long,
  'blank.pdf': makePdf(['0 0 50 50 re f', '']),
  'broken.pdf': '%PDF-1.7\nnothing',
}

test.each<[string, string, object, ToolStatus, RegExp]>([
  [
    'a file of cairo, with ligatures and umlauts',
    'cairo',
    {},
    'ok',
    /^1\t--- page 1 of 2 ---\n2\tInvoice 2041\n3\tTotal: 17,50 €\n4\t--- page 2 of 2 ---\n5\tÜber den Wolken\n6\tfi ffi$/,
  ],
  [
    'a file of a browser',
    'chromium',
    {},
    'ok',
    /Release notes\n[\s\S]*Version 2\.1 — naïve café\n[\s\S]*Name\s+Price\n[\s\S]*Bolt\s+0\.10\n[\s\S]*page 2 of 2 ---\n.*Second page$/,
  ],
  ['a file that may be read but not printed', 'restricted', {}, 'ok', /Invoice 2041/],
  ['some of its lines', 'cairo', { start_line: 2, num_lines: 1 }, 'ok', /^2\tInvoice 2041\n\[lines 2 to 2 of 6\]$/],
  [
    'a long file',
    'long',
    {},
    'ok',
    /^ *1\t--- page 1 of 40[\s\S]*\[… cut at line (\d+) of 1040; go on with start_line \d+\]$/,
  ],
  ['a file with a password', 'locked', {}, 'error', /^Error: locked\.pdf .*needs a password.*qpdf/],
  [
    'a file of images',
    'blank',
    {},
    'error',
    /^Error: blank\.pdf is a PDF without text: its 2 pages are images.*ocrmypdf/,
  ],
  ['a broken file', 'broken', {}, 'error', /^Error: broken\.pdf .*it is broken.*pdftotext/],
])('Read of %s', async (_, name, lines, status, shown) => {
  const [result] = await resultsFor([{ file_path: `${name}.pdf`, ...lines }])
  expect(result?.text).toMatch(shown)
  expect(result?.status).toBe(status)
})

test('a second read of the same lines says so, another goes on, and the file is unpacked once', async () => {
  vi.mocked(readPdf).mockClear()
  const results = await resultsFor([
    { file_path: 'cairo.pdf' },
    { file_path: 'long.pdf' },
    { file_path: 'long.pdf' },
    { file_path: 'long.pdf', start_line: 1_000 },
  ])
  expect(results[2]?.text).toMatch(/unchanged since you read/)
  expect(results[3]?.text).toMatch(/^1000\t38\.10 x+\n[\s\S]*1040\t39\.24 x+$/)
  expect(readPdf).toHaveBeenCalledTimes(2)
})

async function resultsFor(inputs: object[]) {
  const provider = new FakeProvider(...inputs.map(input => calls(['Read', input])), says('done'))
  const { session } = await agentSession(tempProject(FILES), provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  return resultsOf(session)
}

function real(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, `data/${name}.pdf`))
}
