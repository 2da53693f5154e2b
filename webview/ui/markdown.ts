import DOMPurify from 'dompurify'
import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import go from 'highlight.js/lib/languages/go'
import ini from 'highlight.js/lib/languages/ini'
import json from 'highlight.js/lib/languages/json'
import markdown from 'highlight.js/lib/languages/markdown'
import python from 'highlight.js/lib/languages/python'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import MarkdownIt from 'markdown-it'
import { t } from '../l10n'

const LANGUAGES = { bash, css, diff, go, ini, json, markdown, python, rust, sql, typescript, xml, yaml }
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language)
// TypeScript's grammar covers JavaScript and both JSX dialects.
hljs.registerAliases(['javascript', 'js', 'jsx', 'tsx', 'mjs', 'cjs'], { languageName: 'typescript' })
hljs.registerAliases(['toml'], { languageName: 'ini' })

/** Larger blocks are shown plain: colouring them would hold up typing. */
const HIGHLIGHT_LIMIT_CHARACTERS = 50_000

/** HTML in the model's text is shown as text, never interpreted. */
export const parser = new MarkdownIt({ html: false, linkify: true })

parser.renderer.rules.fence = (tokens, index) => {
  const token = tokens[index]!
  const language = token.info.trim().split(/\s+/)[0] ?? ''
  const button = (action: string, label: string) =>
    `<button type="button" class="code-action" data-action="${action}">${label}</button>`
  return [
    '<div class="code-block">',
    `<div class="code-head"><span>${parser.utils.escapeHtml(language || 'text')}</span>`,
    `<span class="code-actions">${button('copy', t('Copy'))}${button('insert', t('Insert'))}${button('apply', t('Apply'))}</span></div>`,
    `<pre tabindex="0"><code>${highlight(token.content, language)}</code></pre></div>`,
  ].join('')
}

// A wide table scrolls by itself instead of widening the panel.
parser.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>'
parser.renderer.rules.table_close = () => '</table></div>'

/** Markdown as HTML that cannot run anything or reach outside. */
export function renderMarkdown(source: string): string {
  return DOMPurify.sanitize(parser.render(source), {
    USE_PROFILES: { html: true },
    // Pictures would be fetched from wherever the model says.
    FORBID_TAGS: ['img', 'style', 'form', 'input', 'iframe', 'video', 'audio'],
    FORBID_ATTR: ['style', 'id', 'name'],
  })
}

/** Code as HTML with classes of highlight.js; plain where the language is unknown. */
export function highlight(code: string, language: string): string {
  const known = hljs.getLanguage(language)
  if (!known || code.length > HIGHLIGHT_LIMIT_CHARACTERS) return parser.utils.escapeHtml(code)
  return hljs.highlight(code, { language, ignoreIllegals: true }).value
}
