import type { Judgement, Language, SourceFile } from '../language'

/** One `<script>` of a component; everything around it is blank, so that places in it are places in the file. */
interface ScriptBlock {
  text: string
  isTypeScript: boolean
}

/** A language whose files carry TypeScript or JavaScript in `<script>` blocks; the rest of them is not judged. */
export function withScriptBlocks(id: string, name: string): Language {
  return { id, name, checkSyntax }
}

async function checkSyntax({ path, text }: SourceFile): Promise<Judgement> {
  const blocks = scriptBlocks(text)
  if (blocks.length === 0) return { kind: 'judged', problems: [] }
  const { javascript, typescript } = await import('../typescript')
  const problems = []
  for (const block of blocks) {
    const verdict = block.isTypeScript
      ? await typescript.checkSyntax({ path: `${path}.ts`, text: block.text })
      : await javascript.checkSyntax({ path: `${path}.js`, text: block.text })
    if (verdict.kind === 'unknown') return verdict
    problems.push(...verdict.problems)
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
      text: text.slice(0, start).replace(/[^\r\n]/g, ' ') + body,
      isTypeScript: /^t/.test(language) || type.endsWith('typescript'),
    })
  }
  return blocks
}
