import type { Gate } from './gate'
import { judgeFiles } from './support/judge-files'

/** What it imports exists. Findings: `imports/` and the kind of problem the language names, such as `unknown-package`. */
export const imports: Gate = {
  name: 'imports',
  judge: input =>
    judgeFiles(input, 'imports', (language, source, project, before) =>
      language.code?.checkImports(source, project, before),
    ),
}
