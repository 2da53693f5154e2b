import type { ChangeSet } from '#shared/edits/change-set'
import type { ShownTexts, TypeScriptThread } from '#shared/host/node/typescript-checker'
import type { ProjectChecker } from '../project-checker'

/** TypeScript's own checker over the project's own configuration. */
export function typeScriptChecker(root: string, thread: TypeScriptThread): ProjectChecker {
  return {
    name: 'TypeScript',
    appliesTo: path => /\.[mc]?tsx?$/.test(path),
    async newErrors(changes, paths, signal) {
      const { before, after } = textsOf(root, changes)
      const answer = await thread.ask(
        root,
        paths.map(path => `${root}/${path}`),
        before,
        after,
        signal,
      )
      if (answer.kind === 'unknown') return answer
      const errors = answer.errors.map(({ path, code, ...error }) => ({
        ...error,
        path: path.slice(root.length + 1),
        code: `TS${code}`,
      }))
      return { kind: 'judged', errors }
    },
    close: () => thread.close(),
  }
}

function textsOf(root: string, changes: ChangeSet): { before: ShownTexts; after: ShownTexts } {
  const before: Record<string, string | null> = {}
  const after: Record<string, string | null> = {}
  for (const file of changes.files) {
    const [from, to] = [`${root}/${file.oldPath ?? file.path}`, `${root}/${file.path}`]
    before[to] ??= null
    before[from] = file.before ?? null
    if (from !== to) after[from] ??= null
    after[to] = file.after ?? null
  }
  return { before, after }
}
