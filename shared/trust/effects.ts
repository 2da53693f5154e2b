import { EFFECT_CLASSES, type EffectClass, type EffectPreview } from '#shared/protocol/approvals'
import { type PathScope, placeOf, relativeTo } from './path-scope'

/** What a call would do at worst, as far as that can be known beforehand. */
export interface Effect extends EffectPreview {
  /** Why it is of this class, in one line. */
  reason: string
  /** False: it could not be parsed or known, so somebody must look. */
  isKnown: boolean
  /** Those of its programs that only read: no rule has to name them. */
  readers: string[]
  /** Agent and skill definitions it would write: nobody but the user may. */
  agent_files: string[]
  /** Git, editor, shell and credential files it would write, which steer other programs. */
  control_files: string[]
}

/** An effect of one class with nothing else to tell. */
export function effectOf(effectClass: EffectClass, reason: string, more: Partial<Effect> = {}): Effect {
  return {
    class: effectClass,
    reason,
    isKnown: true,
    programs: [],
    readers: [],
    reads: [],
    writes: [],
    network: [],
    outside_project: [],
    agent_files: [],
    control_files: [],
    ...more,
  }
}

/**
 * The effect of writing, editing or deleting files.
 *
 * @param paths absolute, links resolved: see `canonicalPath`
 */
export function effectOfFiles(kind: 'write' | 'delete', paths: readonly string[], scope: PathScope): Effect {
  const at = (place: string) => paths.filter(path => placeOf(path, scope) === place)
  const shown = paths.map(path => relativeTo(scope.root, path) || path)
  return effectOf(
    kind === 'delete' ? 'destructive' : 'local_mutation',
    `${kind === 'delete' ? 'deletes' : 'writes'} ${shown.join(', ')}`,
    {
      writes: shown,
      outside_project: [...at('outside'), ...at('device')],
      agent_files: at('agents'),
      control_files: at('control'),
    },
  )
}

/** The more severe of two classes. */
export function worseClass(a: EffectClass, b: EffectClass): EffectClass {
  return EFFECT_CLASSES.indexOf(a) >= EFFECT_CLASSES.indexOf(b) ? a : b
}
