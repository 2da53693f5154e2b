import { createHash } from 'node:crypto'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Editor, edit } from './support/editor'
import { press } from './support/press'

const FIVE = Array.from(
  { length: 5 },
  (_, index) => `export const value${index} = ${index + 1}\n// a\n// b\n// c\n`,
).join('')
const UNSAVED = 'export const first = 1\nexport const second = 2\n'
const READ = (path: string) => ({ toolCalls: [{ name: 'Read', arguments: { file_path: path } }] })

let editor: Editor

beforeAll(async () => {
  editor = await Editor.open({
    'package.json': '{"name":"five"}',
    'five.ts': FIVE,
    'money.ts': 'export function round(value: number): number {\n  return Math.round(value)\n}\n',
    'windows.ts': 'export const a = 1\r\nexport const b = 2\r\n',
    'utf16.txt': Buffer.from('\ufeffgrüße\nwelt\n', 'utf16le'),
    'kept.ts': 'export const kept = 1\n',
    'unsaved.ts': UNSAVED,
    'later.ts': UNSAVED,
    'more.ts': UNSAVED,
  })
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

describe('review in the editor', () => {
  test('lands two of five hunks, and nothing of the others', async () => {
    const changed = FIVE.replace(/= (\d)/g, (_, digit) => `= ${digit}0`)
    editor.script(READ('five.ts'), { toolCalls: [edit('five.ts', FIVE, changed)] }, { text: 'Two of them, then.' })
    await editor.prompt('Times ten')
    const page = editor.workbench.page
    await editor.workbench.editorAction('Accept Change').waitFor()
    const lens = (title: string) => page.locator('.codelens-decoration a', { hasText: title })
    await page.getByRole('button', { name: 'Pending Changes Section' }).click()
    const tree = page.getByRole('tree', { name: 'Pending Changes' })
    await tree.getByRole('treeitem', { name: 'five.ts' }).locator('.monaco-tl-twistie').click()
    const hunkRow = tree.getByRole('treeitem', { name: 'export const value0 = 10' })
    await press(
      () => hunkRow.getByRole('button', { name: 'Reject Hunk' }),
      async () => (await lens('Reject').count()) === 4,
      hunkRow,
    )
    await page.getByRole('button', { name: 'Pending Changes Section' }).click()
    for (let left = 3; left >= 2; left--) {
      await press(
        () => topmost(lens('Reject')),
        async () => (await lens('Reject').count()) === left,
      )
    }
    expect(editor.read('five.ts')).toBe(FIVE)
    await press(
      () => topmost(lens('Accept')),
      async () => (await page.locator('.codelens-decoration', { hasText: 'Accepted' }).count()) > 0,
    )
    expect(editor.read('five.ts')).toBe(FIVE)
    await press(
      () => topmost(lens('Accept').filter({ hasNotText: 'Accepted' })),
      () => editor.read('five.ts') !== FIVE,
    )
    await editor.chat.getByText('Two of them, then.').waitFor()
    expect(editor.read('five.ts')).toBe(FIVE.replace('= 4', '= 40').replace('= 5', '= 50'))
  })

  test('judges what the user types into the diff: a missing function is marked and cannot be accepted, mended it lands', async () => {
    const hash = () => createHash('sha256').update(editor.read('money.ts')).digest('hex')
    const before = hash()
    const right = await proposeAndType(
      edit('money.ts', 'Math.round(value)', 'Math.round(value * 100) / 100'),
      ' + missing()',
      'Landed as you wrote it.',
    )
    const page = editor.workbench.page
    await page.keyboard.press('Control+Shift+M')
    await page.getByRole('treeitem', { name: /missing.*neither declared/ }).waitFor()
    // The panel moves the buttons while it opens: a click may miss. A refused one changes nothing.
    const told = async () => {
      await editor.workbench.editorAction('Accept Change').click()
      const toast = page.locator('.notification-toast')
      await toast
        .first()
        .waitFor({ timeout: 3_000 })
        .catch(() => undefined)
      return [
        ...(await toast.allInnerTexts()),
        await editor.chat.getByRole('region', { name: /^Approval/ }).innerText(),
      ]
    }
    await expect
      .poll(told, { timeout: 40_000, interval: 1_000 })
      .toContainEqual(expect.stringContaining('Not accepted: money.ts:2'))
    expect(hash()).toBe(before)

    await cursorToEndOf(right.locator('.view-line', { hasText: 'missing' }))
    for (let index = 0; index < ' + missing()'.length; index++) await page.keyboard.press('Backspace')
    await right.locator('.squiggly-error').first().waitFor({ state: 'detached' })
    await editor.workbench.editorAction('Accept Change').click()
    await editor.chat.getByText('Landed as you wrote it.').waitFor()
    expect(editor.read('money.ts')).toContain('Math.round(value * 100) / 100\n')
    // Not the other side's text taken for the same file, and nothing of a diff that is gone.
    await page.getByText('No problems have been detected in the workspace.').waitFor()
  })

  test('offers the name that exists, as a quick fix of the finding', async () => {
    const right = await proposeAndType(
      edit('money.ts', 'Math.round(value', 'Math.floor(value'),
      ' + rond(1)',
      'With the name that exists.',
    )
    const page = editor.workbench.page
    for (let step = 0; step < '(1)'.length + 1; step++) await page.keyboard.press('ArrowLeft')
    const fix = page.locator('.action-widget').getByText('Use `round`')
    // There is none while a verdict about the last letter is on its way.
    const isOffered = async () => {
      await page.keyboard.press('Control+.')
      return fix.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      )
    }
    await expect.poll(isOffered, { timeout: 30_000 }).toBe(true)
    await page.keyboard.press('Enter')
    await right.locator('.squiggly-error').first().waitFor({ state: 'detached' })
    await editor.workbench.editorAction('Accept Change').click()
    await editor.chat.getByText('With the name that exists.').waitFor()
    expect(editor.read('money.ts')).toContain(' + round(1)')
  })

  test('lands as one step that the editor can undo', async () => {
    const page = editor.workbench.page
    editor.script(READ('kept.ts'), { toolCalls: [edit('kept.ts', '= 1', '= 2')] }, { text: 'Now two.' })
    await editor.prompt('Two')
    await editor.workbench.editorAction('Accept Change').click()
    await editor.chat.getByText('Now two.').waitFor()
    expect(editor.read('kept.ts')).toBe('export const kept = 2\n')
    await editor.chat
      .getByRole('button', { name: /kept.ts/ })
      .last()
      .click()
    await page.locator('.editor-instance .view-line', { hasText: 'kept = 2' }).click()
    await page.keyboard.press('Control+z')
    await page.locator('.editor-instance .view-line', { hasText: 'kept = 1' }).waitFor()
    await page.keyboard.press('Control+s')
    await expect.poll(() => editor.read('kept.ts'), { timeout: 20_000 }).toBe('export const kept = 1\n')
  })

  describe('of a file with unsaved text', () => {
    const typeOnTop = async (text: string) => {
      await editor.workbench.page.locator('.editor-instance .view-line', { hasText: 'second' }).click()
      await editor.workbench.page.keyboard.press('Control+Home')
      await editor.workbench.page.keyboard.type(text)
    }
    const proposeThree = async (path: string) => {
      await editor.workbench.openFile(path)
      await typeOnTop('const mine = 0\n')
      editor.script(
        READ(path),
        { toolCalls: [edit(path, 'second = 2', 'second = 3')] },
        { text: 'That is the end of it.' },
      )
      await editor.prompt('Three')
      await editor.chat.getByRole('region', { name: `Approval: ${path}` }).waitFor()
      expect(editor.read(path)).toBe(UNSAVED)
    }
    const approve = async (path: string) => {
      await editor.chat.getByRole('region', { name: `Approval: ${path}` }).press('y')
      await editor.chat.getByText('That is the end of it.').waitFor()
    }

    test('keeps that text', async () => {
      await proposeThree('unsaved.ts')
      await approve('unsaved.ts')
      expect(editor.read('unsaved.ts')).toBe('const mine = 0\nexport const first = 1\nexport const second = 3\n')
    })

    test('lands also when the text was saved meanwhile', async () => {
      await proposeThree('later.ts')
      await editor.workbench.openFile('later.ts')
      await editor.workbench.page.locator('.editor-instance .view-line', { hasText: 'second' }).click()
      await editor.workbench.page.keyboard.press('Control+s')
      await expect.poll(() => editor.read('later.ts'), { timeout: 20_000 }).toBe(`const mine = 0\n${UNSAVED}`)
      await approve('later.ts')
      expect(editor.read('later.ts')).toBe('const mine = 0\nexport const first = 1\nexport const second = 3\n')
    })

    test('leaves it alone when the user typed more meanwhile', async () => {
      await proposeThree('more.ts')
      await editor.workbench.openFile('more.ts')
      await typeOnTop('const more = 1\n')
      await approve('more.ts')
      expect(editor.read('more.ts')).toBe(UNSAVED)
      const lines = editor.workbench.page.locator('.editor-instance .view-line')
      await lines.filter({ hasText: 'const more = 1' }).waitFor()
      await lines.filter({ hasText: 'second = 2' }).waitFor()
      await editor.workbench.runCommand('File: Revert File')
      await lines.filter({ hasText: 'const more = 1' }).first().waitFor({ state: 'detached' })
    })
  })

  test.each([
    ['windows.ts', 'b = 2', 'b = 3', Buffer.from('export const a = 1\r\nexport const b = 3\r\n')],
    ['utf16.txt', 'welt', 'Welt', Buffer.from('\ufeffgrüße\nWelt\n', 'utf16le')],
  ])('keeps line ends and encoding of %s', async (path, before, after, bytes) => {
    editor.script(READ(path), { toolCalls: [edit(path, before, after)] }, { text: `Done with ${path}` })
    await editor.prompt('Change it')
    await editor.chat.getByRole('region', { name: `Approval: ${path}` }).press('y')
    await editor.chat.getByText(`Done with ${path}`).waitFor()
    expect(editor.readBytes(path).toString('hex')).toBe(bytes.toString('hex'))
  })

  test('keeps a pending change over a reload of the window, and lands it then', async () => {
    const before = editor.read('kept.ts')
    editor.script(READ('kept.ts'), { toolCalls: [edit('kept.ts', '= 1', '= 5')] })
    await editor.prompt('Five')
    await editor.chat.getByRole('region', { name: 'Approval: kept.ts' }).waitFor()
    await editor.reload()
    expect(editor.read('kept.ts')).toBe(before)
    await editor.workbench.runCommand('kode: Accept All Changes')
    await expect.poll(() => editor.read('kept.ts'), { timeout: 60_000 }).toBe('export const kept = 5\n')
  })
})

/**
 * Has the model propose an edit of money.ts, and types at the end of the proposed line what a gate refuses.
 *
 * @returns the side of the diff that can be edited
 */
async function proposeAndType(call: ReturnType<typeof edit>, typed: string, end: string): Promise<Locator> {
  const { page } = editor.workbench
  editor.script(READ('money.ts'), { toolCalls: [call] }, { text: end })
  await editor.prompt('Cents')
  await editor.workbench.editorAction('Accept Change').waitFor()
  const right = page.locator('.editor.modified')
  await cursorToEndOf(right.locator('.view-line', { hasText: 'return Math' }))
  await page.keyboard.type(typed)
  await right.locator('.squiggly-error').first().waitFor()
  return right
}

/**
 * Of line 2. The lens above the line moves it when it comes, so a click may miss; the status bar tells late where the
 * cursor is.
 */
async function cursorToEndOf(line: Locator): Promise<void> {
  const { page } = editor.workbench
  const place = async () => {
    await line.click()
    await page.keyboard.press('End')
    await page.waitForTimeout(700)
    return page.locator('.statusbar').innerText()
  }
  await expect.poll(place, { timeout: 30_000 }).toContain(`Ln 2, Col ${(await line.innerText()).length + 1}`)
}

/** The editor keeps its lenses in any order and moves them after every change; a user clicks when they stand still. */
async function topmost(lenses: Locator): Promise<Locator> {
  const places = async () => {
    const boxes = await Promise.all((await lenses.all()).map(lens => lens.boundingBox()))
    return boxes.map(box => box?.y ?? Number.POSITIVE_INFINITY)
  }
  let rows = await places()
  await expect
    .poll(
      async () => {
        const before = rows
        rows = await places()
        return rows.join() === before.join()
      },
      { interval: 500, timeout: 30_000 },
    )
    .toBe(true)
  return lenses.nth(rows.indexOf(Math.min(...rows)))
}
