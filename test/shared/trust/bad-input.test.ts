import { describe, expect, test, vi } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { ShellParser } from '#shared/trust/shell-parser'
import { checkCommand, checkJsonLine } from '#shared/trust/trust-check'

const parser = new ShellParser(readAsset)
const place = { root: '/work/project', home: '/home/me' }

describe('bad input asks with a reason and never crashes', () => {
  test.each([
    ['an unterminated quote', 'echo "a'],
    ['a line of a megabyte', `echo ${'a'.repeat(1_000_000)}`],
    ['a megabyte of separators', ';'.repeat(1_000_000)],
    ['a NUL byte', 'ls \0 -la'],
    ['a carriage return', 'ls\rrm -rf x'],
    ['an escape sequence', 'ls \x1b[2K rm'],
    ['bytes that are not UTF-8', 'ls \ufffd'],
    ['half a surrogate pair', 'ls \ud800'],
    ['a blank that is none', 'ls\u00a0-la'],
    ['text that reads backwards', 'ls \u202e x'],
    ['zero width', 'l\u200bs'],
    ['deep substitutions', `echo ${'$('.repeat(500)}ls${')'.repeat(500)}`],
    ['deep subshells', `${'('.repeat(2000)}ls${')'.repeat(2000)}`],
    ['deep arithmetic', `echo ${'$(('.repeat(300)}1${'))'.repeat(300)}`],
    ['arithmetic that is none', `echo ${'$(('.repeat(30)}ls${') )'.repeat(30)}`],
    ['deep backticks', `echo ${'`'.repeat(999)}`],
    ['deep braces', `echo ${'${a:-'.repeat(500)}x`],
    ['a bomb of braces', `rm ${'{a,b}'.repeat(40)}`],
    ['a bomb of functions', Array.from({ length: 30 }, (_, n) => `f${n + 1}() { f${n}; f${n}; rm x; }`).join('; ')],
    ['a bomb of loops', `${'for i in 1 2 3 4 5 6 7 8; do '.repeat(12)}rm x${'; done'.repeat(12)}`],
    ['a here-document without end', 'cat <<EOF\nx'],
    ['zsh', 'print -l *(.om[1,3])'],
    ['fish', 'for f in *.txt; rm $f; end'],
    ['PowerShell', 'Get-ChildItem | Where-Object { $_.Length }'],
    ['cmd', 'dir C:\\Users\\me'],
  ])('%s', async (_name, line) => {
    const started = performance.now()
    const check = await checkCommand(line, place, parser)
    expect(check.class).toBe('destructive')
    expect(check.decisions).toEqual({
      plan: 'deny',
      safe: 'ask',
      auto: 'ask',
      headless: 'deny',
      sub_agent: { plan: 'deny', safe: 'deny', auto: 'deny' },
    })
    expect(check.parts[0]?.reason).toMatch(/\w/)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  test.each(['', ' ', '\n\n', '# nothing'])('nothing at all only reads: %j', async line => {
    const check = await checkCommand(line, place, parser)
    expect([check.parsed, check.class, check.decisions.plan]).toEqual([true, 'read_only', 'allow'])
  })

  test.each(['', 'not json', '42', 'null', '{"command":"ls"}', '["ls"]', '"unterminated', '"\\u0000"', '\ufeff"ls"'])(
    'a line of a list that is no JSON string is answered all the same: %j',
    async line => {
      const answer = await checkJsonLine(line, place, parser)
      expect(answer).not.toContain('\n')
      expect(JSON.parse(answer)).toMatchObject({ schema_version: 1, parsed: false, decisions: { auto: 'ask' } })
    },
  )

  test('a JSON string is answered with its check', async () => {
    expect(JSON.parse(await checkJsonLine('"ls\\n"', place, parser))).toMatchObject({ command: 'ls\n', parsed: true })
  })

  test('a line that breaks the parser asks; the next one is read as if nothing had been', async () => {
    await parser.parse('ls')
    const { Parser } = await import('web-tree-sitter')
    vi.spyOn(Parser.prototype, 'parse').mockImplementationOnce(() => {
      throw new WebAssembly.RuntimeError('unreachable')
    })
    expect(await checkCommand('ls', place, parser)).toMatchObject({ parsed: false, decisions: { auto: 'ask' } })
    expect(await checkCommand('ls', place, parser)).toMatchObject({ parsed: true, class: 'read_only' })
  })
})
