import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectInstructions } from '#shared/context/instructions'
import { nodeFiles } from '#shared/host/node/files'
import { agentSession } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { gitInit, tempProject } from '../../support/temp-project'

async function instructionsIn(files: Record<string, string>, folder = '', extra: string[] = []) {
  const root = tempProject({ 'a/b/x.txt': 'x', ...files })
  gitInit(root)
  const text = await projectInstructions(join(root, folder), join(root, '.home/memory.md'), nodeFiles(), extra)
  return [...text.matchAll(/<instructions from="(.*?)">\n(.*?)\n<\/instructions>/gs)].map(([, name, body]) => [
    name,
    body,
  ])
}

test.each([
  ['nothing where there is none', {}, []],
  [
    'memory, and instructions beside it',
    { 'MEMORY.md': 'm', '.kode/MEMORY.md': 'k', 'AGENTS.md': 'a', '.home/memory.md': 'u' },
    [
      ['the user', 'u'],
      ['.kode/MEMORY.md', 'k'],
      ['MEMORY.md', 'm'],
      ['AGENTS.md', 'a'],
    ],
  ],
  ['one of two files that say the same', { 'CLAUDE.md': 'c', 'AGENTS.md': 'a' }, [['CLAUDE.md', 'c']]],
  ['the next where the first is blank', { 'CLAUDE.md': ' \n', 'AGENTS.md': 'a' }, [['AGENTS.md', 'a']]],
  [
    'what a line imports',
    { 'CLAUDE.md': 'one\n@docs/rules.md\nthree', 'docs/rules.md': 'two\n' },
    [['CLAUDE.md', 'one\ntwo\nthree']],
  ],
  [
    'imports of imports',
    { 'CLAUDE.md': '@AGENTS.md', 'AGENTS.md': '- @docs/r.md', 'docs/r.md': 'r' },
    [['CLAUDE.md', 'r']],
  ],
  [
    'a line that imports itself or nothing, as it stands',
    { 'CLAUDE.md': '@CLAUDE.md\n@none.md' },
    [['CLAUDE.md', '@CLAUDE.md\n@none.md']],
  ],
  [
    'nothing from outside',
    { 'CLAUDE.md': '@../../../../etc/hostname\n@/etc/hostname' },
    [['CLAUDE.md', '@../../../../etc/hostname\n@/etc/hostname']],
  ],
  [
    'no address',
    { 'CLAUDE.md': 'ask me@example.org\nor @someone there' },
    [['CLAUDE.md', 'ask me@example.org\nor @someone there']],
  ],
])('a project tells %s', async (_, files, expected) => expect(await instructionsIn(files)).toEqual(expected))

test('a folder of a repository is told its own instructions first, then those above', async () => {
  const files = { 'AGENTS.md': 'top', 'a/AGENTS.md': 'middle', 'a/b/CLAUDE.md': 'near' }
  expect(await instructionsIn(files, 'a/b')).toEqual([
    ['CLAUDE.md', 'near'],
    ['../AGENTS.md', 'middle'],
    ['../../AGENTS.md', 'top'],
  ])
})

test('files named by the settings are told too, the usual ones once', async () => {
  expect(await instructionsIn({ 'AGENTS.md': 'a', 'docs/style.md': 's' }, '', ['AGENTS.md', 'docs/style.md'])).toEqual([
    ['AGENTS.md', 'a'],
    ['docs/style.md', 's'],
  ])
})

test('no link and no setting sends a file from outside to the model; the memory of the user may be a link', async () => {
  const root = tempProject({ 'docs/real.md': 'inside' })
  gitInit(root)
  writeFileSync(join(root, '../private.txt'), 'private')
  mkdirSync(join(root, '.home'))
  for (const name of ['CLAUDE.md', 'MEMORY.md', 'docs/leak.md', '.home/memory.md']) {
    symlinkSync(join(root, '../private.txt'), join(root, name))
  }
  symlinkSync('docs/real.md', join(root, 'AGENTS.md'))
  const named = ['docs/leak.md', '../private.txt']
  const text = await projectInstructions(root, join(root, '.home/memory.md'), nodeFiles(), named)
  expect(text).toBe(
    '<instructions from="the user">\nprivate\n</instructions>\n\n<instructions from="AGENTS.md">\ninside\n</instructions>',
  )
})

describe('the instructions of a folder', () => {
  const FILES = {
    'AGENTS.md': 'top',
    'api/AGENTS.md': 'Answers are JSON.',
    'api/v2/AGENTS.md': 'Dates are UTC.',
    'api/v2/a.ts': 'export const a = 1\n',
    'api/v2/b.ts': 'export const b = 1\n',
  }
  const read = (file_path: string): [string, unknown] => ['Read', { file_path }]

  test('come with the first file that is read in it, once, the nearest first', async () => {
    const root = tempProject(FILES)
    const provider = new FakeProvider(calls(read('api/v2/a.ts')), calls(read('api/v2/b.ts')), says('done'))
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'look' }])
    const [first, second] = session.messages().flatMap(message => (message.role === 'tool' ? [message.text] : []))
    expect(first).toMatch(
      /const a = 1\n\n<instructions from="api\/v2\/AGENTS.md">\nDates.*from="api\/AGENTS.md">\nAnswers/s,
    )
    expect(first).not.toContain('top')
    expect(second).not.toContain('instructions')
    expect(provider.requests[0]?.system).toContain('<instructions from="AGENTS.md">\ntop')
  })

  test('do not come from outside the project', async () => {
    const root = tempProject({ 'a.txt': 'a' })
    writeFileSync(join(root, '../AGENTS.md'), 'not yours')
    writeFileSync(join(root, '../out.txt'), 'out')
    const provider = new FakeProvider(calls(read('../out.txt'), read('a.txt')), says('done'))
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'look' }])
    expect(JSON.stringify(provider.requests)).not.toContain('not yours')
  })
})
