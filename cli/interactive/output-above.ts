import type { Output } from '../output'
import type { LineEditor } from './line-editor'
import { MarkdownRows } from './markdown-rows'

/** Prints above the line that is being typed; the answer as Markdown. */
export function outputAbove(terminal: Output, editor: () => LineEditor): Output {
  const rows = new MarkdownRows(() => process.stdout.columns, terminal.paint)
  const printAll = (lines: readonly string[]) => {
    for (const line of lines) editor().print(line)
  }
  const note = (text: string) => {
    printAll(rows.end())
    editor().print(text)
  }
  return { result: text => printAll(rows.push(text)), errors: note, note, paint: terminal.paint }
}
