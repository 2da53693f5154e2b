// Draws the screenshots of docs/: `npm run screenshots`. The chat in every theme and width, and the review in a real VS Code.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { ChatPage, closeBrowser, THEMES } from './support/chat-page'
import { Editor, edit } from './support/editor'
import { APPROVAL, TURN, TURN_END } from './support/sample-events'

const FOLDER = join(import.meta.dirname, '../../docs/screenshots')
mkdirSync(FOLDER, { recursive: true })

afterAll(() => closeBrowser())

/** Rows are measured after they are drawn. */
const SETTLE_MS = 600

test.each(THEMES)('the chat in %s', async theme => {
  const chat = await ChatPage.open(theme)
  await chat.start([...TURN, { type: 'approval_requested', request: APPROVAL }])
  await chat.page.waitForTimeout(SETTLE_MS)
  await chat.page.screenshot({ path: `${FOLDER}/approval-${theme}.png` })
  await chat.start([...TURN, ...TURN_END])
  await chat.page.waitForTimeout(SETTLE_MS)
  await chat.page.screenshot({ path: `${FOLDER}/turn-${theme}.png` })
  await chat.close()
})

test('the chat at 250 pixels', async () => {
  const chat = await ChatPage.open('dark', { width: 250, height: 760 })
  await chat.start([...TURN, { type: 'approval_requested', request: APPROVAL }])
  await chat.page.waitForTimeout(SETTLE_MS)
  await chat.page.screenshot({ path: `${FOLDER}/narrow.png` })
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
