import { EFFECT_CLASSES, type EffectClass, type EffectPreview } from '#shared/protocol/approvals'

/** What a call would do at worst, as far as that can be known beforehand. */
export interface Effect extends EffectPreview {
  /** Why it is of this class, in one line. */
  reason: string
  /** False: it could not be parsed or known, so somebody must look. */
  isKnown: boolean
}

/** An effect of one class with nothing else to tell. */
export function effectOf(effectClass: EffectClass, reason: string, more: Partial<Effect> = {}): Effect {
  return {
    class: effectClass,
    reason,
    isKnown: true,
    programs: [],
    reads: [],
    writes: [],
    network: [],
    outside_project: [],
    ...more,
  }
}

/** The more severe of two classes. */
export function worseClass(a: EffectClass, b: EffectClass): EffectClass {
  return EFFECT_CLASSES.indexOf(a) >= EFFECT_CLASSES.indexOf(b) ? a : b
}
