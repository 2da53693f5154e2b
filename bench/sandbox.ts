// What the sandbox adds to one command, beside a bare spawn: `node scripts/bench.mjs sandbox [FILES…]`.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { nodeProcesses } from '#shared/host/node/processes'
import { openSandbox } from '#shared/sandbox/open'
import { ProtectedPaths } from '#shared/sandbox/protected-paths'

const ROUNDS = 60
const FILES_PER_FOLDER = 8

const sizes = process.argv.slice(2).map(Number)
for (const files of sizes.length > 0 ? sizes : [4_000, 40_000]) await measure(files)

async function measure(files: number): Promise<void> {
  const base = realpathSync(mkdtempSync(join(homedir(), 'kode-bench-')))
  const root = join(base, 'project')
  for (let index = 0; index < files; index++) {
    const folder = join(
      root,
      'src',
      `${Math.floor(index / FILES_PER_FOLDER / 20)}`,
      `${Math.floor(index / FILES_PER_FOLDER)}`,
    )
    if (index % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${index}.ts`), '')
  }
  const processes = nodeProcesses()
  const env = { PATH: process.env.PATH ?? '' }
  const openedAt = performance.now()
  const opened = await openSandbox({
    root,
    stateFolder: join(base, 'state'),
    home: base,
    processes,
    env,
    useSandbox: true,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  const openMs = performance.now() - openedAt
  const sandbox = opened.value
  const bare = () => processes.run({ program: '/bin/sh', args: ['-c', 'true'], cwd: root, env })
  const confined = () => sandbox.run({ command: 'true', cwd: root, timeoutMs: 60_000 })

  const firstMs = await timed(confined)
  const times = { bare: [] as number[], confined: [] as number[], scan: [] as number[] }
  const scanner = new ProtectedPaths(root, base)
  scanner.scan()
  for (let round = 0; round < ROUNDS; round++) {
    times.bare.push(await timed(bare))
    times.confined.push(await timed(confined))
    times.scan.push(await timed(async () => scanner.scan()))
  }
  await sandbox.close()
  rmSync(base, { recursive: true })
  const [bareMs, confinedMs, scanMs] = [median(times.bare), median(times.confined), median(times.scan)]
  console.log(
    `${files} files (${sandbox.level}): bare ${bareMs.toFixed(1)} ms, confined ${confinedMs.toFixed(1)} ms, ` +
      `overhead ${(confinedMs - bareMs).toFixed(1)} ms (target < ${files <= 4_000 ? 12 : 30}; one scan ${scanMs.toFixed(1)} ms, two per command); ` +
      `open ${openMs.toFixed(0)} ms, first command ${firstMs.toFixed(0)} ms`,
  )
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
