import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EFFECT_CLASSES, type EffectClass } from '#shared/protocol/approvals'

/** One command line of the corpus and what is expected of it. */
export interface CorpusLine {
  group: string
  class: EffectClass
  /** What `auto` decides. */
  auto: string
  command: string
}

const FOLDER = join(import.meta.dirname, 'data')

/**
 * The corpus: files of command lines under headings `== GROUP CLASS DECISION-IN-AUTO`.
 * A line is one command; ⏎ stands for a line end inside it.
 */
export function readCorpus(folder: string = FOLDER): CorpusLine[] {
  return readdirSync(folder).flatMap(name => {
    let heading: Omit<CorpusLine, 'command'> | undefined
    const lines: CorpusLine[] = []
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line.startsWith('== ')) heading = readHeading(line)
      else if (line !== '' && heading) lines.push({ ...heading, command: line.replaceAll('⏎', '\n') })
    }
    return lines
  })
}

function readHeading(line: string): Omit<CorpusLine, 'command'> {
  const [, group = '', name, auto = ''] = line.split(' ')
  const effectClass = EFFECT_CLASSES.find(each => each === name)
  if (!effectClass) throw new Error(`no such class: ${line}`)
  return { group, class: effectClass, auto }
}
