import { describe, expect, test } from 'vitest'
import { isPlainGitConfig } from '#shared/sandbox/audit'
import { commandEnvironment } from '#shared/sandbox/environment'
import { cacheEnvironment } from '#shared/sandbox/project-caches'
import { redactSecrets, SecretFilter } from '#shared/sandbox/redact-secrets'
import { TerminalFilter, withoutControlSequences } from '#shared/sandbox/terminal-filter'
import { violationsIn } from '#shared/sandbox/violations'

describe('the environment of a command', () => {
  const env = {
    PATH: '/bin',
    CARGO_HOME: '/c',
    RUSTUP_TOOLCHAIN: 'nightly',
    GIT_AUTHOR_NAME: 'a',
    NODE_ENV: 'test',
    GIT_ASKPASS: '/evil',
    MY_TOKEN: 'secret',
    CUSTOM: 'x',
  }
  test.each([
    ['ls', [], ['PATH']],
    ['cargo build', [], ['PATH', 'CARGO_HOME', 'RUSTUP_TOOLCHAIN']],
    ['cd a && /usr/bin/cargo test', [], ['PATH', 'CARGO_HOME', 'RUSTUP_TOOLCHAIN']],
    ['bash -c "git commit; npm test"', [], ['PATH', 'GIT_AUTHOR_NAME', 'NODE_ENV']],
    ['echo $(git log)', [], ['PATH', 'GIT_AUTHOR_NAME']],
    ['ls', ['CUSTOM'], ['PATH', 'CUSTOM']],
    ['ls', ['MY_TOKEN'], ['PATH']],
  ])('%s with %j gets %j', (line, optIn, names) => {
    expect(Object.keys(commandEnvironment(line, env, optIn))).toEqual(names)
  })
})

test.each([
  [undefined, undefined],
  ['build', undefined],
  ['/home/u/shop/build', undefined],
  ['/home/u/builds', '/caches/cargo-target'], // where a command cannot write
])('with %s as its build folder cargo is told %s', (folder, told) => {
  const caches = cacheEnvironment('/caches', '/home/u/shop', '/home/u', { CARGO_TARGET_DIR: folder })
  expect(caches.CARGO_TARGET_DIR).toBe(told)
})

describe('redaction', () => {
  const key = `sk-${'a1B2'.repeat(10)}`
  test.each([
    ['the value of a secret variable', 'x hunter2-hunter2 y', { DB_PASSWORD: 'hunter2-hunter2' }, 'x [redacted] y'],
    ['a password in an address', 'pass-word-1', { DATABASE_URL: 'postgres://u:pass-word-1@h/db' }, '[redacted]'],
    ['the shape of a key', `key ${key}.`, {}, 'key [redacted].'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nz', {}, '[redacted]\nz'],
    ['nothing of a short value', 'true', { USE_TOKEN: 'true' }, 'true'],
    ['nothing of ordinary variables', '/usr/local/bin', { GOBIN: '/usr/local/bin' }, '/usr/local/bin'],
    ['nothing of ordinary text', 'task-list risk-free sk-learn', {}, 'task-list risk-free sk-learn'],
  ])('%s', (_, text, env, expected) => expect(redactSecrets(text, env)).toBe(expected))
})

describe('control sequences', () => {
  test.each([
    ['\x1b]52;c;ZXZpbA==\x07text', 'text'],
    ['\x1b]0;title\x1b\\text', 'text'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1bP1$r0m\x1b\\a\x1b_x\x1b\\b', 'ab'],
    ['a\tb\r\nc\x00\x08', 'a\tb\r\nc'],
    ['€ and 日本', '€ and 日本'],
  ])('%j becomes %j', (text, expected) => expect(withoutControlSequences(text)).toBe(expected))

  test('are found across pieces', () => {
    const filter = new TerminalFilter()
    const text = 'a\x1b]52;c;ZXZpbA==\x1b\\b\x1b[1;31mc'
    const kept = [...Buffer.from(text)].map(byte => Buffer.from(filter.clean(Uint8Array.of(byte))).toString())
    expect(kept.join('')).toBe('abc')
  })
})

test.each([
  ['[core]\n\tbare = false\n[remote "origin"]\n\turl = https://github.com/a/b\n', true],
  ['[core]\n\tfsmonitor = evil\n', false],
  ['[core] fsmonitor = evil\n', false],
  ['[alias]\n\tx = !evil\n', false],
  ['[include]\n\tpath = /evil\n', false],
  ['[remote "a"]\n\turl = ext::sh -c evil\n', false],
  ['[core]\n\tbare = false \\\n', false],
])('git configuration %j is plain: %s', (text, expected) => expect(isPlainGitConfig(text)).toBe(expected))

describe('what the wall held back is told from the error output', () => {
  test.each([
    ['sh: 1: cannot create /usr/x: Read-only file system', '/usr/x was not written'],
    ['error: could not lock config file .git/config: Read-only file system', '/p/.git/config is protected'],
    ["Error: EROFS: read-only file system, open '/etc/x'", '/etc/x was not written'],
    ['curl: (6) Could not resolve host: evil.example', 'no direct network'],
    ['docker: connect: Operation not permitted', 'only run outside'],
  ])('%s', (stderr, expected) => {
    expect(violationsIn(stderr, '/p', ['/p/.git/config']).join('\n')).toContain(expected)
  })
  test('nothing is told of an ordinary failure', () => {
    expect(violationsIn('error: test failed\nENOENT: no such file', '/p', [])).toEqual([])
  })
})

describe('a secret in output that comes in pieces', () => {
  const env = { API_TOKEN: 'correct-horse-battery' }
  const key = ['-----BEGIN RSA', 'PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE', 'KEY-----'].join(' ')

  test.each([
    ['of a variable', 'token: correct-horse-battery ok\n', 'token: [redacted] ok\n'],
    ['of a known shape', `npm_${'a1'.repeat(18)} ok`, '[redacted] ok'],
    ['that is a private key', `key:\n${key}\nend\n`, 'key:\n[redacted]\nend\n'],
    [
      'that is none',
      'plain text\nwith -----BEGIN CERTIFICATE----- in it',
      'plain text\nwith -----BEGIN CERTIFICATE----- in it',
    ],
  ])('%s is redacted wherever the pieces end', (_, text, expected) => {
    for (let size = 1; size <= text.length; size++) {
      const filter = new SecretFilter(env)
      let shown = ''
      for (let at = 0; at < text.length; at += size) shown += filter.take(text.slice(at, at + size))
      expect(shown + filter.end()).toBe(expected)
    }
  })

  test('text without a secret is shown as it comes, up to the last word', () => {
    const filter = new SecretFilter({})
    expect([filter.take('one two'), filter.take(' three\n'), filter.take('x'.repeat(600)), filter.end()]).toEqual([
      'one ',
      'two three\n',
      'x'.repeat(600),
      '',
    ])
  })

  test('a line of a megabyte is shown at once', () => {
    const line = `${'x'.repeat(1_000_000)}\n`
    expect(new SecretFilter({}).take(line)).toBe(line)
  }, 5_000)
})
