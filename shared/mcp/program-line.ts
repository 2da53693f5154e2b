import { ProcessTransport } from './process-transport'
import type { ProgramTarget } from './server-config'
import { type ProgramPlace, startProgram } from './start-program'
import type { OpenLine } from './transport'

/** A program that is silent for so long about which protocol it speaks only knows the old one. */
const PROBE_TIMEOUT_MS = 5_000

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
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      mayTryAnother: () => attempt === 0 && transport.pid !== null && !transport.hasMisbehaved,
      close: () => transport.close(),
      explain: error => transport.whyEnded || (error instanceof Error ? error.message : 'it ended'),
    }
  }
}
