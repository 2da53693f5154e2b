import { execFileSync } from 'node:child_process'

/** Parsers and the like are read from dist/assets; the tests put them there first, as the build does. */
export default function buildAssets(): void {
  execFileSync(process.execPath, ['build.mjs', 'assets'], { stdio: 'inherit' })
}
