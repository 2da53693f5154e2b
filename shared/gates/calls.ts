import type { Gate } from './gate'
import { judgeFiles } from './support/judge-files'

/** What it calls exists and takes these arguments. Findings: `calls/` and the kind of problem the language names. */
export const calls: Gate = {
  name: 'calls',
  judge: input =>
    judgeFiles(input, 'calls', (language, source, project, before) =>
      language.code?.checkCalls(source, project, before),
    ),
}
