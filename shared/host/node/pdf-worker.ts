/**
 * Takes the text out of one PDF and tells it page by page. On a thread of its own, since no hostile file may stop the rest;
 * imports nothing of the project, so that it runs from its source as well as from a bundle.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { getDocument } from 'unpdf/pdfjs'
import type { PdfNews, PdfTask } from './pdf-text'

const { bytes, maxPages, maxPageChars }: PdfTask = workerData

try {
  const document = await getDocument({
    data: bytes,
    // Its warnings would go to stdout, which belongs to protocols.
    verbosity: 0,
    disableFontFace: true,
    useSystemFonts: false,
    useWasm: false,
    useWorkerFetch: false,
    isImageDecoderSupported: false,
    isOffscreenCanvasSupported: false,
  }).promise
  tell({ kind: 'opened', pageCount: document.numPages })
  for (let number = 1; number <= Math.min(document.numPages, maxPages); number++) {
    const page = await document.getPage(number)
    const { items } = await page.getTextContent()
    const text = items.map(item => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : '')).join('')
    tell({ kind: 'page', text: text.slice(0, maxPageChars) })
    page.cleanup()
  }
  tell({ kind: 'ended' })
} catch (error) {
  const isLocked = error instanceof Error && error.name === 'PasswordException'
  tell({ kind: 'failed', reason: isLocked ? 'it needs a password' : `it is broken (${error})` })
}

function tell(news: PdfNews): void {
  parentPort?.postMessage(news)
}
