#!/usr/bin/env node
// Answers --version at once and turns on the compile cache; everything else is in main.mjs, loaded after that.
import { existsSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import v8 from 'node:v8'

const OLDEST_NODE = [22, 13] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(`kode needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.\n`)
  process.exitCode = 2
} else if (process.argv.length === 3 && /^(--)?version$/.test(process.argv[2] ?? '')) {
  // One line, asked for by scripts all the time: neither the compile cache nor main is worth loading for it.
  await load('./version-line.mjs')
} else {
  if (!process.argv.includes('--ephemeral')) useCompileCache()
  compileGrammarsOnce()
  await load('./main.mjs')
}

/** By a computed path: the bundler would otherwise pull the rest into the launcher. */
async function load(path: string): Promise<void> {
  await import(path)
}

/** Compiled code is only ever loaded from a folder that nobody else can write. */
function useCompileCache(): void {
  const cache = join(process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), '.cache'), 'kode', 'compile')
  try {
    if (!existsSync(cache)) makeFolder(cache)
    module.enableCompileCache(cache)
  } catch {
    // A read-only home only costs time.
  }
}

/** Level by level: below /proc, which some take for a home that cannot be written, Node's own recursive way never ends. */
function makeFolder(folder: string): void {
  const parent = dirname(folder)
  if (!existsSync(parent)) makeFolder(parent)
  mkdirSync(folder, { mode: 0o700 })
}

/**
 * Optimising the large functions of tree-sitter's grammars takes hundreds of megabytes (600 MB for bash, after some forty
 * command lines) and makes them a seventh faster. The first compilation is good enough.
 */
function compileGrammarsOnce(): void {
  v8.setFlagsFromString('--no-wasm-dynamic-tiering')
  v8.setFlagsFromString('--no-wasm-tier-up')
}
