import { execFileSync } from 'node:child_process'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { gitInit, tempProject } from '../support/temp-project'

/** In the built program: what a bundler does to a parser shows only there. */
describe('kode verify', () => {
  test.each([
    ['a.ts', 'export const a: number = 1\n', 'export const a: = 1\n'],
    ['a.tsx', 'export const a = <b>x</b>\n', 'export const a = <b>x</c>\n'],
    ['a.js', 'export const a = 1\n', 'export const = 1\n'],
    ['a.py', 'def f():\n    return 1\n', 'def f(:\n    return 1\n'],
    ['a.go', 'package a\n\nfunc F() int { return 1 }\n', 'package a\n\nfunc F( int { return 1 }\n'],
    ['a.rs', 'pub fn f() -> u8 { 1 }\n', 'pub fn f( -> u8 { 1 }\n'],
    ['a.json', '{"a": 1}\n', '{"a": }\n'],
    ['a.yaml', 'a: [1]\n', 'a: [1\n'],
    ['a.toml', 'a = [1]\n', 'a = [1\n'],
    ['a.css', 'a { color: red }\n', 'a { color: red }}\n'],
    ['a.html', '<p>text</p>\n', '<p>text</p><p\n'],
    ['a.md', '---\na: [1]\n---\ntext\n', '---\na: [1\n---\ntext\n'],
    ['a.vue', '<script>\nexport default {}\n</script>\n', '<script>\nexport default {\n</script>\n'],
    ['a.svelte', '<script>\nlet a = 1\n</script>\n', '<script>\nlet a = \n</script>\n'],
  ])('tells a good %s from a broken one', async (path, good, broken) => {
    const cwd = tempProject()
    for (const [content, status] of [
      [good, 'PASS'],
      [broken, 'FAIL'],
    ] as const) {
      const input = JSON.stringify({ files: { [path]: content } })
      const { stdout } = await runCli(['verify', '--input', '-', '--all'], { cwd, input })
      const { results } = JSON.parse(stdout)
      expect(results.find((each: { check_name: string }) => each.check_name === 'syntax')).toMatchObject({ status })
      expect(JSON.stringify(results)).not.toContain('broke:')
    }
  })

  test('names what of a commit no gate can look at', async () => {
    const cwd = tempProject({
      'a.ts': 'export const a = 1\n',
      'b.ts': 'export const b = 1\n',
      'gone.bin': 'x\0\x01',
      '.gitignore': 'logs\n',
    })
    symlinkSync('a.ts', join(cwd, 'old-link.ts'))
    gitInit(cwd)
    rmSync(join(cwd, 'gone.bin'))
    rmSync(join(cwd, 'old-link.ts'))
    // One NUL in a comment: node runs it, git and kode take it for data.
    writeFileSync(join(cwd, 'a.ts'), '/*\0*/ export const = 1\n')
    writeFileSync(join(cwd, 'b.ts'), Buffer.from('\ufeffexport const b = 2\n', 'utf16le'))
    symlinkSync('/etc/hostname', join(cwd, 'link.ts'))
    for (const args of [['--base', 'HEAD'], ['--staged']]) {
      if (args[0] === '--staged') execFileSync('git', ['add', '--all'], { cwd })
      const { code, stdout, stderr } = await runCli(['verify', ...args], { cwd })
      const { warnings, applied_files } = JSON.parse(stdout)
      expect(warnings.toSorted()).toEqual(['a.ts is no text: not judged', 'link.ts is a symbolic link: not judged'])
      expect(stderr).toContain('warning: a.ts is no text: not judged')
      expect({ code, applied_files }).toEqual({ code: 0, applied_files: ['b.ts'] })
    }
  })

  test('says that hunks beside whole files are not judged', async () => {
    const hunks = [{ id: 'one', file_path: 'a.ts', action: 'CREATE', new_text: 'export const = 1\n' }]
    const input = JSON.stringify({ files: { 'b.ts': 'export const b = 1\n' }, hunks })
    const { stdout } = await runCli(['verify', '--input', '-'], { cwd: tempProject(), input })
    expect(JSON.parse(stdout).warnings).toEqual(['1 hunk beside whole files: not judged'])
  })
})
