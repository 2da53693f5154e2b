import type { Output } from '../output'
import type { LineEditor } from './line-editor'
import { MarkdownRows } from './markdown-rows'

/** Prints above the line that is being typed; the answer as Markdown. */
export function outputAbove(terminal: Output, editor: () => LineEditor): Output {
  const rows = new MarkdownRows(() => process.stdout.columns, terminal.paint, wantsCodeColour(process.env))
  const printAll = (lines: readonly string[]) => {
    for (const line of lines) editor().print(line)
  }
  const note = (text: string) => {
    printAll(rows.end())
    editor().print(text)
  }
  return { result: text => printAll(rows.push(text)), errors: note, note, paint: terminal.paint }
}

/** `KODE_SYNTAX_HIGHLIGHT`: on, unless it says that it is off. */
export function wantsCodeColour({ KODE_SYNTAX_HIGHLIGHT, KODA_SYNTAX_HIGHLIGHT }: NodeJS.ProcessEnv): boolean {
  return !/^(off|0|false|no)$/i.test(KODE_SYNTAX_HIGHLIGHT ?? KODA_SYNTAX_HIGHLIGHT ?? '')
}
