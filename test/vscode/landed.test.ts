import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Editor, edit } from './support/editor'

const THREE = 'export const a = 1\n// -\n// -\nexport const b = 2\n// -\n// -\nexport const c = 3\n'
const TENS = THREE.replace(/= (\d)/g, '= $10')
const READ = (path: string) => ({ name: 'Read', arguments: { file_path: path } })

let editor: Editor

beforeAll(async () => {
  editor = await Editor.open(
    { 'package.json': '{"name":"landed"}', 'hunks.ts': THREE, 'whole.ts': THREE, 'shared.ts': THREE },
    { settings: { 'kode.mode': 'auto' } },
  )
  await editor.setKey('sk-test-0123456789')
})

afterAll(() => editor?.close())

beforeEach(async context => {
  // What was on the screen tells more than a time-out.
  context.onTestFailed(async () => {
    await editor.workbench.page.screenshot({ path: `dist/failed-${context.task.id}.png` })
  })
  await editor.newConversation()
})

/** Has the model change files in `auto`, and opens the review of what landed. */
async function landTens(...paths: string[]): Promise<void> {
  const { page } = editor.workbench
  editor.script(
    { toolCalls: paths.map(READ) },
    { toolCalls: paths.map(path => edit(path, THREE, TENS)) },
    { text: `Tens in ${paths.join(' and ')}.` },
  )
  await editor.prompt('Times ten')
  await editor.chat.getByText(`Tens in ${paths.join(' and ')}.`, { exact: true }).waitFor()
  for (const path of paths) expect(editor.read(path)).toBe(TENS)
  await editor.chat.getByRole('button', { name: 'Review the changes of this turn' }).click()
  await page.getByRole('tab', { name: /landed by kode/ }).waitFor()
}

const row = (path: string) =>
  editor.workbench.page.getByRole('tree', { name: 'Pending Changes' }).getByRole('treeitem', { name: path })

/** A row has its buttons while the pointer is over it, and moves when one above it goes. */
async function press(name: string, button: string): Promise<void> {
  const isPressed = async () => {
    await row(name).hover()
    return row(name)
      .getByRole('button', { name: button })
      .click({ timeout: 3_000 })
      .then(
        () => true,
        () => false,
      )
  }
  await expect.poll(isPressed, { timeout: 30_000 }).toBe(true)
}

describe('what landed in auto', () => {
  test('waits in the review: one hunk is taken back, the others are kept', async () => {
    await landTens('hunks.ts')
    const lens = (title: string) => editor.workbench.page.locator('.codelens-decoration a', { hasText: title })
    await expect.poll(() => lens('Revert').count(), { timeout: 30_000 }).toBe(3)
    await row('hunks.ts').locator('.monaco-tl-twistie').click()
    await press('export const b = 20', 'Reject Hunk')
    await expect.poll(() => editor.read('hunks.ts'), { timeout: 30_000 }).toBe(TENS.replace('b = 20', 'b = 2'))
    await press('hunks.ts', 'Accept Change')
    await row('hunks.ts').waitFor({ state: 'detached' })
    expect(editor.read('hunks.ts')).toBe(TENS.replace('b = 20', 'b = 2'))
    // The turn is taken back as a whole all the same.
    await editor.chat.getByRole('button', { name: 'Undo the changes of this turn' }).click()
    await expect.poll(() => editor.read('hunks.ts'), { timeout: 30_000 }).toBe(THREE)
  })

  test('is taken back file by file; a file that was changed since is kept, and shown', async () => {
    const { page } = editor.workbench
    await landTens('whole.ts', 'shared.ts')
    await page.getByRole('treeitem', { name: 'Verified' }).waitFor()
    const mine = `${TENS}// mine\n`
    editor.write('shared.ts', mine)
    for (const path of ['whole.ts', 'shared.ts']) {
      await press(path, 'Reject Change')
    }
    await expect.poll(() => editor.read('whole.ts'), { timeout: 30_000 }).toBe(THREE)
    await row('whole.ts').waitFor({ state: 'detached' })
    const toast = page.locator('.notification-toast', { hasText: 'Kept shared.ts: it was changed since' })
    await toast.getByRole('button', { name: 'Show' }).click()
    await page.locator('.editor-instance .view-line', { hasText: '+// mine' }).waitFor()
    expect(editor.read('shared.ts')).toBe(mine)
    // It still waits, and over a reload of the window too.
    await editor.reload()
    await page.getByRole('treeitem', { name: 'shared.ts' }).waitFor()
  })
})
