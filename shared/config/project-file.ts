import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import { GATE_NAMES } from '#shared/protocol/gate-report'
import { readPageSteps } from './page-steps'

const lensSeverity = v.optional(v.picklist(['off', 'info', 'warning', 'error']))

const permission = v.picklist(['ask', 'allow', 'always', 'deny'])

/** One module rule; the reference's three keys are understood as well. */
const architectureRule = v.union([
  v.object({
    from: v.string(),
    to: v.string(),
    forbid: v.optional(v.boolean()),
    allow: v.optional(v.boolean()),
    kind: v.optional(v.picklist(['forbid', 'allow'])),
    severity: v.optional(v.picklist(['error', 'warning'])),
    message: v.optional(v.string()),
  }),
  v.object({
    ForbiddenImportPrefix: v.string(),
    AllowedInPackages: v.optional(v.array(v.string())),
    ErrorMessage: v.optional(v.string()),
  }),
])

/** `.kode/kode.json`, as it may be written; every key is optional. `shared/config/kode.schema.json` is made from this. */
export const projectFileSchema = v.object({
  $schema: v.optional(v.string()),
  version: v.optional(v.string()),
  model: v.optional(v.pipe(v.string(), v.description('Main model, as provider/model'))),
  small_model: v.optional(
    v.pipe(
      v.string(),
      v.description(
        'Cheap model for critique, titles and summaries, as provider/model; KODE_SMALL_MODEL goes before it. Default: the main model',
      ),
    ),
  ),
  instructions: v.optional(v.pipe(v.array(v.string()), v.description('Files put before every prompt'))),
  mode: v.optional(
    v.pipe(v.picklist(['plan', 'safe', 'auto']), v.description('Trust mode; a project may only tighten it')),
  ),
  trust: v.optional(
    v.object({
      rules: v.optional(
        v.pipe(
          v.array(v.string()),
          v.description('Trust rules, such as "ask remote_action"; a project may only tighten'),
        ),
      ),
    }),
  ),
  permission: v.optional(v.object({ edit: v.optional(permission), bash: v.optional(permission) })),
  skills: v.optional(v.object({ paths: v.optional(v.array(v.string())) })),
  mcp: v.optional(v.record(v.string(), v.looseObject({}))),
  engine: v.optional(
    v.object({
      tdd_mode: v.optional(v.boolean()),
      test_command: v.optional(v.string()),
      max_blast_radius: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      max_files_touched: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      max_rounds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10))),
      token_budget_usd: v.optional(v.pipe(v.number(), v.minValue(0))),
      blindfold_mode: v.optional(v.boolean()),
      browser_verification: v.optional(
        v.pipe(
          v.boolean(),
          v.description('Open the page of the project in a browser, in the sandbox, before a change lands'),
        ),
      ),
      dev_server_command: v.optional(
        v.pipe(
          v.string(),
          v.description(
            'Serves the page; gets its port as PORT and for {port}. Default: the script dev of package.json',
          ),
        ),
      ),
      browser_path: v.optional(
        v.pipe(v.string(), v.startsWith('/'), v.description('Where on the server the page is; default: /')),
      ),
      browser_steps: v.optional(
        v.pipe(
          v.array(v.string()),
          v.description('What is done with the page, such as "click: #save; verifytext: Saved"'),
        ),
      ),
    }),
  ),
  providers: v.optional(v.object({ primary: v.optional(v.string()), gateway_url: v.optional(v.string()) })),
  telemetry: v.optional(v.looseObject({ enabled: v.optional(v.boolean()) })),
  verify: v.optional(
    v.object({
      enabled: v.optional(v.boolean()),
      gates: v.optional(
        v.pipe(
          v.array(v.picklist(GATE_NAMES)),
          v.nonEmpty(),
          v.description('Only these judge, beside diff_applier; the others are shown as skipped'),
        ),
      ),
      block_architecture: v.optional(v.boolean()),
      auto_retry: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      require_scanner: v.optional(
        v.pipe(v.boolean(), v.description('Nothing lands while the security scanner of this machine cannot be asked')),
      ),
      run_tests: v.optional(
        v.pipe(v.boolean(), v.description('Run the tests that a change touches, in the sandbox, before it lands')),
      ),
      deep: v.optional(
        v.pipe(
          v.boolean(),
          v.description(
            'Also ask the compilers (TypeScript, Go, Rust, Python); only new errors count. `kode loop` does unless false',
          ),
        ),
      ),
    }),
  ),
  ghost: v.optional(
    v.object({
      enabled: v.optional(v.boolean()),
      branches: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3))),
      test_command: v.optional(v.string()),
    }),
  ),
  blindfold: v.optional(
    v.object({
      enabled: v.optional(v.boolean()),
      mode: v.optional(
        v.pipe(
          v.picklist(['off', 'identifiers', 'strict']),
          v.description('What the model never sees: names and paths; strict: also what comments and strings say'),
        ),
      ),
      language: v.optional(v.string()),
      on_parse_error: v.optional(v.picklist(['block', 'warn'])),
    }),
  ),
  critique: v.optional(
    v.object({
      severities: v.optional(
        v.pipe(
          v.object({
            'architecture-compliance': lensSeverity,
            'blast-radius': lensSeverity,
            coherence: lensSeverity,
            convention: lensSeverity,
            dependency: lensSeverity,
            task: lensSeverity,
            model: lensSeverity,
          }),
          v.description(
            'What each lens of the review weighs; error rejects a patch before the gates look. model: the most that a finding of the model may weigh, warning by default',
          ),
        ),
      ),
      ask_model: v.optional(
        v.pipe(
          v.boolean(),
          v.description('Also have small_model review the task before code is written; costs a request'),
        ),
      ),
    }),
  ),
  architecture: v.optional(v.object({ rules: v.optional(v.array(architectureRule)) })),
})

