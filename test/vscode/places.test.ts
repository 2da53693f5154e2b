import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVSIX } from '@vscode/vsce'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Editor, edit } from './support/editor'

const READ = (path: string) => ({ toolCalls: [{ name: 'Read', arguments: { file_path: path } }] })
/** So many that landing them through the editor takes its time. */
const MANY = Array.from({ length: 60 }, (_, index) => `many/file${index}.ts`)

const packed = mkdtempSync(join(tmpdir(), 'kode-fake-model-'))
let editor: Editor

beforeAll(async () => {
  const fakeModel = join(packed, 'fake-model.vsix')
  await createVSIX({ cwd: join(import.meta.dirname, 'data/fake-model'), packagePath: fakeModel, dependencies: false })
  editor = await Editor.open(
    {
      'lm.ts': 'export const lm = 1\n',
      'one.ts': 'export const one = 1\n',
      ...Object.fromEntries(MANY.map(path => [path, 'export const value = 1\n'])),
      'shop/package.json': '{"name":"shop"}',
      'shop/price.ts': 'export const price = 1\n',
      'bank/package.json': '{"name":"bank"}',
      'bank/rate.ts': 'export const rate = 1\n',
      'all.code-workspace': JSON.stringify({ folders: [{ path: 'shop' }, { path: 'bank' }] }),
    },
    { extensions: [fakeModel], settings: { 'kode.provider': 'vscode', 'kode.model': 'fake/scripted' } },
  )
  const git = (...args: string[]) => execFileSync('git', args, { cwd: editor.server.workspace })
  git('init', '-q')
  git('add', 'one.ts')
})

afterAll(async () => {
  await editor?.close()
  rmSync(packed, { recursive: true, force: true })
})

beforeEach(context => {
  context.onTestFailed(async () => {
    await editor.workbench.page.screenshot({ path: `dist/failed-${context.task.id}.png` })
  })
})

test('a model of the editor itself reads, proposes and is told what landed; another one goes on from there', async () => {
  const model = (name: string) => editor.chat.getByRole('button', { name: `${name}, change the model`, exact: true })
  await editor.prompt('Two, please')
  await editor.chat.getByRole('region', { name: 'Approval: lm.ts' }).press('y')
  await editor.chat.getByText("The editor's model has seen 2 results.").waitFor()
  expect(editor.read('lm.ts')).toBe('export const lm = 2\n')
  expect(editor.model.requests).toEqual([])
  await editor.workbench.page.locator('.statusbar-item', { hasText: 'fake/scripted' }).waitFor()

  await editor.composer.fill('/provider')
  await editor.composer.press('Enter')
  await editor.workbench.choose('openai')
  await model('fake/scripted').waitFor()
  await editor.composer.fill('/model')
  await editor.composer.press('Enter')
  await editor.workbench.choose('scripted')
  await model('scripted').waitFor()
  editor.script({ text: 'I read on.' })
  await editor.prompt('And you?')
  await editor.chat.getByText('I read on.').waitFor()
  expect(JSON.stringify(editor.model.requests.at(-1)?.body.messages)).toContain('has seen 2 results')
})

test('another agent is told what is wrong with its change, and how far it reaches; nothing is written', async () => {
  const before = editor.read('one.ts')
  await editor.workbench.runCommand('Fake: Ask kode')
  await expect.poll(() => existsSync(join(editor.server.workspace, 'answers.json')), { timeout: 30_000 }).toBe(true)
  const [verdict, reach] = JSON.parse(editor.read('answers.json'))
  expect(verdict.status).toBe('FAIL')
  expect(JSON.stringify(verdict.results)).toContain('`missing` is neither declared nor imported')
  expect(reach.check_name).toBe('blast_radius')
  expect(editor.read('one.ts')).toBe(before)
})

test('the model writes the message for what is staged', async () => {
  editor.script({ text: 'one: it is two now\n\nBecause two is better.' })
  await editor.workbench.runCommand('kode: Write Commit Message')
  await expect
    .poll(() => JSON.stringify(editor.model.requests.at(-1)?.body.messages), { timeout: 30_000 })
    .toContain('+export const one = 1')
  await editor.workbench.runCommand('Source Control: Focus on Changes View')
  await editor.workbench.page.locator('.scm-input .view-line', { hasText: 'one: it is two now' }).waitFor()
  await editor.reload()
})

