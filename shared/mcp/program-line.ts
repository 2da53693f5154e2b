import { ProcessTransport } from './process-transport'
import type { ProgramTarget } from './server-config'
import { type ProgramPlace, startProgram } from './start-program'
import type { OpenLine } from './transport'

/**
 * Ways to a program: first it is asked which protocol it speaks, and one that ends at such a question is started again
 * and spoken to in the old way.
 */
export function programLine(target: ProgramTarget, place: ProgramPlace): OpenLine {
  return attempt => {
    const transport = new ProcessTransport(() => startProgram(target, place))
    return {
      transport,
      isLegacy: attempt > 0,
      mayTryAnother: () => attempt === 0 && transport.pid !== null && !transport.hasMisbehaved,
      close: () => transport.close(),
      explain: error => transport.whyEnded || (error instanceof Error ? error.message : 'it ended'),
    }
  }
}
