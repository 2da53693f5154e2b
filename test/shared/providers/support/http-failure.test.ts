import { expect, test } from 'vitest'
import { failureOfStatus, type Origin } from '#shared/providers/support/http-failure'

const ORIGIN: Origin = {
  provider: 'acme',
  baseUrl: 'https://llm.example/v1',
  keyVariable: 'ACME_KEY',
  secret: 'hush-hush-4711',
}

/** Bodies as the vendors send them. */
test.each<[string, number, unknown, object]>([
  [
    'OpenAI',
    404,
    { error: { message: 'The model `x` does not exist', type: 'invalid_request_error', code: 'model_not_found' } },
    { kind: 'not-found', message: 'acme answered 404: The model `x` does not exist' },
  ],
  [
    'OpenAI, overflow',
    400,
    { error: { message: "This model's maximum context length is 8192 tokens", code: 'context_length_exceeded' } },
    { kind: 'context-overflow' },
  ],
  [
    'OpenAI, per minute',
    429,
    { error: { message: 'Rate limit reached. Please try again in 20ms.', code: 'rate_limit_exceeded' } },
    { kind: 'rate-limit', retryAfterMs: 20 },
  ],
  [
    'Anthropic',
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low' } },
    { kind: 'quota' },
  ],
  [
    'Anthropic, overload',
    529,
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    { kind: 'overloaded', isTransient: true },
  ],
  [
    'Gemini, a list',
    400,
    [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } }],
    { kind: 'auth', message: 'acme answered 400: API key not valid.' },
  ],
  [
    'Gemini, per minute',
    429,
    [
      {
        error: {
          code: 429,
          message:
            'You exceeded your current quota, please check your plan and billing details. Please retry in 32.5s.',
          status: 'RESOURCE_EXHAUSTED',
        },
      },
    ],
    { kind: 'rate-limit', retryAfterMs: 32_500 },
  ],
  [
    'OpenRouter, one level deeper',
    400,
    { error: { message: 'Provider returned error', code: 400, metadata: { raw: 'input length exceeds' } } },
    { message: expect.stringContaining('input length exceeds') },
  ],
  [
    'FastAPI',
    422,
    { detail: [{ loc: ['body', 'x'], msg: 'extra fields not permitted' }] },
    { kind: 'bad-request', message: expect.stringContaining('extra fields') },
  ],
  [
    'Ollama',
    404,
    { error: 'model "x" not found, try pulling it first' },
    { kind: 'not-found', message: expect.stringContaining('try pulling') },
  ],
  [
    'LM Studio, overflow',
    400,
    { error: 'The number of tokens to keep from the initial prompt is greater than the context length' },
    { kind: 'context-overflow' },
  ],
  [
    'llama.cpp, overflow',
    400,
    {
      error: {
        code: 400,
        message: 'the request exceeds the available context size',
        type: 'exceed_context_size_error',
      },
    },
    { kind: 'context-overflow' },
  ],
  [
    'a proxy',
    502,
    '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>',
    { kind: 'overloaded', message: 'acme answered 502: 502 Bad Gateway' },
  ],
  ['nothing', 503, '', { kind: 'overloaded', message: 'acme answered 503: unavailable' }],
])('%s', (_, status, body, expected) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  expect(failureOfStatus(status, new Headers(), text, ORIGIN)).toMatchObject(expected)
})

test.each([
  ['Incorrect API key provided: hush-hush-4711', 'hush-hush'],
  ['Incorrect API key provided: sk-proj-abcdefghijklmnop', 'abcdefgh'],
])('no key is repeated: %s', (message, secret) => {
  const failure = failureOfStatus(401, new Headers(), JSON.stringify({ error: { message } }), ORIGIN)
  expect(JSON.stringify(failure)).not.toContain(secret)
  expect(failure.advice).toContain('ACME_KEY')
})

test('a long page becomes one short line', () => {
  const failure = failureOfStatus(500, new Headers(), `<html>${'many words\n'.repeat(1000)}</html>`, ORIGIN)
  expect(failure.message.length).toBeLessThan(500)
  expect(failure.message).not.toContain('\n')
})
