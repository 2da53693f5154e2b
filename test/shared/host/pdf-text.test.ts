import { expect, test } from 'vitest'
import { type PdfLimits, readPdf } from '#shared/host/node/pdf-text'
import { makePdf, text } from '../../support/make-pdf'

const LIMITS: PdfLimits = { timeoutMs: 20_000, memoryBytes: 1_000_000_000, pages: 1_000, chars: 5_000_000 }
const never = new AbortController().signal
const pages = (count: number) => makePdf(Array.from({ length: count }, (_, index) => text(`page ${index + 1}`)))

test.each([false, true])('pages are read, compressed %s', async compressed => {
  const pdf = makePdf([text('one', 'two (2)'), '', text('three')], { compressed })
  expect(await readPdf(pdf, never)).toEqual({ ok: true, value: { pages: ['one\ntwo (2)', '', 'three'], pageCount: 3 } })
})

test('files are read one after the other, and what is cancelled meanwhile is not read', async () => {
  const ended: string[] = []
  const cancelled = new AbortController()
  const reads = [
    readPdf(endless(), never, { ...LIMITS, timeoutMs: 1_500 }).finally(() => ended.push('slow')),
    readPdf(pages(3), cancelled.signal).finally(() => ended.push('cancelled')),
    readPdf(pages(1), never).finally(() => ended.push('quick')),
  ]
  cancelled.abort()
  expect((await Promise.all(reads)).slice(1)).toMatchObject([
    { error: 'reading was cancelled' },
    { value: { pageCount: 1 } },
  ])
  expect(ended).toEqual(['slow', 'cancelled', 'quick'])
})

test('reading can be cancelled on its way', async () => {
  const reading = readPdf(endless(), AbortSignal.timeout(1_000))
  expect(await reading).toEqual({ ok: false, error: 'reading was cancelled' })
})

test.each<[string, Partial<PdfLimits>, number]>([
  ['it has too many pages', { pages: 4 }, 4],
  ['it has too much text', { chars: 12 }, 3],
])('of a large file the first pages are read: %s', async (stopped, limits, count) => {
  const read = await readPdf(pages(9), never, { ...LIMITS, ...limits })
  expect(read).toMatchObject({ value: { pageCount: 9, stopped } })
  expect(read.ok && read.value.pages).toHaveLength(count)
})

test('a file that would take forever is given up, with what was read before', async () => {
  const before = performance.now()
  expect(await readPdf(endless(), never, { ...LIMITS, timeoutMs: 3_000 })).toEqual({
    ok: true,
    value: { pages: ['begun'], pageCount: 2, stopped: 'reading took longer than 3 s' },
  })
  expect(performance.now() - before).toBeLessThan(6_000)
})

test('a small file that unpacks to gigabytes is given up', async () => {
  const bomb = makePdf([Buffer.alloc(400_000_000, ' ')], { compressed: true })
  expect(bomb.length).toBeLessThan(500_000)
  const read = await readPdf(bomb, never, { ...LIMITS, memoryBytes: 200_000_000 })
  expect(read).toEqual({ ok: false, error: 'reading took too much memory' })
})

test.each([
  ['nothing but its name', '%PDF-1.7\n'],
  ['garbage', `%PDF-1.7\n${'\x00\xff<<[('.repeat(1_000)}`],
  ['half of it', pages(3).subarray(0, 300)],
])('a broken file is told as one: %s', async (_, bytes) => {
  expect(await readPdf(Buffer.from(bytes), never)).toMatchObject({ error: expect.stringMatching(/^it is broken \(/) })
})

/** Its second page has millions of operators. */
function endless(): Buffer {
  return makePdf([text('begun'), Buffer.from('BT (a) Tj ET '.repeat(8_000_000))], { compressed: true })
}
