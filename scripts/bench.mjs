// Bundles one benchmark of bench/ and runs it: `node scripts/bench.mjs NAME [ARGUMENTS…]`.
import { spawnSync } from 'node:child_process'
import { build } from 'esbuild'

const [name, ...args] = process.argv.slice(2)
const outfile = `dist/bench/${name}.mjs`
await build({
  // The compiler's thread is a file of its own beside the bundle.
  entryPoints: { [name]: `bench/${name}.ts`, 'typescript-worker': 'shared/host/node/typescript-worker.ts' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  outdir: 'dist/bench',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
})
process.exitCode = spawnSync(process.execPath, [outfile, ...args], { stdio: 'inherit' }).status ?? 1
