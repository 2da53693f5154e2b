import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sleep } from '#shared/base/cancel'
import type { ModelRequest } from '#shared/providers/provider'
import { agentSession, resultsOf } from '../../support/agent-session'
import { agentFile, Cast } from '../../support/cast'
import { calls, says } from '../../support/fake-provider'
import { gitInit, tempProject } from '../../support/temp-project'

const LINES = Array.from({ length: 40 }, (_, n) => `line ${n}\n`).join('')
const WRITER = { trust: 'safe' }

describe.each([true, false])('an agent that changes files (git: %s)', hasGit => {
  const project = (files: Record<string, string>) => {
    const root = tempProject({ '.kode/agents/clerk.json': agentFile({ name: 'clerk', ...WRITER }), ...files })
    if (hasGit) gitInit(root)
    return root
  }
  const invoke = (prompt = 'go') => calls(['InvokeAgent', { agent_name: 'clerk', prompt }])

  test('starts from the files as they are and brings its change home', async () => {
    const root = project({ 'a.txt': LINES, '.gitignore': 'cache\n' })
    writeFileSync(join(root, 'new.txt'), 'not committed\n')
    writeFileSync(join(root, 'a.txt'), LINES.replace('line 1\n', 'changed 1\n'))
    writeFileSync(join(root, 'cache'), 'ignored\n')
    let seen = ''
    const provider = new Cast({
      default: [invoke(), says('done')],
      clerk: [
        calls(
          ['Read', { file_path: 'new.txt' }],
          ['Bash', { command: 'pwd; ls; git status --short; echo made > b.txt; mkdir -p out; echo 1 > cache' }],
        ),
        messages => {
          seen = JSON.stringify(messages)
          return calls(['Edit', { file_path: 'a.txt', replacements: [{ old_str: 'changed 1', new_str: 'edited 1' }] }])
        },
        says('edited'),
      ],
    })
    const { session, kode } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(seen).toContain('not committed')
    expect(seen).not.toContain(`\\n${root}\\n`)
    expect(read(root, 'a.txt')).toContain('edited 1')
    expect(read(root, 'b.txt')).toBe('made\n')
    expect(read(root, 'cache')).toBe('ignored\n')
    expect(resultsOf(session)[0]?.text).toContain('Its changes landed: a.txt (modified), b.txt (created).')
    if (hasGit) expect(seen).toContain(' M a.txt')
    await session.close()
    await kode.close()
    expectNothingLeft(root, hasGit)
  })

  test('that touches what another one touched loses nothing: a conflict is told and kept', async () => {
    const root = project({ 'a.txt': LINES })
    const edit = (from: string, to: string) =>
      calls(['Edit', { file_path: 'a.txt', replacements: [{ old_str: `${from}\n`, new_str: `${to}\n` }] }])
    const provider = new Cast({
      default: [
        calls(
          ['InvokeAgent', { agent_name: 'clerk', prompt: 'part-one' }],
          ['InvokeAgent', { agent_name: 'clerk', prompt: 'part-two' }],
          ['InvokeAgent', { agent_name: 'clerk', prompt: 'part-three' }],
        ),
        says('done'),
      ],
      // Whoever asks first: each agent has its own edit, and then its last word.
      clerk: Array.from({ length: 6 }, () => (messages: ModelRequest['messages']) => {
        if (messages.some(message => message.role === 'tool')) return says('done')
        const task = JSON.stringify(messages)
        if (task.includes('part-one')) return edit('line 5', 'mine 5')
        return task.includes('part-two') ? edit('line 5', 'yours 5') : edit('line 30', 'other 30')
      }),
    })
    const { session, kode } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    const texts = resultsOf(session).map(result => result.text)
    const conflicts = texts.filter(text => text.includes('others changed the same lines meanwhile: 6'))
    expect(conflicts).toHaveLength(1)
    const [landed, kept] = read(root, 'a.txt').includes('mine 5') ? ['mine 5', 'yours 5'] : ['yours 5', 'mine 5']
    expect(read(root, 'a.txt')).toBe(LINES.replace('line 5\n', `${landed}\n`).replace('line 30\n', 'other 30\n'))
    const [, folder = ''] = /kept in (.+): change\.patch/.exec(conflicts[0] ?? '') ?? []
    expect(read(folder, 'change.patch')).toContain(`+${kept}`)
    expect(read(folder, 'files/a.txt')).toContain(kept)
    await session.close()
    await kode.close()
    expectNothingLeft(root, hasGit)
  })

  test('whose change a gate refuses brings nothing home, and keeps it', async () => {
    const root = project({ 'a.ts': 'export const a = 1\n' })
    const provider = new Cast({
      default: [invoke(), says('done')],
      clerk: [calls(['Bash', { command: 'echo "export const a = (" > a.ts' }]), says('broken')],
    })
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(read(root, 'a.ts')).toBe('export const a = 1\n')
    expect(resultsOf(session)[0]).toMatchObject({ status: 'error', text: expect.stringContaining('is kept in') })
  })

  test('brings nothing home where its caller may not write', async () => {
    const root = project({ 'a.txt': LINES })
    const provider = new Cast({
      default: [invoke(), says('done')],
      clerk: [calls(['Write', { file_path: 'b.txt', content: 'b\n' }]), says('written')],
    })
    const { session } = await agentSession(root, provider)
    session.setMode('safe')
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(existsSync(join(root, 'b.txt'))).toBe(false)
    expect(resultsOf(session)[0]?.text).toContain('nobody can approve it here')
    expect(resultsOf(session)[0]?.text).toContain('is kept in')
  })

  test('is undone with the turn that it worked for', async () => {
    const root = project({ 'a.txt': LINES })
    const provider = new Cast({
      default: [invoke(), says('done')],
      clerk: [calls(['Write', { file_path: 'b.txt', content: 'b\n' }]), says('written')],
    })
    const { session, kode } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(read(root, 'b.txt')).toBe('b\n')
    await kode.shelf.run('undo', [], new AbortController().signal)
    expect(existsSync(join(root, 'b.txt'))).toBe(false)
  })

  test('that is cancelled keeps its work beside the project', async () => {
    const root = project({ 'a.txt': LINES })
    let cancel = () => {}
    const provider = new Cast({
      default: [invoke()],
      clerk: [
        calls(['Write', { file_path: 'b.txt', content: 'b\n' }]),
        async (_, signal) => {
          cancel()
          await sleep(30_000, signal)
          return says('too late')
        },
      ],
    })
    const { session, kode } = await agentSession(root, provider)
    cancel = () => void session.cancel()
    await session.prompt([{ type: 'text', text: 'go' }])
    const text = resultsOf(session)[0]?.text ?? ''
    const [, folder = ''] = /kept in (.+): b\.txt/.exec(text) ?? []
    expect(read(folder, 'files/b.txt')).toBe('b\n')
    await session.close()
    await kode.close()
    expectNothingLeft(root, hasGit)
  })
})

function read(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

/** Neither a folder of ours nor a worktree that git knows. */
function expectNothingLeft(root: string, hasGit: boolean): void {
  const cache = join(root, '..', '.cache', 'kode', 'agents')
  expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([])
  if (!hasGit) return
  const listed = execFileSync('git', ['worktree', 'list', '--porcelain'], { cwd: root, encoding: 'utf8' })
  expect(listed.match(/^worktree /gm)).toHaveLength(1)
  expect(existsSync(join(root, '.git', 'worktrees'))).toBe(false)
}
