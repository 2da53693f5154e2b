import { diffApplier } from './diff-applier'
import type { Gate } from './gate'
import { syntax } from './syntax'

/** The gates in the order they run. */
export const GATES: readonly Gate[] = [diffApplier, syntax]
