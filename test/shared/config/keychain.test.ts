import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemKeychain } from '#shared/config/keychain'
import { nodeProcesses } from '#shared/host/node/processes'
import { FAKE_SECRET_TOOL } from '../../support/fake-keychain'

const KEY = 'sk-4711-secret'

/** `-i` reads a command: add-generic-password -U -s SERVICE -a ACCOUNT -w KEY */
const FAKE_SECURITY = `#!/bin/sh
echo "$*" >> "$FAKE_KEYCHAIN/arguments"
case "$1" in
  -i) read -r line; eval "set -- $line"; echo "$8" > "$FAKE_KEYCHAIN/secret-$6" ;;
  find-generic-password) cat "$FAKE_KEYCHAIN/secret-$5" ;;
  delete-generic-password) rm "$FAKE_KEYCHAIN/secret-$5" ;;
esac
`

describe.each([
  ['linux', 'secret-tool', FAKE_SECRET_TOOL],
  ['darwin', 'security', FAKE_SECURITY],
] as const)('the keychain on %s', (platform, program, script) => {
  test('keeps a key, gives it back, and forgets it; the key is never among the arguments of a program', async () => {
    const { keychain, folder } = keychainWith(platform, program, script)
    expect(await keychain.read('groq')).toBeUndefined()
    expect(await keychain.keep('groq', KEY)).toBe(true)
    expect(await keychain.read('groq')).toBe(KEY)
    expect(await keychain.read('openai')).toBeUndefined()
    await keychain.remove('groq')
    expect(await keychain.read('groq')).toBeUndefined()
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).not.toContain(KEY)
  })

  test.each([
    ['says no', '#!/bin/sh\necho "Cannot autolaunch D-Bus without X11" >&2\nexit 1\n'],
    ['forgets at once', '#!/bin/sh\nexit 0\n'],
    ['gives something else', '#!/bin/sh\necho another\n'],
  ])('keeps nothing when the program %s', async (_, refusing) => {
    expect(await keychainWith(platform, program, refusing).keychain.keep('groq', KEY)).toBe(false)
  })

  test('keeps nothing and gives nothing where there is no such program', async () => {
    const { keychain } = keychainWith(platform, 'something-else', script)
    expect(await keychain.keep('groq', KEY)).toBe(false)
    expect(await keychain.read('groq')).toBeUndefined()
  })
})

function keychainWith(platform: NodeJS.Platform, program: string, script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'kode-keychain-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', program), script, { mode: 0o755 })
  // A PATH of its own: the machine may have a real keychain.
  for (const tool of ['cat', 'rm']) symlinkSync(`/bin/${tool}`, join(folder, 'bin', tool))
  return {
    folder,
    keychain: systemKeychain(nodeProcesses(), { PATH: join(folder, 'bin'), FAKE_KEYCHAIN: folder }, platform),
  }
}
