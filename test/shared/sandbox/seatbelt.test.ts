import { describe, expect, test } from 'vitest'
import { seatbeltProfile, seatbeltWall } from '#shared/sandbox/seatbelt'

const view = {
  writable: ['/Users/a/project'],
  protected: ['/Users/a/project/.git/hooks'],
  hidden: ['/Users/a/.config/kode/db'],
  proxyPort: 4567,
}

describe('the profile for macOS', () => {
  const lines = seatbeltProfile(view).split('\n')
  const at = (line: string) => lines.indexOf(line)

  test('denies what it does not allow', () => {
    expect(lines.slice(0, 2)).toEqual(['(version 1)', '(deny default)'])
  })

  test('what is protected or hidden is denied after what is allowed: the last rule wins', () => {
    const writable = at('(allow file-write* (subpath "/Users/a/project"))')
    expect(writable).toBeGreaterThan(0)
    expect(at('(deny file-write* (subpath "/Users/a/project/.git/hooks"))')).toBeGreaterThan(writable)
    expect(at('(deny file-read* file-write* (subpath "/Users/a/.config/kode/db"))')).toBeGreaterThan(writable)
  })

  test('a command gets terminals of its own, and no other', () => {
    const allowed = lines.filter(line => /ttys|ptmx|pseudo-tty/.test(line))
    expect(allowed).toEqual([
      '(allow pseudo-tty)',
      '(allow file-read* file-write* file-ioctl (literal "/dev/ptmx"))',
      expect.stringContaining('(require-all (regex #"^/dev/ttys[0-9]+$") (extension "com.apple.sandbox.pty"))'),
    ])
  })

  test('no folder on the way to what is protected can be moved away', () => {
    for (const folder of ['/Users/a/project/.git', '/Users/a/project']) {
      expect(lines).toContain(`(deny file-write-unlink (literal "${folder}"))`)
    }
  })

  test('out it goes to the proxy only', () => {
    expect(lines.filter(line => line.includes('network-outbound'))).toEqual([
      '(allow network-outbound (remote ip "localhost:4567"))',
    ])
    expect(at('(deny network*)')).toBeLessThan(at('(allow network-outbound (remote ip "localhost:4567"))'))
    expect(seatbeltProfile({ ...view, proxyPort: undefined })).not.toContain('(allow network')
  })

  test('a path cannot end its string', () => {
    const profile = seatbeltProfile({ ...view, writable: ['/a") (allow default) ("\\'] })
    expect(profile).toContain('(allow file-write* (subpath "/a\\") (allow default) (\\"\\\\"))')
  })

  test('the command is handed over as arguments, never as text of the profile', () => {
    const shell = ['/bin/sh', '-c', 'x', 'sh', 'echo ")"']
    const files = { writable: [], temporary: '/t', protected: [], hiddenFolders: [], hiddenFiles: [] }
    const [program, option, , ...rest] = seatbeltWall('/usr/bin/sandbox-exec').confine(files, '/p', shell, undefined)
    expect([program, option, rest]).toEqual(['/usr/bin/sandbox-exec', '-p', shell])
  })
})
