/**
 * Names that decide what programs run later, wherever in a project they are: no command and no edit may change them.
 * `.git` is apart: a command may commit, an edit may not touch it.
 */
export const CONTROL_NAMES: ReadonlySet<string> = new Set([
  ...['.vscode', '.idea', '.cursor', '.devcontainer', '.husky', '.claude', '.kode', '.koda'],
  ...['.mcp.json', '.envrc', '.gitmodules', '.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs'],
])
