import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * The bytes of a file that the build puts into `dist/assets/`, such as `tree-sitter-go.wasm`.
 * Works from the bundles and from the sources alike. Throws when the package is incomplete.
 */
export async function readAsset(name: string): Promise<Uint8Array> {
  return readFile(assetPath(name))
}

/** The absolute path of such a file. */
export function assetPath(name: string): string {
  return join(packageRoot(), 'dist', 'assets', name)
}

let knownRoot: string | undefined

function packageRoot(): string {
  if (knownRoot) return knownRoot
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder)
  knownRoot = folder
  return folder
}
