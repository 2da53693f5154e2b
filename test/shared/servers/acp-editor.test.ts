import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type EditorOptions, editingIn, prompt } from '../../support/acp-client'
import { processesWith } from '../../support/processes'
import type { Script } from '../../support/scripted-provider'

const PATH = 'src/a.ts'
const FILES = { [PATH]: 'export const answer = 41\n' }
const change = (oldText: string, newText: string) => ({
  toolCalls: [{ name: 'Edit', arguments: { file_path: PATH, replacements: [{ old_str: oldText, new_str: newText }] } }],
})
const READ = { toolCalls: [{ name: 'Read', arguments: { file_path: PATH } }] }
const DONE = { text: 'Done.' }

/** An editor's buffers over the disk, as a real one has them: read first, saved when written. */
class Buffers {
  readonly unsaved = new Map<string, string>()
  readonly asked: string[] = []
  readonly written: string[] = []

  read(path: string): string {
    this.asked.push(path)
    return this.unsaved.get(path) ?? readFileSync(path, 'utf8')
  }

  write(path: string, text: string): void {
    this.written.push(path)
    this.unsaved.delete(path)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

async function withBuffers(script: Script, more: Partial<EditorOptions> = {}, files: Record<string, string> = FILES) {
  const buffers = new Buffers()
  const opened = await editingIn(files, script, {
    files: { read: path => buffers.read(path), write: (path, text) => buffers.write(path, text) },
    ...more,
  })
  return {
    ...opened,
    buffers,
    path: join(opened.root, PATH),
    text: () => readFileSync(join(opened.root, PATH), 'utf8'),
  }
}

describe('the files of an editor', () => {
  test('what is not saved is what the model reads and edits, and the editor writes it', async () => {
    const { editor, sessionId, model, buffers, path, text } = await withBuffers([READ, change('7', '42'), DONE])
    buffers.unsaved.set(path, '// typed just now\nexport const answer = 7\n')
    await prompt(editor, sessionId, 'make it 42')
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toContain('typed just now')
    expect(buffers.written).toEqual([path])
    expect(text()).toBe('// typed just now\nexport const answer = 42\n')
    expect(editor.invalid).toEqual([])
  })

  test('behind the blindfold what is not saved is hidden like what is', async () => {
    const files = { ...FILES, '.kode/kode.json': '{ "blindfold": { "mode": "identifiers" } }' }
    const { editor, sessionId, model, buffers, path } = await withBuffers([READ, DONE], {}, files)
    buffers.unsaved.set(path, 'export const typedRefund = 7\n')
    await prompt(editor, sessionId, 'look at it')
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toMatch(/export const v_\w{6} = 7/)
  })

  test('what is typed while the question waits is kept, and the change does not land', async () => {
    const { editor, sessionId, model, buffers, path, text } = await withBuffers([change('41', '42'), DONE], {
      onPermission() {
        buffers.unsaved.set(path, 'export const answer = 8\n')
        return { outcome: { outcome: 'selected', optionId: 'approve' } }
      },
    })
    await prompt(editor, sessionId, 'make it 42')
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toContain('changed since')
    expect(buffers.written).toEqual([])
    expect([buffers.unsaved.get(path), text()]).toEqual(['export const answer = 8\n', FILES[PATH]])
  })

  test.each([
    ['plain line ends', (text: string) => text.replaceAll('\r\n', '\n')],
    ['the mark of its encoding', (text: string) => `\uFEFF${text}`],
  ])('a buffer that differs only in %s is no unsaved text; line ends stay', async (_, shown) => {
    const files = { [PATH]: 'export const answer = 41\r\nexport const other = 1\r\n' }
    const opened = await withBuffers([READ, change('41', '42'), DONE], {}, files)
    const { editor, sessionId, buffers, path, text } = opened
    const read = buffers.read.bind(buffers)
    buffers.read = asked => shown(read(asked))
    await prompt(editor, sessionId, 'make it 42')
    expect(buffers.written).toEqual([path])
    expect(text()).toBe('export const answer = 42\r\nexport const other = 1\r\n')
  })

  test('a new file is made by the editor too, and what it saved otherwise is put right', async () => {
    const make = {
      toolCalls: [{ name: 'Write', arguments: { file_path: 'lib/new.ts', content: 'export const b = 1\n' } }],
    }
    const { editor, sessionId, root, buffers } = await withBuffers([make, DONE], {})
    const write = buffers.write.bind(buffers)
    buffers.write = (path, text) => write(path, text.toUpperCase())
    await prompt(editor, sessionId, 'make it')
    expect(buffers.written).toEqual([join(root, 'lib/new.ts')])
    expect(readFileSync(join(root, 'lib/new.ts'), 'utf8')).toBe('export const b = 1\n')
  })

  test('what the editor refuses to write does not land', async () => {
    const { editor, sessionId, model, text } = await withBuffers([change('41', '42'), DONE], {
      files: {
        write() {
          throw new Error('this buffer is locked')
        },
      },
    })
    await prompt(editor, sessionId, 'make it 42')
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toContain('the editor does not write it')
    expect(text()).toBe(FILES[PATH])
    expect(editor.updatesOf('tool_call_update').at(-1)).toMatchObject({ status: 'failed' })
  })

  test.each([
    ['refuses', () => Promise.reject(new Error('not a file of mine'))],
    ['never answers', () => new Promise<string>(() => undefined)],
  ])(
    'an editor that %s to tell a text costs nothing but time: the disk says it',
    { timeout: 40_000 },
    async (_, read) => {
      const { editor, sessionId, text } = await withBuffers([READ, change('41', '42'), DONE], { files: { read } })
      expect(await prompt(editor, sessionId, 'make it 42')).toEqual({ stopReason: 'end_turn' })
      expect(text()).toBe('export const answer = 42\n')
    },
  )

  test('gates and trust hold as ever: what does not parse, or leads out of the project, is never handed over', async () => {
    const away = { toolCalls: [{ name: 'Write', arguments: { file_path: 'out/x.ts', content: 'export {}\n' } }] }
    const { editor, sessionId, root, buffers } = await withBuffers([change('= 41', '= (41'), away, DONE])
    mkdirSync(join(root, '../elsewhere'))
    symlinkSync(join(root, '../elsewhere'), join(root, 'out'))
    await prompt(editor, sessionId, 'break it')
    expect(buffers.written).toEqual([])
    expect(existsSync(join(root, '../elsewhere/x.ts'))).toBe(false)
  })

  test('while a command runs beside, kode writes by itself: nobody can put a link in the editor’s way', async () => {
    const beside = { toolCalls: [{ name: 'Bash', arguments: { command: 'sleep 62.625', background: true } }] }
    const { editor, sessionId, buffers, text } = await withBuffers([beside, change('41', '42'), DONE])
    await prompt(editor, sessionId, 'go')
    expect([buffers.written, text()]).toEqual([[], 'export const answer = 42\n'])
  })

  test('undo goes through the editor as well', async () => {
    const { editor, sessionId, buffers, path, text } = await withBuffers([change('41', '42'), DONE])
    await prompt(editor, sessionId, 'make it 42')
    await prompt(editor, sessionId, '/undo')
    expect([buffers.written, text()]).toEqual([[path, path], FILES[PATH]])
  })

  test('only what the model reads and edits is asked for, not what the gates look at', async () => {
    const files = {
      ...FILES,
      'src/b.ts': "import { answer } from './a'\nexport const b = answer\n",
      'package.json': '{}',
    }
    const { editor, sessionId, buffers, path } = await withBuffers([change('41', '42'), DONE], {}, files)
    await prompt(editor, sessionId, 'make it 42')
    expect(new Set(buffers.asked)).toEqual(new Set([path]))
  })
})

describe('the terminals of an editor', () => {
  const run = (command: string) => ({ toolCalls: [{ name: 'Bash', arguments: { command } }] })

  test('show what a command prints while it runs, end with its exit code, and are given back', async () => {
    const command = 'echo one; echo two >&2; touch /usr/kode-was-here; exit 3'
    const { editor, sessionId, model } = await editingIn(FILES, [run(command), DONE], { hasTerminals: true })
    await prompt(editor, sessionId, 'go')
    const [call] = editor.updatesOf('tool_call')
    const [terminal] = editor.terminals
    const told = editor.updatesOf('tool_call_update').filter(update => update.toolCallId === call?.toolCallId)
    const embedded = { type: 'terminal', terminalId: terminal?.id }
    expect(told.map(update => update.content)).toContainEqual([embedded])
    expect(told.at(-1)).toMatchObject({ status: 'failed', content: [embedded] })
    await vi.waitUntil(() => terminal?.isReleased, { timeout: 10_000 })
    expect(terminal).toMatchObject({ exitCode: 3, command: expect.stringContaining(command) })
    expect(terminal?.output).toMatch(/one\n/)
    expect(terminal?.output).toMatch(/two\n/)
    // The command itself ran behind the wall, and the model hears everything.
    expect(existsSync('/usr/kode-was-here')).toBe(false)
    expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toMatch(/Exit code 3[\s\S]*one[\s\S]*Read-only/)
    expect(editor.invalid).toEqual([])
  })

  test('of a command that is not allowed there is none', async () => {
    const { editor, sessionId } = await editingIn(FILES, [run('touch x; echo y'), DONE], {
      hasTerminals: true,
      onPermission: () => ({ outcome: { outcome: 'selected', optionId: 'reject' } }),
    })
    await prompt(editor, sessionId, 'go')
    expect(editor.terminals).toEqual([])
  })

  test('a command that is cancelled ends, and its terminal with it', async () => {
    const { editor, sessionId } = await editingIn(FILES, [run('echo started; sleep 63.625'), DONE], {
      hasTerminals: true,
    })
    const turn = prompt(editor, sessionId, 'go')
    await vi.waitUntil(() => editor.terminals[0]?.output.includes('started'), { timeout: 10_000 })
    await editor.agent.notify('session/cancel', { sessionId })
    expect(await turn).toEqual({ stopReason: 'cancelled' })
    await vi.waitUntil(() => editor.terminals[0]?.isReleased, { timeout: 10_000 })
    expect(processesWith('sleep 63.625')).toEqual([])
    expect(JSON.stringify(editor.updatesOf('tool_call_update').at(-1))).toContain('Cancelled')
  })

  test('several at once show each its own command', async () => {
    const commands = ['seq 3', 'seq 11 13']
    const calls = commands.map(command => ({ name: 'Bash', arguments: { command } }))
    const { editor, sessionId } = await editingIn(FILES, [{ toolCalls: calls }, DONE], { hasTerminals: true })
    await prompt(editor, sessionId, 'go')
    await vi.waitUntil(() => editor.terminals.every(each => each.isReleased), { timeout: 10_000 })
    expect(editor.terminals.map(each => each.output).sort()).toEqual(['1\n2\n3\n', '11\n12\n13\n'])
  })

  test('of a flood the beginning is shown', async () => {
    const flood = 'head -c 3000000 /dev/zero | tr "\\0" x'
    const { editor, sessionId } = await editingIn(FILES, [run(flood), DONE], { hasTerminals: true })
    await prompt(editor, sessionId, 'go')
    await vi.waitUntil(() => editor.terminals[0]?.isReleased, { timeout: 10_000 })
    expect(editor.terminals[0]?.output).toMatch(/^x{1000000}\n\[… more is not shown\]\n$/)
  })

  test('secrets that a command prints are not shown', async () => {
    const key = `sk-ant-api03-${'Ab3'.repeat(30)}`
    const { editor, sessionId } = await editingIn(FILES, [run(`echo ${key}; echo end`), DONE], { hasTerminals: true })
    await prompt(editor, sessionId, 'go')
    await vi.waitUntil(() => editor.terminals[0]?.isReleased, { timeout: 10_000 })
    expect(editor.terminals[0]?.output).toContain('end')
    expect(editor.terminals[0]?.output).not.toContain(key)
  })
})

test('what an agent lands in the background is told at the call that started it', async () => {
  const start = {
    toolCalls: [{ name: 'InvokeAgent', arguments: { prompt: 'make it 42', agent_name: 'task', background: true } }],
  }
  const wait = { toolCalls: [{ name: 'WaitTask', arguments: { task_ids: ['agent:1'] } }] }
  let turns = 0
  const { editor, sessionId, root } = await editingIn(FILES, request => {
    const isChild =
      JSON.stringify(request.body.messages).includes('make it 42') &&
      !JSON.stringify(request.body.messages).includes('go on')
    if (isChild) return JSON.stringify(request.body.messages).includes('"tool"') ? DONE : change('41', '42')
    return [start, wait, DONE][turns++] ?? DONE
  })
  await prompt(editor, sessionId, 'go on')
  const started = editor.updatesOf('tool_call').find(update => update.title.startsWith('InvokeAgent'))
  const last = editor
    .updatesOf('tool_call_update')
    .filter(update => update.toolCallId === started?.toolCallId)
    .at(-1)
  expect(readFileSync(join(root, PATH), 'utf8')).toContain('42')
  expect(last).toMatchObject({ locations: [{ path: join(root, PATH) }] })
  expect(JSON.stringify(last?.content)).toContain('Changed since: src/a.ts (modified)')
  expect(editor.invalid).toEqual([])
})
