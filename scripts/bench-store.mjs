// Measures the session store: `npm run bench:store [-- megabytes of history]`.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from 'esbuild'

const program = join(process.cwd(), 'dist/bench/store.mjs')
await build({
  entryPoints: ['bench/store.ts'],
  outfile: program,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['sql.js'],
})
process.exitCode = spawnSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1
