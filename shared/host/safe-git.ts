/** For git outside of the sandbox: a project's own git configuration names no programs to run. */
export const SAFE_GIT: readonly string[] = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null']
