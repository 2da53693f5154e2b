// Kills writers of the session store with SIGKILL, again and again, and counts what was lost: `npm run kill:store [-- kills]`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const kills = Number(process.argv[2] ?? 300)
const program = join(process.cwd(), 'dist/test/kill-loop.mjs')
await build({
  entryPoints: ['test/shared/store/kill-loop.ts'],
  outfile: program,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['esbuild', 'sql.js'],
})
const { runKillLoop } = await import(program)
const folder = mkdtempSync(join(tmpdir(), 'kode-kill-'))
const counts = await runKillLoop({ folder, kills, writers: 4 })
rmSync(folder, { recursive: true, force: true })
console.log(JSON.stringify(counts))
process.exitCode =
  counts.lost + counts.twice + counts.unopened + counts.damaged === 0 && counts.acknowledged > 0 ? 0 : 1
