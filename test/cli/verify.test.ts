import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'

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
})
