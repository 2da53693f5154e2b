import { fail, ok } from '#shared/base/result'
import { critiquePatch, rejectionOf } from '#shared/pipelines/critique'
import type { RunServices } from '#shared/pipelines/run'
import { effectOf } from '#shared/trust/effects'
import { decideTrust } from '#shared/trust/policy'
import { wholeNumber } from '../command'
import { DEFAULT_ROUNDS } from './patch-options'
import type { PatchWork } from './patch-work'

/** What run, generate and loop share. */
export function patchServices({ context, args, settings, engine, model, source }: PatchWork): RunServices {
  return {
    provider: model.provider,
    model: model.settings,
    maxRounds: wholeNumber(args, 'max-rounds') ?? settings.project.engine?.max_rounds ?? DEFAULT_ROUNDS,
    async context(task) {
      const known = await model.review(task, await source.contextFor(task))
      const failure = rejectionOf(known.remarks)
      return failure ? { ...known, failure } : known
    },
    propose: reply => engine.propose(reply),
    critique: async changes =>
      critiquePatch(changes, {
        ...(await engine.project(context.signal)),
        severities: settings.project.critique?.severities ?? {},
      }),
    isPartial: args.flags.partial === true,
    judge: (changes, problems, signal, only) =>
      engine.judge(changes, signal, problems, only ? { ...engine.gateSettings, only } : engine.gateSettings),
    async mayLand(changes) {
      if (settings.project.permission?.edit === 'deny')
        return fail('the project forbids edits (permission.edit is "deny" in .kode/kode.json)')
      const writes = changes.files.map(file => file.path)
      const decision = decideTrust(
        effectOf('local_mutation', 'writes verified files', { writes }),
        settings.mode ?? 'auto',
        'headless',
      )
      return decision.kind === 'allow' ? ok(undefined) : fail(decision.reason)
    },
    land: changes => engine.land(changes, { turnId: changes.id, title: args.words.join(' ').slice(0, 80) }),
    budget: model.budget,
    progress: context.progress,
    now: context.now,
  }
}
