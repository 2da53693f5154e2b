import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withMentions } from '#shared/context/mentions'
import { nodeFiles } from '#shared/host/node/files'
import { agentSession } from '../../support/agent-session'
import { FakeProvider, says } from '../../support/fake-provider'
import { gitInit, tempProject } from '../../support/temp-project'

const FILES = {
  'src/a.ts': 'export const a = 1\n',
  'src/b.ts': 'b\n',
  'with blank.txt': 'blank\n',
  'pixel.png': Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  'binary.bin': Buffer.from([0, 255, 254, 1, 2, 0]),
  'umlauts.txt': 'ä'.repeat(30_000),
}

async function mention(text: string, diff = '', root = tempProject(FILES)) {
  const parts = await withMentions(text, {
    root,
    files: nodeFiles(),
    resource: async () => undefined,
    diff: async () => diff,
  })
  return parts.map(part => (part.type === 'text' ? part.text : part.media_type))
}

describe('a mention puts behind the words', () => {
  test.each([
    ['a file', 'look at @src/a.ts', ['<file path="src/a.ts">\nexport const a = 1\n\n</file>']],
    ['a file at the end of a sentence', 'see (@src/a.ts).', []],
    ['a file before a comma', 'see @src/b.ts, please', ['<file path="src/b.ts">\nb\n\n</file>']],
    ['a path with blanks, quoted', 'see @"with blank.txt" now', ['<file path="with blank.txt">\nblank\n\n</file>']],
    ['a folder', 'see @src', ['<folder path="src">\na.ts\nb.ts\n</folder>']],
    ['an image', 'see @pixel.png', ['image/png']],
    ['each file once', '@src/b.ts or\n@src/b.ts?', ['<file path="src/b.ts">\nb\n\n</file>']],
    ['nothing for an address', 'write to me@src/a.ts', []],
    ['nothing for a lone sign', 'at @ noon', []],
    ['nothing for a missing file', 'see @no/such.ts', []],
    ['nothing outside the project', 'see @../../etc/passwd and @/etc/passwd', []],
    ['nothing for a file that is no text', 'see @binary.bin', []],
    ['nothing for an empty diff', 'see @diff', []],
  ])('%s', async (_, text, behind) => {
    expect(await mention(text)).toEqual([text, ...behind])
  })
})

test('words and white space are kept byte for byte; a mention alone gets a wish', async () => {
  const text = '  first\n\n\tsecond   @src/b.ts\n   third  '
  expect((await mention(text))[0]).toBe(text)
  expect((await mention('@src/b.ts'))[0]).toBe('@src/b.ts\n\nExplain the files.')
  expect((await mention('@pixel.png'))[0]).toBe('@pixel.png\n\nDescribe the image.')
})

test('a long file is cut between characters, with its size', async () => {
  const [, shown] = await mention('see @umlauts.txt')
  expect(shown).toMatch(/ä\n\[cut: the file has 60000 bytes\]\n<\/file>$/)
  expect(shown).not.toContain('\ufffd')
})

test('links that lead outside, or in a circle, are words like any other', async () => {
  const root = tempProject(FILES)
  symlinkSync('/etc/hostname', join(root, 'out'))
  symlinkSync('loop-b', join(root, 'loop-a'))
  symlinkSync('loop-a', join(root, 'loop-b'))
  expect(await mention('see @out @loop-a', '', root)).toEqual(['see @out @loop-a'])
})

test('@diff is what changed since the last commit, through the whole core', async () => {
  const root = tempProject(FILES)
  gitInit(root)
  writeFileSync(join(root, 'src/b.ts'), 'changed\n')
  chmodSync(join(root, 'src/a.ts'), 0o644)
  const provider = new FakeProvider(says('ok'))
  const { session } = await agentSession(root, provider)
  await session.prompt([
    { type: 'text', text: 'review @diff' },
    { type: 'text', text: 'piped @src/a.ts' },
  ])
  const sent = JSON.stringify(provider.requests[0]?.messages)
  expect(sent).toMatch(/review @diff.*<diff>.*-b\\n\+changed.*piped @src\/a\.ts/)
  expect(sent).not.toContain('<file')
})
