// Draws the screenshots of docs/: `npm run screenshots`. The chat in every theme and width, and the review in a real VS Code.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { ChatPage, closeBrowser, THEMES, type Theme } from './support/chat-page'
import { Editor, edit } from './support/editor'
import { STATES } from './support/sample-events'

const FOLDER = join(import.meta.dirname, '../../docs/screenshots')
mkdirSync(FOLDER, { recursive: true })

afterAll(() => closeBrowser())

/** Decorations of the editor come late. */
const SETTLE_MS = 600

/** Each theme at the width of a side bar, then the narrowest, and the largest letters. */
const LOOKS: [string, Theme, Parameters<typeof ChatPage.open>[1]][] = [
  ...THEMES.map((theme): [string, Theme, object] => [theme, theme, {}]),
  ['narrow', 'dark', { width: 250 }],
  ['zoomed', 'light', { width: 500, zoom: 2 }],
]

test.each(LOOKS)('the chat, %s', async (look, theme, size) => {
  const chat = await ChatPage.open(theme, size)
  for (const state of Object.keys(STATES)) {
    await chat.show(state)
    await chat.page.waitForTimeout(SETTLE_MS)
    await chat.page.screenshot({ path: `${FOLDER}/${state}-${look}.png` })
  }
  await chat.close()
})

test.each([
  ['dark', 'Dark 2026'],
  ['light', 'Light 2026'],
])('the review in %s', async (name, theme) => {
  const before =
    'export function total(prices: number[]): number {\n  return prices.reduce((sum, price) => sum + price, 0)\n}\n'
  const editor = await Editor.open(
    {
      'src/orders.ts': `import { round } from './money'\n\n${before}`,
      'src/money.ts': 'export function round(value: number): number {\n  return Math.round(value * 100) / 100\n}\n',
    },
    { settings: { 'workbench.colorTheme': theme } },
  )
  await editor.setKey('sk-test-0123456789')
  const old = '  return prices.reduce((sum, price) => sum + price, 0)'
  const call = (name: string) =>
    edit('src/orders.ts', old, `  const sum = prices.reduce((sum, price) => sum + price, 0)\n  return ${name}(sum)`)
  editor.script(
    {
      text: "I'll round where the total is made, so that **every caller** gets cents.",
      toolCalls: [{ name: 'Read', arguments: { file_path: 'src/orders.ts' } }],
    },
    { toolCalls: [call('roundd')] },
    { text: 'That function is called `round`. Again:', toolCalls: [call('round')] },
  )
  await editor.prompt('Totals should be rounded to cents')
  await editor.workbench.editorAction('Accept Change').waitFor()
  await editor.workbench.page.locator('.codelens-decoration a', { hasText: 'Reject' }).first().waitFor()
  await editor.workbench.page.waitForTimeout(SETTLE_MS)
  await editor.workbench.page.screenshot({ path: `${FOLDER}/review-${name}.png` })
  await editor.close()
})
