import type { Judgement, Language, Problem, SourceFile, Unknown } from '../language'
import { blank } from './blank'

/** The text of one `<script>`, and where in its file it begins. */
export interface ScriptBlock {
  text: string
  start: number
  isTypeScript: boolean
}

/** A language whose files carry TypeScript or JavaScript in `<script>` blocks; the rest of them is not judged. */
export function withScriptBlocks(id: string, name: string): Language {
  return {
    id,
    name,
    checkSyntax: ({ path, text }: SourceFile) => checkScripts(path, scriptBlocks(text)),
    // What its markup computes, between braces and in attributes, runs as well.
    codeOf: ({ path, text }) => codeOfScripts(path, text.replace(NOT_RUN, blank), scriptBlocks(text)),
  }
}

const NOT_RUN = /<!--[\s\S]*?-->|<style\b[\s\S]*?<\/style\s*>/gi

/** @param markup the file without what never runs @returns it with the scripts' texts blanked; see `codeOf` */
export async function codeOfScripts(
  path: string,
  markup: string,
  blocks: readonly ScriptBlock[],
): Promise<string | Unknown> {
  const { javascript, typescript } = await import('../typescript')
  let code = ''
  for (const { text, start, isTypeScript } of blocks) {
    const [language, ending] = isTypeScript ? [typescript, 'ts'] : [javascript, 'js']
    const script = await language.codeOf?.({ path: `${path}.${ending}`, text })
    if (typeof script !== 'string') return script ?? { kind: 'unknown', reason: 'its scripts cannot be read' }
    code += markup.slice(code.length, start) + script
  }
  return code + markup.slice(code.length)
}

/** What does not parse in the scripts of a file; one that cannot be judged leaves all of them unjudged. */
export async function checkScripts(path: string, blocks: readonly ScriptBlock[]): Promise<Judgement> {
  const problems: Problem[] = []
  if (blocks.length === 0) return { kind: 'judged', problems }
  const { javascript, typescript } = await import('../typescript')
  for (const { text, start, isTypeScript } of blocks) {
    const [language, ending] = isTypeScript ? [typescript, 'ts'] : [javascript, 'js']
    const verdict = await language.checkSyntax({ path: `${path}.${ending}`, text })
    if (verdict.kind === 'unknown') return verdict
    problems.push(
      ...verdict.problems.map(problem => ({ ...problem, start: problem.start + start, end: problem.end + start })),
    )
  }
  return { kind: 'judged', problems }
}

const SCRIPT = /<script\b(?<attributes>(?:[^>"']|"[^"]*"|'[^']*')*)>(?<body>[\s\S]*?)<\/script\s*>/gi

function scriptBlocks(text: string): ScriptBlock[] {
  const blocks: ScriptBlock[] = []
  for (const match of text.matchAll(SCRIPT)) {
    const { attributes = '', body = '' } = match.groups ?? {}
    const language = /\blang\s*=\s*["']?([\w-]+)/.exec(attributes)?.[1] ?? 'js'
    const type = /\btype\s*=\s*["']?([\w/+-]+)/.exec(attributes)?.[1] ?? 'module'
    if (
      !/^(?:js|ts|jsx|tsx|javascript|typescript)$/.test(language) ||
      !/^(?:module|(?:text|application)\/(?:java|type)script)$/.test(type)
    )
      continue
    const start = match.index + match[0].indexOf('>', 7 + attributes.length) + 1
    blocks.push({
      text: body,
      start,
      isTypeScript: /^t/.test(language) || type.endsWith('typescript'),
    })
  }
  return blocks
}
