import type { TypeScriptThread } from '#shared/host/node/typescript-checker'
import type { ProjectChecker } from '../project-checker'
import { statesOf, textsBelow } from './change-states'

/** TypeScript's own checker over the project's own configuration. */
export function typeScriptChecker(root: string, thread: TypeScriptThread): ProjectChecker {
  return {
    name: 'TypeScript',
    appliesTo: path => /\.[mc]?tsx?$/.test(path),
    async newErrors(changes, paths, signal) {
      const { before, after } = statesOf(changes)
      const answer = await thread.ask(
        root,
        paths.map(path => `${root}/${path}`),
        textsBelow(root, before),
        textsBelow(root, after),
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