export type ProjectFile = v.InferOutput<typeof projectFileSchema>

/**
 * Reads the text of `.kode/kode.json` (JSON with comments).
 *
 * @param file how the file is called in messages
 * @returns the settings, with a warning per key that is unknown or changes nothing; an error names file, key and expected type
 */
export function readProjectFile(
  text: string,
  file: string,
): Result<{ value: ProjectFile; warnings: string[] }, string> {
  const errors: ParseError[] = []
  const json: unknown = parse(text, errors, { allowTrailingComma: true })
  const first = errors[0]
  if (first) {
    const line = text.slice(0, first.offset).split('\n').length
    return fail(`${file}:${line}: ${printParseErrorCode(first.error)}`)
  }
  const parsed = v.safeParse(projectFileSchema, json)
  if (!parsed.success) {
    const issue = parsed.issues[0]
    const key = v.getDotPath(issue) ?? 'the file'
    return fail(`${file}: ${key}: expected ${issue.expected ?? issue.message}, found ${issue.received}`)
  }
  const steps = readPageSteps(parsed.output.engine?.browser_steps ?? [])
  if (!steps.ok) return fail(`${file}: engine.browser_steps: ${steps.error}`)
  const unknown = unknownKeys(json, parsed.output).map(key => `unknown key "${key}"`)
  const warnings = [...unknown, ...withoutEffect(parsed.output)].map(text => `${file}: ${text}`)
  return ok({ value: parsed.output, warnings })
}

/** Keys of older products that are understood and change nothing here, each with the reason. */
const WITHOUT_EFFECT: readonly [key: string, why: string, isSet: (file: ProjectFile) => boolean][] = [
  [
    'providers.gateway_url',
    'only the user chooses an endpoint: KODE_LLM_ENDPOINT, --base-url',
    file => file.providers?.gateway_url !== undefined,
  ],
  ['telemetry', 'kode has none', file => file.telemetry !== undefined],
  ['verify.enabled', 'every change is verified', file => file.verify?.enabled === false],
  [
    'verify.auto_retry',
    'a refused change goes back to the model; see engine.max_rounds',
    file => file.verify?.auto_retry !== undefined,
  ],
  ['blindfold.language', 'names of every language are masked', file => file.blindfold?.language !== undefined],
  [
    'blindfold.on_parse_error',
    'masking needs no parser; what it would leave clear is never sent',
    file => file.blindfold?.on_parse_error !== undefined,
  ],
]

function withoutEffect(file: ProjectFile): string[] {
  return WITHOUT_EFFECT.flatMap(([key, why, isSet]) => (isSet(file) ? [`"${key}" changes nothing: ${why}`] : []))
}

/** Keys that validation left out because no schema names them. */
function unknownKeys(given: unknown, known: unknown, prefix = ''): string[] {
  if (!isRecord(given) || !isRecord(known)) return []
  return Object.keys(given).flatMap(key =>
    key in known ? unknownKeys(given[key], known[key], `${prefix}${key}.`) : [`${prefix}${key}`],
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
