import { architecture } from './architecture'
import { blastRadius } from './blast-radius'
import { browser } from './browser'
import { calls } from './calls'
import { diffApplier } from './diff-applier'
import type { Gate } from './gate'
import { imports } from './imports'
import { security } from './security'
import { staticAnalysis } from './static-analysis'
import { syntax } from './syntax'
import { touchedTests } from './touched-tests'

/** The gates in the order they run. */
export const GATES: readonly Gate[] = [
  diffApplier,
  syntax,
  imports,
  calls,
  blastRadius,
  architecture,
  security,
  staticAnalysis,
  touchedTests,
  browser,
]
