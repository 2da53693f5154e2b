import type { Problem } from '#shared/languages/language'

/** Where Python looks for the name of a file's encoding: in a comment on one of the first two lines. */
const DECLARED = /^(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))?[ \t\f]*#[^\r\n]*?coding[:=][ \t]*(?<name>[-\w.]+)/

/** They make characters of others, so that a comment can hold the end of its line and code behind it. */
const TRANSFORMING = /^(?:(?:unicode[-_]1[-_]1[-_])?utf[-_]?7|u7|(?:raw[-_])?unicode[-_]escape)$/i

/** A Python file that says it is to be read in a way in which nobody reads it who looks at it. */
export function findHiddenEncoding(text: string, languageId: string | undefined): Problem[] {
  const declared = languageId === 'python' ? DECLARED.exec(text) : null
  const name = declared?.groups?.name
  if (!declared || name === undefined || !TRANSFORMING.test(name)) return []
  return [
    {
      kind: 'hidden-encoding',
      certainty: 'certain',
      key: 'hidden-encoding',
      start: declared[0].length - name.length,
      end: declared[0].length,
      message: `Python reads this file as ${name}, so what runs is not what is written here`,
      suggestion: 'write it in UTF-8 and leave the line out',
    },
  ]
}
