import type { ModelEvent, ModelRequest, ProviderFailure } from '../provider'

/** Parts of a request that not every server or model takes. */
export type OptionalPart = keyof typeof REFUSALS

/** How a refusal names the part, and how people call it. The more specific come first. */
const REFUSALS = {
  max_completion_tokens: {
    pattern: /max_completion_tokens(?!.{0,40}instead)/i,
    words: 'max_completion_tokens',
  },
  max_tokens: { pattern: /max_tokens/i, words: 'max_tokens' },
  temperature: { pattern: /temperature/i, words: 'a temperature' },
  stream_options: { pattern: /stream_options|include_usage/i, words: 'stream_options' },
  effort: { pattern: /reasoning_effort|output_config.{0,5}effort|\beffort\b/i, words: 'a reasoning effort' },
  output_schema: { pattern: /response_format|json_schema|output_config|output_format/i, words: 'an output schema' },
  cache_control: { pattern: /cache_control/i, words: 'cache marks' },
  thinking: {
    pattern: /reasoning_content|thinking|include_thoughts|extra_body|budget_tokens|signature/i,
    words: 'these thinking settings',
  },
  images: { pattern: /image|vision|multi-?modal/i, words: 'images' },
}

/**
 * Asks once more, at once, without the part that the server says it does not take, and says so. The part stays in
 * `leftOut`, so that the next request does not make the same detour.
 */
export async function* leavingOutRefused(
  ask: () => AsyncIterable<ModelEvent>,
  leftOut: Set<OptionalPart>,
  used: ReadonlySet<OptionalPart>,
  server: string,
): AsyncGenerator<ModelEvent> {
  while (true) {
    let refused: OptionalPart | undefined
    for await (const event of ask()) {
      if (event.type === 'failure') refused = refusedPart(event.failure, used, leftOut)
      if (refused === undefined) yield event
    }
    if (refused === undefined) return
    leftOut.add(refused)
    const reason = `${server} does not take ${REFUSALS[refused].words} here; asking again without`
    yield { type: 'retry', attempt: 1, waitMs: 0, reason }
  }
}

/**
 * The optional parts that a request makes use of.
 *
 * @param always what the wire format sends with every request
 */
export function usedParts(request: ModelRequest, always: readonly OptionalPart[]): Set<OptionalPart> {
  const used = new Set(always)
  if (request.thinkingBudget) used.add('thinking')
  if (request.maxTokens !== undefined) used.add('max_tokens').add('max_completion_tokens')
  if (request.temperature !== undefined) used.add('temperature')
  if (request.reasoningEffort) used.add('effort')
  if (request.outputSchema) used.add('output_schema')
  if (hasImages(request)) used.add('images')
  return used
}

function refusedPart(
  failure: ProviderFailure,
  used: ReadonlySet<OptionalPart>,
  leftOut: ReadonlySet<OptionalPart>,
): OptionalPart | undefined {
  if (failure.kind !== 'bad-request') return undefined
  const parts = Object.keys(REFUSALS) as OptionalPart[]
  return parts.find(part => used.has(part) && !leftOut.has(part) && REFUSALS[part].pattern.test(failure.message))
}

function hasImages(request: ModelRequest): boolean {
  return request.messages.some(message => {
    if (message.role === 'user') return message.parts.some(part => part.type === 'image')
    return message.role === 'tool' && (message.images?.length ?? 0) > 0
  })
}
