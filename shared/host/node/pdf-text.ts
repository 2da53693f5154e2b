import { Worker } from 'node:worker_threads'
import { fail, ok, type Result } from '#shared/base/result'
import { workerPath } from './worker-path'

/** The text of a PDF. */
export interface PdfText {
  /** From the first on; fewer than `pageCount` when a limit was met. */
  pages: string[]
  pageCount: number
  /** Why the rest was not read. */
  stopped?: string
}

/** How much may be spent on one file; hostile ones are small and unpack to anything. */
export interface PdfLimits {
  timeoutMs: number
  /** By which the process may grow meanwhile. */
  memoryBytes: number
  pages: number
  chars: number
}

/** What the thread is given. */
export interface PdfTask {
  bytes: Uint8Array
  maxPages: number
  maxPageChars: number
}

/** What the thread of pdf-worker.ts tells. */
export type PdfNews =
  | { kind: 'opened'; pageCount: number }
  | { kind: 'page'; text: string }
  | { kind: 'ended' }
  | { kind: 'failed'; reason: string }

const DEFAULT_LIMITS: PdfLimits = { timeoutMs: 20_000, memoryBytes: 1_000_000_000, pages: 1_000, chars: 5_000_000 }
/** Of the thread's JavaScript; the buffers that streams are unpacked into do not count. */
const MAX_HEAP_MB = 512
const MEMORY_CHECK_MS = 50

let last: Promise<unknown> = Promise.resolve()

/** Reads the text of a PDF, one file after the other. An error says, as half a sentence, why there is none. */
export function readPdf(
  bytes: Uint8Array,
  signal: AbortSignal,
  limits: PdfLimits = DEFAULT_LIMITS,
): Promise<Result<PdfText, string>> {
  const reading = last.then(() => (signal.aborted ? fail('reading was cancelled') : readNow(bytes, signal, limits)))
  last = reading.catch(() => undefined)
  return reading
}

function readNow(bytes: Uint8Array, signal: AbortSignal, limits: PdfLimits): Promise<Result<PdfText, string>> {
  const task: PdfTask = { bytes, maxPages: limits.pages, maxPageChars: limits.chars }
  const worker = new Worker(workerPath('pdf-worker'), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    stdout: true,
    stderr: true,
    env: {},
  })
  return new Promise(resolve => {
    const pages: string[] = []
    let pageCount = 0
    let chars = 0
    const end = (result: Result<PdfText, string>) => {
      clearTimeout(timer)
      clearInterval(watch)
      signal.removeEventListener('abort', cancel)
      worker.off('exit', fallShort)
      void worker.terminate().then(() => resolve(result))
    }
    const stop = (stopped: string) => end(pages.length === 0 ? fail(stopped) : ok({ pages, pageCount, stopped }))
    const fallShort = () => stop('reading ended too early')
    const cancel = () => end(fail('reading was cancelled'))
    const memoryBefore = process.memoryUsage.rss()
    const timer = setTimeout(() => stop(`reading took longer than ${limits.timeoutMs / 1000} s`), limits.timeoutMs)
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() - memoryBefore > limits.memoryBytes) stop('reading took too much memory')
    }, MEMORY_CHECK_MS)
    signal.addEventListener('abort', cancel, { once: true })

    worker.on('message', (news: PdfNews) => {
      if (news.kind === 'failed') return pages.length === 0 ? end(fail(news.reason)) : stop(news.reason)
      if (news.kind === 'opened') pageCount = news.pageCount
      if (news.kind === 'page') {
        pages.push(news.text)
        chars += news.text.length
        if (chars > limits.chars) stop('it has too much text')
      }
      if (news.kind === 'ended') {
        if (pages.length < pageCount) stop('it has too many pages')
        else end(ok({ pages, pageCount }))
      }
    })
    worker.on('error', error => stop(`reading failed (${error.message})`))
    worker.on('exit', fallShort)
  })
}
