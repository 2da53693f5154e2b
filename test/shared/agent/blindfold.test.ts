import { rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { fail, ok } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { agentSession } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { gitInit, tempProject } from '../../support/temp-project'

const FILES = {
  '.kode/kode.json': '{ "blindfold": { "mode": "identifiers" } }',
  'src/rebate.ts': 'export function discountFor(customerName: string) {\n  return customerName.length\n}\n',
}
const SECRETS = /discountFor|customerName|rebate/
const disk = nodeFiles()

test('a project that takes seconds to read is read to its end before the first request leaves', async () => {
  let isFirst = true
  const readMany: FileSystem['readMany'] = async (...asked) => {
    if (isFirst) await new Promise(resolve => setTimeout(resolve, SLOWER_THAN_AN_EDIT_WAITS_MS))
    isFirst = false
    await disk.readMany(...asked)
  }
  const { provider, end } = await asked({ ...disk, readMany })
  expect(end).toMatchObject({ reason: 'answered' })
  expect(provider.requests).toHaveLength(1)
  expect(JSON.stringify(provider.requests)).not.toMatch(SECRETS)
})

const SLOWER_THAN_AN_EDIT_WAITS_MS = 2_500

test.each<[string, Partial<FileSystem>, RegExp]>([
  [
    'cannot be walked',
    { walk: async path => fail({ kind: 'other', path, message: 'the disk is gone' }) },
    /not be read completely: the disk is gone/,
  ],
  [
    'has a folder that is there and cannot be read',
    {
      walk: (path, options) => {
        options.missed?.({ kind: 'other', path: 'src', message: 'EIO: i/o error' })
        return disk.walk(path, options)
      },
    },
    /not be read completely: src: EIO/,
  ],
  [
    'has a file that is there and cannot be read',
    {
      readMany: async (paths, _, take) => {
        for (const path of paths) take(path, fail({ kind: 'other', path, message: 'EIO: i/o error' }))
      },
    },
    /not be read completely: .*EIO/,
  ],
])('of a project that %s, nothing is sent', async (_, broken, why) => {
  const { provider, end } = await asked({ ...disk, ...broken })
  expect(provider.requests).toHaveLength(0)
  expect(end).toMatchObject({ reason: 'provider_failed', message: expect.stringMatching(why) })
})

test.each<[string, Record<string, string | Uint8Array>]>([
  ['larger than what is indexed', { 'src/large.ts': `export const lateInvoice = 1\n// ${'x '.repeat(1_500_000)}\n` }],
  ['ignored by git', { '.gitignore': 'local_*.py\n', 'local_settings.py': 'lateInvoice = 1\n' }],
  ['in UTF-16', { 'src/wide.ts': Buffer.from('\ufeffexport const lateInvoice = 1\n', 'utf16le') }],
])('the names of a file are hidden that is %s', async (_, more) => {
  const { provider } = await asked(disk, { ...FILES, ...more })
  expect(sent(provider)).toMatch(/explain v_\w{6} and v_\w{6} in src\/v_/)
})

test('what changes in a conversation is hidden in it, and only that is read', async () => {
  const reads: string[] = []
  const readMany: FileSystem['readMany'] = (paths, ...rest) => {
    reads.push(...paths.filter(path => path.endsWith('.ts')).map(path => basename(path)))
    return disk.readMany(paths, ...rest)
  }
  const { provider, session, root } = await asked({ ...disk, readMany })
  reads.length = 0
  await session.prompt([{ type: 'text', text: 'explain lateTotal' }])
  expect(sent(provider)).toContain('explain lateTotal')
  expect(reads).toEqual([])
  writeFileSync(join(root, 'src/rebate.ts'), `${FILES['src/rebate.ts']}export const lateRefund = lateTotal + 1\n`)
  await session.prompt([{ type: 'text', text: 'explain lateRefund and lateTotal' }])
  expect(new Set(reads)).toEqual(new Set(['rebate.ts']))
  // What the model has read already cannot be hidden from it any more; what it has read stays as it was, for its cache.
  expect(sent(provider)).toMatch(/explain v_\w{6} and lateTotal/)
  const [before, after] = provider.requests.slice(-2).map(({ messages }) => messages)
  expect(after?.slice(0, before?.length)).toEqual(before)
})

test('what somebody types in an editor is hidden before it is saved, and what is still on the disk too', async () => {
  const typed = 'export const typedRefund = 1\n'
  const path = (root: string) => join(root, 'src/rebate.ts')
  const editorOf = (root: string): FileSystem => ({
    ...disk,
    unsaved: () => [path(root)],
    stat: async asked => {
      const stat = await disk.stat(asked)
      return stat.ok && asked === path(root) ? ok({ ...stat.value, version: typed }) : stat
    },
    read: async (asked, ...rest) => (asked === path(root) ? ok(Buffer.from(typed)) : disk.read(asked, ...rest)),
  })
  const root = tempProject(FILES)
  const provider = new FakeProvider(says('done'))
  const { session } = await agentSession(root, provider, { host: { editorFiles: editorOf(root) } })
  await session.prompt([{ type: 'text', text: 'explain typedRefund and discountFor' }])
  expect(sent(provider)).toMatch(/explain v_\w{6} and v_\w{6}/)
})

test('what was taken out and is not committed is hidden, since diffs show it; words of texts are not', async () => {
  const root = tempProject({
    ...FILES,
    'src/gone.ts': 'export const goneInvoice = 1\n',
    'NOTES.md': 'Remember everything\n',
  })
  gitInit(root)
  writeFileSync(join(root, 'src/rebate.ts'), 'export const kept = 1\n')
  writeFileSync(join(root, 'NOTES.md'), '')
  rmSync(join(root, 'src/gone.ts'))
  const provider = new FakeProvider(says('done'))
  const { session } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: 'explain discountFor, goneInvoice and everything in @diff' }])
  expect(sent(provider)).toMatch(/explain v_\w{6}, v_\w{6} and everything in/)
  expect(sent(provider)).not.toMatch(/discountFor|customerName|goneInvoice/)
})

test('a name that the model makes stays as it made it, and is hidden from the next conversation', async () => {
  const root = tempProject(FILES)
  const text = 'export function lateInvoice() {\n  return 1\n}\n'
  const provider = new FakeProvider(
    calls(['Write', { file_path: 'src/late.ts', content: text }]),
    says('done'),
    says('done'),
    says('done'),
  )
  const { session, kode } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: 'add an invoice' }])
  await session.prompt([{ type: 'text', text: 'explain lateInvoice' }])
  expect(sent(provider)).toContain('explain lateInvoice')
  const other = await kode.openSession()
  if (!other.ok) throw new Error(other.error.message)
  await other.value.prompt([{ type: 'text', text: 'explain lateInvoice' }])
  expect(sent(provider)).not.toContain('lateInvoice')
  await other.value.close()
})

/** The messages of the last request. */
function sent(provider: FakeProvider): string {
  return JSON.stringify(provider.requests.at(-1)?.messages)
}

/** One prompt that names what must not leave. */
async function asked(files: FileSystem, project: Record<string, string | Uint8Array> = FILES) {
  const root = tempProject(project)
  const provider = new FakeProvider(says('done'), says('done'), says('done'))
  const { session } = await agentSession(root, provider, { host: { files } })
  const end = await session.prompt([{ type: 'text', text: 'explain discountFor and lateInvoice in src/rebate.ts' }])
  return { root, provider, session, end }
}
