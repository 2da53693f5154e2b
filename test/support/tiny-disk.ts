import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, test } from 'vitest'

/** A test that mounts: only root on Linux can, and elsewhere it is left out; but a build server that cannot fails it. */
export const mountTest = test.skipIf(!canMount() && !process.env.CI)

function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0
}

/** A folder that is a file system of its own until the test is over, such as `size=256k`. */
export function tinyDisk(options: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kode-disk-')))
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** From here on nothing on it can be changed. */
export function makeReadOnly(disk: string): void {
  execFileSync('mount', ['-o', 'remount,ro', disk])
}

/** Writes until nothing fits any more, or no more than some bytes; removing the file makes room again. */
export function fillDisk(path: string, leftBytes = 0): void {
  writeFileSync(path, '')
  try {
    for (;;) writeFileSync(path, Buffer.alloc(1024), { flag: 'a' })
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')) throw thrown
  }
  truncateSync(path, statSync(path).size - leftBytes)
}
