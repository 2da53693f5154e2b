import { BLINDFOLD_OPTION } from './blindfolding'
import { PAGE_OPTIONS } from './page-options'
import { MODEL_CRITIQUE_HELP } from './task-review'
import { TIMEOUT_OPTION } from './time-limit'

/** Source: spec/kode.md §8.1. */
export const DEFAULT_ROUNDS = 3

/** What every command takes that has a patch made. */
export const PATCH_OPTIONS = {
  'context-file': { type: 'string', value: 'FILE', help: 'a context packet, put into the prompt as it is' },
  'max-rounds': { type: 'string', value: 'N', help: `tries until the gates pass; default ${DEFAULT_ROUNDS}` },
  mode: { type: 'string', value: 'MODE', help: 'plan, safe or auto' },
  'no-sandbox': { type: 'boolean', help: 'where none works: what tests run is not confined' },
  blindfold: BLINDFOLD_OPTION,
  'model-critique': { type: 'boolean', help: MODEL_CRITIQUE_HELP },
  timeout: TIMEOUT_OPTION,
  ...PAGE_OPTIONS,
  'log-dir': { type: 'string', value: 'DIR', help: 'where kode.log is; default: logs' },
} as const