describe('an extension host that is killed while it lands a change', () => {
  /** Puts a change of many files in the place of the one that waits, as an earlier window may have left it. */
  const leavePending = async () => {
    editor.script(READ('one.ts'), { toolCalls: [edit('one.ts', '= 1', '= 2')] })
    await editor.newConversation()
    await editor.prompt('Two')
    await editor.chat.getByRole('region', { name: 'Approval: one.ts' }).waitFor()
    const [folder = ''] = editor.server.storageOf('kode.kode')
    await expect.poll(() => readdirSync(folder).length).toBeGreaterThan(0)
    const [own = ''] = readdirSync(folder)
    const proposal = JSON.parse(readFileSync(join(folder, own), 'utf8'))
    const files = MANY.map(path => {
      const [before, after] = [editor.read(path), 'export const value = 1\nexport const more = 2\n']
      return { path, before, proposed: after, after, decision: 'open', acceptedHunks: [] }
    })
    rmSync(join(folder, own))
    writeFileSync(join(folder, 'many.json'), JSON.stringify({ ...proposal, id: 'many', title: 'Many', files }))
    await editor.reload()
  }
  const countChanged = () => MANY.filter(path => editor.read(path).includes('more = 2')).length
  const killWhileItLands = async () => {
    await editor.workbench.runCommand('kode: Accept All Changes')
    await expect.poll(countChanged, { interval: 5, timeout: 60_000 }).toBeGreaterThan(2)
    editor.server.killExtensionHosts()
    expect(countChanged()).toBeLessThan(MANY.length)
    await editor.reload()
  }
  const answer = async (label: string) => {
    const toast = editor.workbench.page.locator('.notification-toast', { hasText: 'was interrupted while' })
    await toast.getByRole('button', { name: label }).click()
  }
  const waiting = () => editor.workbench.page.locator('.statusbar-item', { hasText: 'SAFE' }).locator('.codicon-diff')

  test('leaves it to the user: put back it waits again, finished it is whole', async () => {
    await leavePending()
    await killWhileItLands()
    await answer('Put Back')
    await expect.poll(countChanged, { timeout: 60_000 }).toBe(0)
    await waiting().waitFor()

    await killWhileItLands()
    await answer('Finish')
    await expect.poll(countChanged, { timeout: 60_000 }).toBe(MANY.length)
    await waiting().waitFor({ state: 'detached' })
  }, 300_000)
})

describe('a window of several folders', () => {
  test('works in the folder that the conversation names, and lands in the other after a switch', async () => {
    await editor.reload('all.code-workspace')
    const shop = editor.chat.getByRole('button', { name: 'shop, change the folder' })
    // Right after its extension host was killed, the editor sometimes opens a workspace without its folders.
    await shop.waitFor({ timeout: 15_000 }).catch(() => editor.reload('all.code-workspace'))
    await shop.waitFor()
    editor.script(READ('price.ts'), { toolCalls: [edit('price.ts', '= 1', '= 2')] }, { text: 'Priced.' })
    await editor.prompt('Two')
    await editor.chat.getByRole('region', { name: 'Approval: price.ts' }).press('y')
    await editor.chat.getByText('Priced.').waitFor()
    expect(editor.read('shop/price.ts')).toBe('export const price = 2\n')

    await editor.chat.getByRole('button', { name: 'shop, change the folder' }).click()
    await editor.workbench.choose('bank')
    await editor.chat.getByRole('button', { name: 'bank, change the folder' }).waitFor()
    editor.script(READ('rate.ts'), { toolCalls: [edit('rate.ts', '= 1', '= 3')] }, { text: 'Rated.' })
    await editor.prompt('Three')
    await editor.chat.getByRole('region', { name: 'Approval: rate.ts' }).press('y')
    await editor.chat.getByText('Rated.').waitFor()
    expect(editor.read('bank/rate.ts')).toBe('export const rate = 3\n')
    const system = JSON.stringify(editor.model.requests.at(-1)?.body.messages[0])
    expect(system).toContain(join(editor.server.workspace, 'bank'))
  })
})
