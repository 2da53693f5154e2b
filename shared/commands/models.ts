import { openModel } from '#shared/agent/open-model'
import { factsOf } from '#shared/config/model-catalog'
import { EXIT } from '#shared/protocol/exit-codes'
import { withAdvice } from '#shared/protocol/with-advice'
import { type Command, CommandFailure } from './command'

/** Models of the configured endpoint, and whether it can be reached. */
export const modelsCommand: Command = {
  name: 'models',
  summary: 'lists the models of the endpoint; --check only tells whether it works',
  usage: '[provider] [--check]',
  doors: ['cli', 'chat'],
  options: { check: { type: 'boolean', help: 'reach the endpoint with the key, and tell how that went' } },
  needsModel: true,
  async run(context, args) {
    const settings = await context.settings()
    const named = args.words[0]
    const model = openModel({ ...settings, ...(named && { provider: named }) }, context.env)
    if (!model.ok) throw new CommandFailure(model.error, EXIT.usage)
    if (args.flags.check) {
      const { checkEndpoint } = await import('#shared/providers/check')
      const checked = await checkEndpoint(model.value.provider, model.value.model, context.signal)
      if ('failure' in checked) throw new CommandFailure(withAdvice(checked.failure), EXIT.provider)
      const { check } = checked
      const known = check.hasModel === false ? `, but ${model.value.model} is not among its models` : ''
      const text = `${model.value.providerName} answers after ${check.durationMs} ms${known}`
      const json = { schema_version: 1, provider: model.value.providerName, model: model.value.model, ...check }
      return { exitCode: check.hasModel === false ? EXIT.failed : EXIT.done, json, text }
    }
    const listed = await model.value.provider.listModels(context.signal)
    if ('failure' in listed) throw new CommandFailure(withAdvice(listed.failure), EXIT.provider)
    const models = listed.models
      .map(each => {
        const facts = factsOf(each.id)
        return {
          id: each.id,
          window_tokens: each.windowTokens ?? facts.windowTokens,
          price: each.price ?? facts.price ?? null,
          ...(each.tier && { tier: each.tier }),
        }
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const json = { schema_version: 1, provider: model.value.providerName, models }
    return { exitCode: EXIT.done, json, text: models.map(each => `${model.value.providerName}/${each.id}`).join('\n') }
  },
}
