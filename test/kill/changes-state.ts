/** Files of a test project by path. */
export type ProjectState = Record<string, { text: string; mode: number }>

/**
 * The project after so many change sets. From each to the next files are changed, made, removed and made executable,
 * and folders come and go.
 */
export function contentsAt(version: number): ProjectState {
  const big = `${version} `.repeat(20_000)
  return {
    'a.txt': { text: `a ${version}\n`, mode: 0o644 },
    'sub/b.txt': { text: `b ${version}\n`, mode: 0o600 },
    'sub/big.txt': { text: big, mode: 0o644 },
    'run.sh': { text: '#!/bin/sh\n', mode: version % 2 === 0 ? 0o755 : 0o644 },
    [`moving/${version % 3}/deep/c.txt`]: { text: `c ${version}\n`, mode: 0o644 },
    [`only-${version % 2}.txt`]: { text: `only ${version}\n`, mode: 0o644 },
  }
}

/** What `treeOf` must give for it. */
export function treeAt(version: number): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const [path, { text, mode }] of Object.entries(contentsAt(version))) {
    tree[path] = `file ${mode.toString(8)} ${text}`
    for (let end = path.lastIndexOf('/'); end !== -1; end = path.lastIndexOf('/', end - 1)) {
      tree[path.slice(0, end)] = 'folder 755'
    }
  }
  return tree
}
