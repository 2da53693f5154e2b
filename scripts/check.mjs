// `npm run check`: format and lint, types of the core and of the webview, and the architecture test, side by side.
import { spawn } from 'node:child_process'

const CHECKS = {
  'format and lint': ['biome', 'check', '--error-on-warnings', '.'],
  types: ['tsc', '-p', '.'],
  webview: ['svelte-check', '--tsconfig', './webview/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  architecture: ['vitest', 'run', 'test/architecture.test.ts', '--reporter=dot'],
}

const results = await Promise.all(Object.entries(CHECKS).map(([name, command]) => run(name, command)))
for (const { name, code, output } of results) {
  if (code === 0) continue
  console.log(`${name} failed:\n${output}`)
  process.exitCode = 1
}
if (process.exitCode !== 1) console.log('check: format, lint, types, webview and architecture are clean')

/** @returns {Promise<{ name: string, code: number, output: string }>} */
function run(name, [program, ...args]) {
  return new Promise(resolve => {
    const child = spawn(`node_modules/.bin/${program}`, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (output += piece))
    child.on('close', code => resolve({ name, code: code ?? 1, output }))
  })
}
