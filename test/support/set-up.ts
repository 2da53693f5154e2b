import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Tests read parsers from dist/assets and run the real CLI from dist/cli; both are built first. What tests leave in their temporary
 * folder goes with it.
 */
export default function setUp(): () => void {
  execFileSync(process.execPath, ['build.mjs', 'assets', 'cli'], { stdio: 'inherit' })
  const folder = mkdtempSync(join(tmpdir(), 'kode-tests-'))
  // Some act as another user.
  chmodSync(folder, 0o755)
  process.env.TMPDIR = folder
  return () => {
    // Some take permissions away.
    execFileSync('chmod', ['-R', 'u+rwX', folder])
    rmSync(folder, { recursive: true, maxRetries: 5, retryDelay: 100 })
  }
}
