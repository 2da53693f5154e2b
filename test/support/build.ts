import { execFileSync } from 'node:child_process'

/** Tests read parsers from dist/assets and run the real CLI from dist/cli; both are built first. */
export default function build(): void {
  execFileSync(process.execPath, ['build.mjs', 'assets', 'cli'], { stdio: 'inherit' })
}
