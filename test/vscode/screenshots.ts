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

const OLD = '  return prices.reduce((sum, price) => sum + price, 0)'
const FILES = {
  'src/orders.ts': `import { round } from './money'\n\nexport function total(prices: number[]): number {\n${OLD}\n}\n`,
  'src/money.ts': 'export function round(value: number): number {\n  return Math.round(value * 100) / 100\n}\n',
}
const READ = {
  text: "I'll round where the total is made, so that **every caller** gets cents.",
  toolCalls: [{ name: 'Read', arguments: { file_path: 'src/orders.ts' } }],
}
const rounded = (name: string) =>
  edit('src/orders.ts', OLD, `  const sum = prices.reduce((sum, price) => sum + price, 0)\n  return ${name}(sum)`)

test('the review of what landed in auto', async () => {
  const settings = { 'workbench.colorTheme': 'Dark 2026', 'kode.mode': 'auto' }
  const editor = await Editor.open(FILES, { settings })
  const { page } = editor.workbench
  await editor.setKey('sk-test-0123456789')
  editor.script(READ, { toolCalls: [rounded('round')] }, { text: 'Totals are rounded to cents now.' })
  await editor.prompt('Totals should be rounded to cents')
  await editor.chat.getByRole('button', { name: 'Review the changes of this turn' }).click()
  await page.locator('.codelens-decoration a', { hasText: 'Revert' }).first().waitFor()
  await page.waitForTimeout(SETTLE_MS)
  await page.screenshot({ path: `${FOLDER}/review-landed.png` })
  await editor.close()
})

test.each([
  ['dark', 'Dark 2026'],
  ['light', 'Light 2026'],
])('the review in %s', async (name, theme) => {
  const editor = await Editor.open(FILES, { settings: { 'workbench.colorTheme': theme } })
  await editor.setKey('sk-test-0123456789')
  editor.script(
    READ,
    { toolCalls: [rounded('roundd')] },
    { text: 'That function is called `round`. Again:', toolCalls: [rounded('round')] },
  )
  await editor.prompt('Totals should be rounded to cents')
  await editor.workbench.editorAction('Accept Change').waitFor()
  await editor.workbench.page.locator('.codelens-decoration a', { hasText: 'Reject' }).first().waitFor()
  await editor.workbench.page.waitForTimeout(SETTLE_MS)
  await editor.workbench.page.screenshot({ path: `${FOLDER}/review-${name}.png` })
  await editor.close()
})
